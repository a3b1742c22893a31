//! The arithmetic at every level.

use core::mem::MaybeUninit;

use prover_core::{AddGate, CoefRef, ConstGate, Field, LayerGates, LayerWiring, MulGate};
use prover_fields::{Gf2, Gf2e128};

use super::blocks::Gf2x8;
use super::kernels::gf2_lanes;
use super::rows;
use crate::arith::Lanes;
use crate::check::{Check, Random, levels, sampled, turns};
use crate::field::{ArithOf, CpuField, Kernel};

/// Zero, one, single bits, their neighbours and all ones in a half or both.
fn extremes() -> Vec<Gf2e128> {
    let low = u128::from(u64::MAX);
    let bits = (0..128).flat_map(|i| [1u128 << i, (1 << i) - 1, u128::MAX << i]);
    let all = bits.chain([0, low, !low, u128::MAX, Gf2e128::LOW_TERMS.into()]);
    sampled(&all.map(Gf2e128::new).collect::<Vec<_>>())
}

#[test]
fn every_operation_is_the_fields() {
    for level in levels() {
        let check = Check {
            extremes: &extremes(),
            base_extremes: &[Gf2::ZERO, Gf2::ONE],
            products: 67,
        };
        gf2_lanes(level, check);
    }
}

/// Multiplies and folds pairs and compares with the products by shifts and tables.
struct ByTables<'a>(&'a [Gf2e128]);

impl Kernel<Gf2e128> for ByTables<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Gf2e128>>(self, a: A) {
        let mut random = Random(3);
        for (&x, &next) in self.0.iter().zip(&self.0[1..]) {
            let high = u128::from(random.word()) << 64;
            let y = Gf2e128::new(high | u128::from(random.word()));
            let block = <Gf2e128 as CpuField>::Block::gather(&[x, y, next, x]);
            let v = a.load(&block);
            let products = a.store(a.mul(v, a.splat(y)));
            let folded = a.store(a.fold(v, a.splat(next), &a.scalar(y)));
            for (lane, value) in [x, y, next, x].into_iter().enumerate() {
                assert_eq!(products.get(lane), value.mul_portable(y));
                let product = y.mul_portable(next - value);
                assert_eq!(folded.get(lane), value + product);
            }
        }
    }
}

#[test]
fn products_are_those_by_tables() {
    for level in levels() {
        gf2_lanes(level, ByTables(&extremes()));
    }
}

/// A layer of `2^7` outputs with coefficients one and more gates in some rows than in others.
fn layer(random: &mut Random, gates: usize) -> LayerGates<Gf2> {
    let mut layer = LayerGates {
        input_vars: 6,
        output_vars: 7,
        constants: vec![Gf2::ONE, Gf2::ZERO],
        ..LayerGates::default()
    };
    let coef = CoefRef::constant(0);
    for i in 0..gates {
        let word = random.word() as u32;
        let (x, y, z) = (word & 63, word >> 6 & 63, word >> 12 & 127);
        match i % 7 {
            0 => {
                let coef = CoefRef::constant(word >> 31);
                layer.consts.push(ConstGate { z, coef });
            }
            1 => {
                let coef = CoefRef::public(word >> 30);
                layer.consts.push(ConstGate { z, coef });
            }
            2 | 3 => layer.muls.push(MulGate { z, x, y, coef }),
            _ => layer.adds.push(AddGate { z, x, coef }),
        }
    }
    layer
}

#[test]
fn rows_of_ones_are_their_gates_sums() {
    let mut random = Random(5);
    let table = |random: &mut Random, len| -> Vec<Gf2x8> {
        (0..len).map(|_| Gf2x8(random.word() as u8)).collect()
    };
    for gates in [0, 40, 900, turns(20_000)] {
        let layer = layer(&mut random, gates);
        let (below, publics) = (table(&mut random, 64), table(&mut random, 4));
        let mut want = [0; 128];
        for gate in &layer.muls {
            want[gate.z as usize] ^= below[gate.x as usize].0 & below[gate.y as usize].0;
        }
        for gate in &layer.adds {
            want[gate.z as usize] ^= below[gate.x as usize].0;
        }
        let wiring = LayerWiring::new(&layer);
        for (z, want) in want.iter_mut().enumerate() {
            for gate in wiring.const_by_z.row(z) {
                let slot = wiring.const_by_z.slots.get(gate);
                *want ^= u8::MAX * u8::from(slot.is_none_or(|slot| slot == 0));
            }
        }
        for &(z, index) in &wiring.publics {
            want[z as usize] ^= publics[index as usize].0;
        }
        for range in [0..128, 0..32, 5..38, 127..128, 64..64] {
            let mut out = vec![MaybeUninit::uninit(); range.len()];
            let (tables, constants) = ((&below[..], &publics[..]), &layer.constants);
            let done = rows::evaluate(
                &wiring,
                constants,
                tables.0,
                tables.1,
                range.clone(),
                &mut out,
            );
            assert!(done);
            for (z, out) in range.zip(out) {
                // SAFETY: every value has been written.
                let got = unsafe { out.assume_init() };
                assert_eq!(got.0, want[z], "{gates} gates, row {z}");
            }
        }
    }
}
