//! The seam's traits, in terms of the operations.

use std::sync::Arc;

use prover_core::{
    BackendError, BackendInfo, ComputeBackend, DeviceLayer, FieldId, LayerBackend, LayerCoefs,
    LayerWiring, PhaseOne, PhaseTwo, Ready, RoundJob, Summand,
};
use prover_fields::with_field;

use crate::CpuBackend;
use crate::eq::CpuEq;
use crate::field::CpuField;
use crate::layer::{CpuCoefs, CpuWiring};
use crate::memory::DEVICE;
use crate::simd::SimdLevel;
use crate::table::CpuMle;

/// A queue has no state: every operation is done when it returns.
#[derive(Debug)]
pub struct CpuQueue(());

/// The information for each field, in the order of [`FieldId::ALL`].
pub(crate) fn infos(level: SimdLevel, threads: usize) -> [BackendInfo; FieldId::ALL.len()] {
    FieldId::ALL.map(|id| {
        let (base_bytes, challenge_bytes) = with_field!(id, |F| {
            (
                size_of::<<F as prover_core::ChallengeField>::Base>(),
                size_of::<F>(),
            )
        });
        BackendInfo {
            name: DEVICE,
            device: format!("CPU, {level:?}, {threads} threads"),
            threads,
            base_bytes,
            challenge_bytes,
        }
    })
}

impl<F: CpuField> ComputeBackend<F> for CpuBackend {
    type Mle = CpuMle<F>;
    type Eq = CpuEq<F>;
    type Queue = CpuQueue;
    type Pending = Ready<F>;

    fn info(&self) -> &BackendInfo {
        let place = FieldId::ALL.iter().position(|&id| id == F::ID);
        &self.infos[place.expect("every field is listed")]
    }

    fn max_window(&self, _summand: &Summand<F>, _num_vars: usize, _folds: usize) -> usize {
        3
    }

    fn open_queue(&self) -> Result<CpuQueue, BackendError> {
        Ok(CpuQueue(()))
    }

    fn upload(&self, _queue: &mut CpuQueue, values: &[F]) -> Result<CpuMle<F>, BackendError> {
        CpuMle::from_values(&self.budget, values)
    }

    fn upload_base(
        &self,
        _queue: &mut CpuQueue,
        values: &[F::Base],
    ) -> Result<CpuMle<F>, BackendError> {
        CpuMle::from_base_values(&self.budget, values)
    }

    fn download(
        &self,
        _queue: &mut CpuQueue,
        mles: &[CpuMle<F>],
    ) -> Result<Ready<F>, BackendError> {
        let mles = mles
            .iter()
            .map(|mle| self.built(mle))
            .collect::<Result<Vec<_>, _>>()?;
        let len = mles.iter().map(|mle| 1 << mle.num_vars).sum();
        let mut values = self.budget.host(len)?;
        mles.iter().for_each(|mle| mle.append_to(&mut values));
        Ok(Ready(values))
    }

    fn eq_mle(
        &self,
        _queue: &mut CpuQueue,
        terms: &[(F, &[F])],
    ) -> Result<CpuMle<F>, BackendError> {
        let blocks = self.eq_blocks(terms)?;
        Ok(CpuMle::ext(terms[0].1.len(), blocks))
    }

    fn prepare_eq(&self, _queue: &mut CpuQueue, point: &[F]) -> Result<CpuEq<F>, BackendError> {
        CpuEq::new(&self.budget, self.level, point)
    }

    fn bind_innermost(
        &self,
        _queue: &mut CpuQueue,
        mle: &CpuMle<F>,
        point: &[F],
    ) -> Result<CpuMle<F>, BackendError> {
        self.bind(&self.built(mle)?, point)
    }

    fn fold(
        &self,
        _queue: &mut CpuQueue,
        mles: &mut [CpuMle<F>],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        if challenges.is_empty() {
            return Ok(());
        }
        self.build(mles)?;
        for mle in mles {
            for &challenge in challenges {
                self.fold_once(mle, challenge)?;
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        _queue: &mut CpuQueue,
        summand: &Summand<F>,
        mles: &[CpuMle<F>],
        eq: Option<&CpuEq<F>>,
        window: usize,
    ) -> Result<Ready<F>, BackendError> {
        let mles = mles
            .iter()
            .map(|mle| self.built(mle))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Ready(self.sums(summand, &mles, eq, window)?))
    }

    fn fold_and_sums(
        &self,
        _queue: &mut CpuQueue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Ready<F>, BackendError> {
        self.folded_sums(job).map(Ready)
    }
}

impl<F: CpuField> LayerBackend<F> for CpuBackend {
    type Wiring = CpuWiring<F>;
    type Coefs = CpuCoefs<F>;

    fn upload_wiring(
        &self,
        _queue: &mut CpuQueue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<CpuWiring<F>, BackendError> {
        CpuWiring::new(wiring)
    }

    fn upload_coefs(
        &self,
        _queue: &mut CpuQueue,
        coefs: LayerCoefs<F>,
    ) -> Result<CpuCoefs<F>, BackendError> {
        CpuCoefs::new(&self.budget, coefs)
    }

    fn evaluate_layer(
        &self,
        _queue: &mut CpuQueue,
        layer: DeviceLayer<'_, F, Self>,
        below: &CpuMle<F>,
        publics: Option<&CpuMle<F>>,
    ) -> Result<CpuMle<F>, BackendError> {
        self.evaluate(layer.wiring, layer.coefs, &self.built(below)?, publics)
    }

    fn layer_weights(
        &self,
        _queue: &mut CpuQueue,
        wiring: &CpuWiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<CpuMle<F>, BackendError> {
        self.weights(wiring, claims, asserts)
    }

    fn phase_one(
        &self,
        _queue: &mut CpuQueue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &CpuMle<F>,
        below: &CpuMle<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<CpuMle<F>, Ready<F>>, BackendError> {
        let layer = (layer.wiring, layer.coefs);
        let (weights, below) = (&self.built(weights)?, &self.built(below)?);
        let (table, constant) = self.phase_one_tables(layer, weights, below, publics_at)?;
        Ok(PhaseOne {
            table,
            constant_term: Ready(vec![constant]),
        })
    }

    fn phase_two(
        &self,
        _queue: &mut CpuQueue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &CpuMle<F>,
        eq_x: &CpuMle<F>,
    ) -> Result<PhaseTwo<CpuMle<F>, Ready<F>>, BackendError> {
        let layer = (layer.wiring, layer.coefs);
        let (weights, eq_x) = (&self.built(weights)?, &self.built(eq_x)?);
        let (table, add_term) = self.phase_two_tables(layer, weights, eq_x)?;
        Ok(PhaseTwo {
            table,
            add_term: Ready(vec![add_term]),
        })
    }
}
