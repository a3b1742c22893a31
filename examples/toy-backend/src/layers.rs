//! The operations on layers, each row by its one writer.

use std::sync::Arc;

use prover_core::{
    BackendError, ChallengeField, DeviceLayer, DeviceMle, LayerBackend, LayerCoefs, LayerWiring,
    PhaseOne, PhaseTwo, Ready,
};

use crate::{Mle, ToyBackend, sum_of_eq};

impl<F: ChallengeField> LayerBackend<F> for ToyBackend<F> {
    type Wiring = Arc<LayerWiring<F::Base>>;
    type Coefs = LayerCoefs<F>;

    fn upload_wiring(
        &self,
        (): &mut (),
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Self::Wiring, BackendError> {
        Ok(Arc::clone(wiring))
    }

    fn upload_coefs(
        &self,
        (): &mut (),
        coefs: LayerCoefs<F>,
    ) -> Result<LayerCoefs<F>, BackendError> {
        Ok(coefs)
    }

    fn evaluate_layer(
        &self,
        (): &mut (),
        layer: DeviceLayer<'_, F, Self>,
        below: &Mle<F>,
        publics: Option<&Mle<F>>,
    ) -> Result<Mle<F>, BackendError> {
        let DeviceLayer { wiring, coefs } = layer;
        assert_coefs(wiring, coefs);
        let instances = instances(below, wiring.input_vars);
        let mut out = vec![F::ZERO; instances << wiring.output_vars];
        for (z, row) in out.chunks_mut(instances).enumerate() {
            for (s, value) in row.iter_mut().enumerate() {
                let input = |x: u32| below.values[x as usize * instances + s];
                for gate in wiring.mul_by_z.row(z) {
                    let [x, y] = wiring.mul_by_z.others[gate];
                    let coef = coefs.lifted(wiring.mul_by_z.slots.get(gate));
                    *value += coef * input(x) * input(y);
                }
                for gate in wiring.add_by_z.row(z) {
                    let [x] = wiring.add_by_z.others[gate];
                    *value += coefs.lifted(wiring.add_by_z.slots.get(gate)) * input(x);
                }
                for gate in wiring.const_by_z.row(z) {
                    *value += coefs.lifted(wiring.const_by_z.slots.get(gate));
                }
            }
        }
        for &(z, i) in &wiring.publics {
            let publics = publics.expect("the layer reads public inputs");
            for s in 0..instances {
                out[z as usize * instances + s] += publics.values[i as usize * instances + s];
            }
        }
        let base = below.base && matches!(coefs, LayerCoefs::Base(_));
        Ok(Mle::new(out, base))
    }

    fn layer_weights(
        &self,
        (): &mut (),
        wiring: &Self::Wiring,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Mle<F>, BackendError> {
        let mut weights = sum_of_eq(claims);
        assert_eq!(
            weights.len(),
            1 << wiring.output_vars,
            "a point that does not fit"
        );
        if let Some(term) = asserts {
            let extra = sum_of_eq(&[term]);
            for &z in &wiring.asserts {
                weights[z as usize] += extra[z as usize];
            }
        }
        Ok(Mle::new(weights, false))
    }

    fn phase_one(
        &self,
        (): &mut (),
        layer: DeviceLayer<'_, F, Self>,
        weights: &Mle<F>,
        below: &Mle<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<Mle<F>, Ready<F>>, BackendError> {
        let DeviceLayer { wiring, coefs } = layer;
        assert_coefs(wiring, coefs);
        let weights = sized(weights, wiring.output_vars);
        let instances = instances(below, wiring.input_vars);
        let mut table = vec![F::ZERO; below.values.len()];
        for (x, row) in table.chunks_mut(instances).enumerate() {
            for gate in wiring.mul_by_x.row(x) {
                let [z, y] = wiring.mul_by_x.others[gate];
                let weight = coefs.lifted(wiring.mul_by_x.slots.get(gate)) * weights[z as usize];
                let inputs = &below.values[y as usize * instances..][..instances];
                for (value, &input) in row.iter_mut().zip(inputs) {
                    *value += weight * input;
                }
            }
            for gate in wiring.add_by_x.row(x) {
                let [z] = wiring.add_by_x.others[gate];
                let weight = coefs.lifted(wiring.add_by_x.slots.get(gate)) * weights[z as usize];
                row.iter_mut().for_each(|value| *value += weight);
            }
        }
        let mut constant = F::ZERO;
        for (z, &weight) in weights.iter().enumerate() {
            for gate in wiring.const_by_z.row(z) {
                constant += coefs.lifted(wiring.const_by_z.slots.get(gate)) * weight;
            }
        }
        for &(z, i) in &wiring.publics {
            constant += publics_at[i as usize] * weights[z as usize];
        }
        Ok(PhaseOne {
            table: Mle::new(table, false),
            constant_term: Ready(vec![constant]),
        })
    }

    fn phase_two(
        &self,
        (): &mut (),
        layer: DeviceLayer<'_, F, Self>,
        weights: &Mle<F>,
        eq_x: &Mle<F>,
    ) -> Result<PhaseTwo<Mle<F>, Ready<F>>, BackendError> {
        let DeviceLayer { wiring, coefs } = layer;
        assert_coefs(wiring, coefs);
        let weights = sized(weights, wiring.output_vars);
        let eq_x = sized(eq_x, wiring.input_vars);
        let mut table = vec![F::ZERO; eq_x.len()];
        for (y, value) in table.iter_mut().enumerate() {
            for gate in wiring.mul_by_y.row(y) {
                let [z, x] = wiring.mul_by_y.others[gate];
                let coef = coefs.lifted(wiring.mul_by_y.slots.get(gate));
                *value += coef * weights[z as usize] * eq_x[x as usize];
            }
        }
        let mut add = F::ZERO;
        for (x, &eq) in eq_x.iter().enumerate() {
            for gate in wiring.add_by_x.row(x) {
                let [z] = wiring.add_by_x.others[gate];
                let coef = coefs.lifted(wiring.add_by_x.slots.get(gate));
                add += coef * weights[z as usize] * eq;
            }
        }
        Ok(PhaseTwo {
            table: wiring.has_mul().then(|| Mle::new(table, false)),
            add_term: Ready(vec![add]),
        })
    }
}

/// The number of instances: what the table below has beyond its wires.
fn instances<F: ChallengeField>(below: &Mle<F>, input_vars: u32) -> usize {
    let vars = below.num_vars();
    assert!(
        vars >= input_vars as usize,
        "a table below of {vars} variables"
    );
    1 << (vars - input_vars as usize)
}

fn sized<F: ChallengeField>(mle: &Mle<F>, num_vars: u32) -> &[F] {
    assert_eq!(
        mle.num_vars(),
        num_vars as usize,
        "a table of the wrong size"
    );
    &mle.values
}

fn assert_coefs<F: ChallengeField>(wiring: &LayerWiring<F::Base>, coefs: &LayerCoefs<F>) {
    let slots = wiring.constants.len() + wiring.num_random;
    assert_eq!(coefs.len(), slots, "coefficients do not fit the layer");
}
