//! The seam's operations on layers.

use std::sync::Arc;

use backend_reference::{Coefs, Queue, ReferenceBackend, Wiring};
use prover_core::{
    BackendError, ChallengeField, ComputeBackend, DeviceLayer, DeviceMle, LayerBackend, LayerCoefs,
    LayerWiring, PhaseOne, PhaseTwo, Ready,
};

use super::Sabotaged;
use super::handles::{Cell, Inner, Table, Values};
use crate::defect::Defect;

impl<F: ChallengeField> LayerBackend<F> for Sabotaged {
    type Wiring = Wiring<F>;
    type Coefs = Coefs<F>;

    fn upload_wiring(
        &self,
        q: &mut Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Wiring<F>, BackendError> {
        self.inner.upload_wiring(q, wiring)
    }

    fn upload_coefs(&self, q: &mut Queue, coefs: LayerCoefs<F>) -> Result<Coefs<F>, BackendError> {
        let coefs = match coefs {
            LayerCoefs::Base(values) => LayerCoefs::Base(self.mix_slots(values)),
            LayerCoefs::Challenge(values) => LayerCoefs::Challenge(self.mix_slots(values)),
        };
        self.inner.upload_coefs(q, coefs)
    }

    fn evaluate_layer(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Table<F>,
        publics: Option<&Table<F>>,
    ) -> Result<Table<F>, BackendError> {
        let layer = relayer(layer);
        let mut publics = publics.map(Cell::get);
        if self.has(Defect::EvaluateForgetsPublics)
            && let Some(table) = &mut publics
        {
            let zeros = vec![F::Base::default(); 1 << table.num_vars()];
            *table = self.inner.upload_base(q, &zeros)?;
        }
        let out = self
            .inner
            .evaluate_layer(q, layer, &below.get(), publics.as_ref())?;
        if self.has(Defect::EvaluateAlwaysLifts) {
            return Ok(self.cell(self.edit(q, &out, |_| ())?));
        }
        if self.has(Defect::EvaluateSwapsInstances) && !out.is_base() {
            let instance_vars = below.num_vars().min(out.num_vars()).min(1);
            return Ok(self.cell(self.swap_instances(q, out, instance_vars)?));
        }
        Ok(self.cell(out))
    }

    fn layer_weights(
        &self,
        q: &mut Queue,
        wiring: &Wiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Table<F>, BackendError> {
        let asserts = asserts.filter(|_| !self.has(Defect::WeightsForgetAsserts));
        Ok(self.cell(self.inner.layer_weights(q, wiring, claims, asserts)?))
    }

    fn phase_one(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Table<F>,
        below: &Table<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<Table<F>, Values<F>>, BackendError> {
        let (weights, below) = (weights.get(), below.get());
        let one = self
            .inner
            .phase_one(q, relayer(layer), &weights, &below, publics_at)?;
        let (mut table, mut constant) = (one.table, one.constant_term);
        if self.has(Defect::PhaseOneSwapsInstances) && table.num_vars() > 1 {
            table = self.swap_instances(q, table, 1)?;
        }
        if self.has(Defect::PhaseOneForgetsConstants) {
            constant = Ready(vec![F::ZERO]);
        }
        Ok(PhaseOne {
            table: self.cell(table),
            constant_term: self.pending(constant),
        })
    }

    fn phase_two(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Table<F>,
        eq_x: &Table<F>,
    ) -> Result<PhaseTwo<Table<F>, Values<F>>, BackendError> {
        let (weights, eq_x) = (weights.get(), eq_x.get());
        let two = self.inner.phase_two(q, relayer(layer), &weights, &eq_x)?;
        let mut table = two.table;
        if table.is_none() && self.has(Defect::PhaseTwoAlwaysHasATable) {
            table = Some(eq_x);
        }
        let mut add = two.add_term;
        if self.has(Defect::PhaseTwoForgetsAdds) {
            add = Ready(vec![F::ZERO]);
        }
        Ok(PhaseTwo {
            table: table.map(|table| self.cell(table)),
            add_term: self.pending(add),
        })
    }
}

impl Sabotaged {
    fn swap_instances<F: ChallengeField>(
        &self,
        q: &mut Queue,
        table: Inner<F>,
        instance_vars: usize,
    ) -> Result<Inner<F>, BackendError> {
        if instance_vars == 0 {
            return Ok(table);
        }
        self.edit(q, &table, |v| {
            let last = v.len() - (1 << instance_vars);
            v.swap(last, last + 1);
        })
    }

    fn mix_slots<V: Copy>(&self, mut slots: Vec<V>) -> Vec<V> {
        let len = slots.len();
        if self.has(Defect::SlotsSwapped) && len > 1 {
            slots.swap(0, len - 1);
        }
        for (defect, bits) in [(Defect::SlotsCutTo8Bits, 8), (Defect::SlotsCutTo16Bits, 16)] {
            if self.has(defect) {
                for i in 1 << bits..len {
                    slots[i] = slots[i % (1 << bits)];
                }
            }
        }
        slots
    }
}

fn relayer<F: ChallengeField>(
    layer: DeviceLayer<'_, F, Sabotaged>,
) -> DeviceLayer<'_, F, ReferenceBackend> {
    DeviceLayer {
        wiring: layer.wiring,
        coefs: layer.coefs,
    }
}
