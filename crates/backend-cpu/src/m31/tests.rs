//! The arithmetic at every level.

use prover_fields::{M31, M31Ext3};

use super::kernels::m31_lanes;
use crate::check::{Check, levels};

/// Zero, powers of two, the modulus, and their neighbours.
fn words() -> Vec<u32> {
    const P: u32 = M31::MODULUS;
    let powers = (1..31).step_by(3).map(|i| 1u32 << i);
    let around = powers.flat_map(|power| [power - 1, power, power + 1]);
    let last = [0, 3, 5, P - 1, P - 2, P - 5, P / 2, P / 2 + 1, P / 5];
    around.chain(last).collect()
}

#[test]
fn every_operation_is_the_fields() {
    let base: Vec<M31> = words()
        .into_iter()
        .map(|word| M31::new(word).expect("below the modulus"))
        .collect();
    let mut extremes: Vec<_> = base.iter().map(|&x| M31Ext3::new([x; 3])).collect();
    for shift in 1..4 {
        let turned = |i: usize| base[(i * shift + 7) % base.len()];
        extremes.extend((0..base.len()).map(|i| M31Ext3::new([base[i], turned(i), turned(i + 1)])));
    }
    for level in levels() {
        let check = Check {
            extremes: &extremes,
            base_extremes: &base,
            // More than any run of products without a pause.
            products: 67,
        };
        m31_lanes(level, check);
    }
}
