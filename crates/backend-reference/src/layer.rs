//! The operations on layers: one loop over the gates each, in the order of their outputs.

use std::sync::Arc;

use prover_core::{
    BackendError, ChallengeField, DeviceLayer, DeviceMle, Field, GateRows, LayerBackend,
    LayerCoefs, LayerWiring, PhaseOne, PhaseTwo, Ready,
};

use crate::backend::eq_sum;
use crate::memory::Reservation;
use crate::table::{Mle, eq_at};
use crate::{Queue, ReferenceBackend};

/// A layer's gates.
#[derive(Debug)]
pub struct Wiring<F: ChallengeField> {
    host: Arc<LayerWiring<F::Base>>,
    _memory: Reservation,
}

/// A layer's coefficients.
#[derive(Debug)]
pub struct Coefs<F: ChallengeField> {
    host: LayerCoefs<F>,
    _memory: Reservation,
}

type Layer<'a, F> = DeviceLayer<'a, F, ReferenceBackend>;

impl<F: ChallengeField> LayerBackend<F> for ReferenceBackend {
    type Wiring = Wiring<F>;
    type Coefs = Coefs<F>;

    fn upload_wiring(
        &self,
        _queue: &mut Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Wiring<F>, BackendError> {
        Ok(Wiring {
            _memory: self.pool.reserve::<u8>(wiring.bytes())?,
            host: Arc::clone(wiring),
        })
    }

    fn upload_coefs(
        &self,
        _queue: &mut Queue,
        coefs: LayerCoefs<F>,
    ) -> Result<Coefs<F>, BackendError> {
        let memory = match &coefs {
            LayerCoefs::Base(values) => self.pool.reserve::<F::Base>(values.len()),
            LayerCoefs::Challenge(values) => self.pool.reserve::<F>(values.len()),
        }?;
        Ok(Coefs {
            _memory: memory,
            host: coefs,
        })
    }

    fn evaluate_layer(
        &self,
        _queue: &mut Queue,
        layer: Layer<'_, F>,
        below: &Mle<F>,
        publics: Option<&Mle<F>>,
    ) -> Result<Mle<F>, BackendError> {
        let (wiring, coefs) = parts(&layer);
        let instance_vars = instance_vars(wiring, below);
        let num_vars = wiring.output_vars as usize + instance_vars;
        if let Some(publics) = publics {
            assert!(publics.is_base(), "public inputs are in the base field");
        }
        assert!(
            publics.is_some() || wiring.publics.is_empty(),
            "the layer reads public inputs"
        );
        let publics = publics.and_then(Mle::as_base);
        if let (Some(below), LayerCoefs::Base(coefs)) = (below.as_base(), coefs) {
            let coef = |slot: Option<usize>| slot.map_or(F::Base::ONE, |slot| coefs[slot]);
            let out = evaluate(
                wiring,
                instance_vars,
                coef,
                |i| below[i],
                |i| publics.map_or(F::Base::ZERO, |values| values[i]),
            );
            return Mle::build_base(&self.pool, num_vars, |i| out[i]);
        }
        let out = evaluate(
            wiring,
            instance_vars,
            |slot| coefs.lifted(slot),
            |i| below.get(i),
            |i| publics.map_or(F::ZERO, |values| F::from(values[i])),
        );
        Mle::build(&self.pool, num_vars, |i| out[i])
    }

    fn layer_weights(
        &self,
        _queue: &mut Queue,
        wiring: &Wiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Mle<F>, BackendError> {
        let vars = wiring.host.output_vars as usize;
        assert!(!claims.is_empty(), "weights of no claim");
        for (_, point) in claims.iter().chain(&asserts) {
            assert_eq!(point.len(), vars, "a point that does not fit the outputs");
        }
        Mle::build(&self.pool, vars, |z| {
            let asserted = wiring.host.asserts.iter().any(|&a| a as usize == z);
            let extra = match asserts {
                Some((scale, point)) if asserted => scale * eq_at(point, z),
                _ => F::ZERO,
            };
            eq_sum(claims, z) + extra
        })
    }

    fn phase_one(
        &self,
        _queue: &mut Queue,
        layer: Layer<'_, F>,
        weights: &Mle<F>,
        below: &Mle<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<Mle<F>, Ready<F>>, BackendError> {
        let (wiring, coefs) = parts(&layer);
        let instance_vars = instance_vars(wiring, below);
        assert_fits(weights, wiring.output_vars, "weights");
        let instances = 1usize << instance_vars;
        let mut table = vec![F::ZERO; below.len()];
        for (z, [x, y], slot) in gates(&wiring.mul_by_z) {
            let weight = coefs.lifted(slot) * weights.get(z);
            for s in 0..instances {
                table[x as usize * instances + s] += weight * below.get(y as usize * instances + s);
            }
        }
        for (z, [x], slot) in gates(&wiring.add_by_z) {
            for s in 0..instances {
                table[x as usize * instances + s] += coefs.lifted(slot) * weights.get(z);
            }
        }
        let mut constant = F::ZERO;
        for (z, [], slot) in gates(&wiring.const_by_z) {
            constant += coefs.lifted(slot) * weights.get(z);
        }
        for &(z, public) in &wiring.publics {
            constant += publics_at[public as usize] * weights.get(z as usize);
        }
        Ok(PhaseOne {
            table: Mle::build(&self.pool, below.num_vars(), |i| table[i])?,
            constant_term: Ready(vec![constant]),
        })
    }

    fn phase_two(
        &self,
        _queue: &mut Queue,
        layer: Layer<'_, F>,
        weights: &Mle<F>,
        eq_x: &Mle<F>,
    ) -> Result<PhaseTwo<Mle<F>, Ready<F>>, BackendError> {
        let (wiring, coefs) = parts(&layer);
        assert_fits(weights, wiring.output_vars, "weights");
        assert_fits(eq_x, wiring.input_vars, "eq_x");
        let mut table = vec![F::ZERO; eq_x.len()];
        for (z, [x, y], slot) in gates(&wiring.mul_by_z) {
            table[y as usize] += coefs.lifted(slot) * weights.get(z) * eq_x.get(x as usize);
        }
        let mut add = F::ZERO;
        for (z, [x], slot) in gates(&wiring.add_by_z) {
            add += coefs.lifted(slot) * weights.get(z) * eq_x.get(x as usize);
        }
        let table = wiring
            .has_mul()
            .then(|| Mle::build(&self.pool, eq_x.num_vars(), |y| table[y]));
        Ok(PhaseTwo {
            table: table.transpose()?,
            add_term: Ready(vec![add]),
        })
    }
}

/// The outputs of a layer in a field that both its coefficients and its inputs are in.
fn evaluate<B: Field, V: Field>(
    wiring: &LayerWiring<B>,
    instance_vars: usize,
    coef: impl Fn(Option<usize>) -> V,
    below: impl Fn(usize) -> V,
    publics: impl Fn(usize) -> V,
) -> Vec<V> {
    let instances = 1usize << instance_vars;
    let mut out = vec![V::ZERO; instances << wiring.output_vars];
    for s in 0..instances {
        let at = |wire: u32| wire as usize * instances + s;
        for (z, [x, y], slot) in gates(&wiring.mul_by_z) {
            out[z * instances + s] += coef(slot) * below(at(x)) * below(at(y));
        }
        for (z, [x], slot) in gates(&wiring.add_by_z) {
            out[z * instances + s] += coef(slot) * below(at(x));
        }
        for (z, [], slot) in gates(&wiring.const_by_z) {
            out[z * instances + s] += coef(slot);
        }
        for &(z, public) in &wiring.publics {
            out[at(z)] += publics(at(public));
        }
    }
    out
}

/// Each gate as its row, its other wires and its slot.
fn gates<const K: usize>(
    rows: &GateRows<K>,
) -> impl Iterator<Item = (usize, [u32; K], Option<usize>)> + '_ {
    (0..rows.offsets.len() - 1)
        .flat_map(|row| rows.row(row).map(move |gate| (row, gate)))
        .map(|(row, gate)| (row, rows.others[gate], rows.slots.get(gate)))
}

fn parts<'a, F: ChallengeField>(
    layer: &Layer<'a, F>,
) -> (&'a LayerWiring<F::Base>, &'a LayerCoefs<F>) {
    let (wiring, coefs) = (&layer.wiring.host, &layer.coefs.host);
    assert_eq!(
        coefs.len(),
        wiring.constants.len() + wiring.num_random,
        "coefficients do not fit the layer"
    );
    (wiring, coefs)
}

/// How many variables the instances have, from the table below.
fn instance_vars<F: ChallengeField>(wiring: &LayerWiring<F::Base>, below: &Mle<F>) -> usize {
    let (n, inputs) = (below.num_vars(), wiring.input_vars as usize);
    assert!(n >= inputs, "{n} variables below a layer of {inputs}");
    n - inputs
}

fn assert_fits<F: ChallengeField>(table: &Mle<F>, vars: u32, what: &str) {
    assert_eq!(table.num_vars(), vars as usize, "{what} of the wrong size");
}
