//! Values of Goldilocks and its extension in memory.

use prover_fields::{Goldilocks, GoldilocksExt2};

use crate::arith::Lanes;

/// Values in a block.
pub(crate) const WIDTH: usize = 8;

/// Eight elements of Goldilocks, canonical.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Goldilocksx8(pub(crate) [u64; WIDTH]);

/// Eight elements of the extension, coefficient by coefficient.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct GoldilocksExt2x8(pub(crate) [[u64; WIDTH]; 2]);

/// The element that is a word of a block.
#[inline(always)]
pub(crate) fn element(word: u64) -> Goldilocks {
    debug_assert!(word < Goldilocks::MODULUS, "a lane is not canonical");
    Goldilocks::reduce(word.into())
}

impl Lanes<Goldilocks> for Goldilocksx8 {
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn get(&self, lane: usize) -> Goldilocks {
        element(self.0[lane])
    }

    #[inline(always)]
    fn gather(values: &[Goldilocks]) -> Self {
        let mut lanes = [0; WIDTH];
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = value.value();
        }
        Self(lanes)
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: Goldilocks) {
        self.0[lane] = value.value();
    }
}

impl Lanes<GoldilocksExt2> for GoldilocksExt2x8 {
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn get(&self, lane: usize) -> GoldilocksExt2 {
        GoldilocksExt2::new([element(self.0[0][lane]), element(self.0[1][lane])])
    }

    #[inline(always)]
    fn gather(values: &[GoldilocksExt2]) -> Self {
        let mut block = Self([[0; WIDTH]; 2]);
        for (lane, &value) in values.iter().enumerate() {
            block.set(lane, value);
        }
        block
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: GoldilocksExt2) {
        for (plane, coeff) in self.0.iter_mut().zip(value.coeffs()) {
            plane[lane] = coeff.value();
        }
    }
}
