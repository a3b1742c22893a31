//! The operations on layers, side by side.

use std::sync::Arc;

use prover_core::{
    BackendError, ChallengeField, DeviceLayer, LayerBackend, LayerCoefs, LayerWiring, PhaseOne,
    PhaseTwo,
};

use crate::lockstep::{LockstepBackend, Pair};

type Both<'a, F, A, B> = (DeviceLayer<'a, F, A>, DeviceLayer<'a, F, B>);

fn split<'a, F, A, B>(layer: DeviceLayer<'a, F, LockstepBackend<F, A, B>>) -> Both<'a, F, A, B>
where
    F: ChallengeField,
    A: LayerBackend<F>,
    B: LayerBackend<F>,
{
    (
        DeviceLayer {
            wiring: layer.wiring.ours(),
            coefs: layer.coefs.ours(),
        },
        DeviceLayer {
            wiring: layer.wiring.oracle(),
            coefs: layer.coefs.oracle(),
        },
    )
}

impl<F, A, B> LayerBackend<F> for LockstepBackend<F, A, B>
where
    F: ChallengeField,
    A: LayerBackend<F>,
    B: LayerBackend<F>,
{
    type Wiring = Pair<A::Wiring, B::Wiring>;
    type Coefs = Pair<A::Coefs, B::Coefs>;

    fn upload_wiring(
        &self,
        queue: &mut Self::Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Self::Wiring, BackendError> {
        Ok(Pair::new(
            self.ours.upload_wiring(&mut queue.ours, wiring)?,
            self.oracle.upload_wiring(&mut queue.oracle, wiring)?,
        ))
    }

    fn upload_coefs(
        &self,
        queue: &mut Self::Queue,
        coefs: LayerCoefs<F>,
    ) -> Result<Self::Coefs, BackendError> {
        Ok(Pair::new(
            self.ours.upload_coefs(&mut queue.ours, coefs.clone())?,
            self.oracle.upload_coefs(&mut queue.oracle, coefs)?,
        ))
    }

    fn evaluate_layer(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Self::Mle,
        publics: Option<&Self::Mle>,
    ) -> Result<Self::Mle, BackendError> {
        let (a, b) = split(layer);
        let publics_a = publics.map(Pair::ours);
        let ours = self
            .ours
            .evaluate_layer(&mut queue.ours, a, below.ours(), publics_a)?;
        let publics_b = publics.map(Pair::oracle);
        let oracle = self
            .oracle
            .evaluate_layer(&mut queue.oracle, b, below.oracle(), publics_b)?;
        self.check(queue, "evaluate_layer: below", below.ours(), below.oracle())?;
        self.paired(queue, "evaluate_layer", ours, oracle)
    }

    fn layer_weights(
        &self,
        queue: &mut Self::Queue,
        wiring: &Self::Wiring,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Self::Mle, BackendError> {
        let ours = self
            .ours
            .layer_weights(&mut queue.ours, wiring.ours(), claims, asserts)?;
        let oracle =
            self.oracle
                .layer_weights(&mut queue.oracle, wiring.oracle(), claims, asserts)?;
        self.paired(queue, "layer_weights", ours, oracle)
    }

    fn phase_one(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Self::Mle,
        below: &Self::Mle,
        publics_at: &[F],
    ) -> Result<PhaseOne<Self::Mle, Self::Pending>, BackendError> {
        let (a, b) = split(layer);
        let ours =
            self.ours
                .phase_one(&mut queue.ours, a, weights.ours(), below.ours(), publics_at)?;
        let oracle = self.oracle.phase_one(
            &mut queue.oracle,
            b,
            weights.oracle(),
            below.oracle(),
            publics_at,
        )?;
        self.check(queue, "phase_one: below", below.ours(), below.oracle())?;
        Ok(PhaseOne {
            table: self.paired(queue, "phase_one", ours.table, oracle.table)?,
            constant_term: self.pending(
                "phase_one: constant term",
                ours.constant_term,
                oracle.constant_term,
            ),
        })
    }

    fn phase_two(
        &self,
        queue: &mut Self::Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Self::Mle,
        eq_x: &Self::Mle,
    ) -> Result<PhaseTwo<Self::Mle, Self::Pending>, BackendError> {
        let (a, b) = split(layer);
        let ours = self
            .ours
            .phase_two(&mut queue.ours, a, weights.ours(), eq_x.ours())?;
        let oracle =
            self.oracle
                .phase_two(&mut queue.oracle, b, weights.oracle(), eq_x.oracle())?;
        let table = match (ours.table, oracle.table) {
            (Some(a), Some(b)) => Some(self.paired(queue, "phase_two", a, b)?),
            (None, None) => None,
            _ => {
                return Err(BackendError::Device {
                    device: "lockstep".into(),
                    op: "phase_two",
                    message: "a table exactly if the layer has mul gates".into(),
                });
            }
        };
        Ok(PhaseTwo {
            table,
            add_term: self.pending("phase_two: add term", ours.add_term, oracle.add_term),
        })
    }
}
