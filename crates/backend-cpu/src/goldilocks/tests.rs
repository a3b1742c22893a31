//! The arithmetic at every level.

use prover_fields::{Goldilocks, GoldilocksExt2};

use super::kernels::goldilocks_lanes;
use crate::check::{Check, levels, turns};

/// Around the modulus and where limbs and words begin; among them the greatest low limb.
fn words() -> Vec<u64> {
    const P: u64 = Goldilocks::MODULUS;
    let powers = [12, 20, 31, 32, 33, 44, 52, 53, 63].map(|i| 1u64 << i);
    let around = powers
        .into_iter()
        .flat_map(|power| [power - 1, power, power + 1]);
    let last = [
        0,
        1,
        2,
        7,
        P - 1,
        P - 2,
        P - 7,
        P - (1 << 32),
        P / 2,
        P / 2 + 1,
    ];
    let limbs = [(0xffe << 52) | ((1 << 52) - 1), 0xfff << 52];
    around.chain(last).chain(limbs).collect()
}

#[test]
fn every_operation_is_the_fields() {
    let base: Vec<Goldilocks> = words()
        .into_iter()
        .map(|word| Goldilocks::new(word).unwrap())
        .collect();
    let pairs = base.iter().zip(base.iter().rev());
    let mut extremes: Vec<_> = pairs.map(|(&x, &y)| GoldilocksExt2::new([x, y])).collect();
    extremes.extend(base.iter().map(|&x| GoldilocksExt2::new([x, x])));
    for level in levels() {
        let check = Check {
            extremes: &extremes,
            base_extremes: &base,
            // Four runs and a part of one.
            products: turns(1100).max(40),
        };
        goldilocks_lanes(level, check);
    }
}
