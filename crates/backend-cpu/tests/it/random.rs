//! Reproducible values and circuits.

use std::sync::Arc;

use prover_core::{
    AddGate, ChallengeField, CoefRef, ConstGate, Field, LayerGates, LayerWiring, MulGate,
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    /// Mostly uniform, sometimes 0, 1 or -1.
    pub(crate) fn element<T: Field>(&mut self) -> T {
        match self.below(8) {
            0 => T::ZERO,
            1 => -T::ONE,
            _ => {
                let bytes: Vec<u8> = (0..T::UNIFORM_BYTES).map(|_| self.word() as u8).collect();
                T::from_uniform(&bytes)
            }
        }
    }

    pub(crate) fn elements<T: Field>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| self.element()).collect()
    }

    /// A layer with gates of every kind in no order, some rows long, most empty; with coefficients of
    /// every kind, or `ones`.
    pub(crate) fn layer<F: ChallengeField>(
        &mut self,
        (input_vars, output_vars): (u32, u32),
        gates: usize,
        ones: bool,
    ) -> Arc<LayerWiring<F::Base>> {
        let (inputs, outputs) = (1usize << input_vars, 1usize << output_vars);
        let constants = vec![F::Base::ONE, -F::Base::ONE, self.element()];
        let coef = |this: &mut Self| match this.below(5) {
            _ if ones => CoefRef::constant(0),
            4 => CoefRef::RANDOM,
            c => CoefRef::constant(c.min(2) as u32),
        };
        // Half of all gates meet in one wire.
        let wire = |this: &mut Self, count: usize| match this.below(2) {
            0 => (count / 2) as u32,
            _ => this.below(count) as u32,
        };
        let mut layer = LayerGates {
            input_vars,
            output_vars,
            constants,
            ..LayerGates::default()
        };
        for _ in 0..gates {
            let (x, y, z) = (wire(self, inputs), wire(self, inputs), wire(self, outputs));
            let coef_of = coef(self);
            match self.below(3) {
                0 => layer.muls.push(MulGate {
                    z,
                    x,
                    y,
                    coef: coef_of,
                }),
                1 => layer.adds.push(AddGate {
                    z,
                    x,
                    coef: coef_of,
                }),
                _ if self.below(3) == 0 => {
                    let coef = CoefRef::public(self.below(3) as u32);
                    layer.consts.push(ConstGate { z, coef });
                }
                _ => layer.consts.push(ConstGate { z, coef: coef_of }),
            }
        }
        layer.asserts = (0..outputs as u32).filter(|_| self.below(3) == 0).collect();
        Arc::new(LayerWiring::new(&layer))
    }
}
