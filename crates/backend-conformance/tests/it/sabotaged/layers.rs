//! The seam's operations on layers.

use std::sync::Arc;

use backend_reference::{Queue, ReferenceBackend};
use prover_core::{
    BackendError, ChallengeField, ComputeBackend, DeviceLayer, DeviceMle, LayerBackend, LayerCoefs,
    LayerWiring, PhaseOne, PhaseTwo, Ready,
};

use super::Sabotaged;
use super::handles::{Cell, Coefs, Inner, Table, Values, Wiring};
use crate::defect::Defect;

impl<F: ChallengeField> LayerBackend<F> for Sabotaged {
    type Wiring = Wiring<F>;
    type Coefs = Coefs<F>;

    fn upload_wiring(
        &self,
        q: &mut Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Wiring<F>, BackendError> {
        Ok(Wiring {
            num_slots: wiring.constants.len() + wiring.num_random,
            inner: self.inner.upload_wiring(q, wiring)?,
        })
    }

    fn upload_coefs(&self, q: &mut Queue, coefs: LayerCoefs<F>) -> Result<Coefs<F>, BackendError> {
        let coefs = match coefs {
            LayerCoefs::Base(values) => LayerCoefs::Base(self.mix_slots(values)),
            LayerCoefs::Challenge(values) => LayerCoefs::Challenge(self.mix_slots(values)),
        };
        Ok(Coefs {
            inner: self.inner.upload_coefs(q, coefs.clone())?,
            host: coefs,
        })
    }

    fn evaluate_layer(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Table<F>,
        publics: Option<&Table<F>>,
    ) -> Result<Table<F>, BackendError> {
        let padded = self.padded(q, &layer, Defect::EvaluateTakesShortCoefs)?;
        let layer = relayer(layer, padded.as_ref());
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
        Ok(self.cell(
            self.inner
                .layer_weights(q, &wiring.inner, claims, asserts)?,
        ))
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
        let padded = self.padded(q, &layer, Defect::PhaseOneTakesShortCoefs)?;
        let layer = relayer(layer, padded.as_ref());
        let one = self
            .inner
            .phase_one(q, layer, &weights, &below, publics_at)?;
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
        let padded = self.padded(q, &layer, Defect::PhaseTwoTakesShortCoefs)?;
        let layer = relayer(layer, padded.as_ref());
        let two = self.inner.phase_two(q, layer, &weights, &eq_x)?;
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
    /// Coefficients that are too few with zeros for the others, if `defect` is to hide it.
    fn padded<F: ChallengeField>(
        &self,
        q: &mut Queue,
        layer: &DeviceLayer<'_, F, Self>,
        defect: Defect,
    ) -> Result<Option<backend_reference::Coefs<F>>, BackendError> {
        let slots = layer.wiring.num_slots;
        if !self.has(defect) || layer.coefs.host.len() >= slots {
            return Ok(None);
        }
        let mut coefs = layer.coefs.host.clone();
        match &mut coefs {
            LayerCoefs::Base(values) => values.resize(slots, F::Base::default()),
            LayerCoefs::Challenge(values) => values.resize(slots, F::ZERO),
        }
        self.inner.upload_coefs(q, coefs).map(Some)
    }

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

fn relayer<'a, F: ChallengeField>(
    layer: DeviceLayer<'a, F, Sabotaged>,
    padded: Option<&'a backend_reference::Coefs<F>>,
) -> DeviceLayer<'a, F, ReferenceBackend> {
    DeviceLayer {
        wiring: &layer.wiring.inner,
        coefs: padded.unwrap_or(&layer.coefs.inner),
    }
}
