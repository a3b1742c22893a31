//! Values of GF(2) and of GF(2^128) in memory.

use prover_core::Field;
use prover_fields::{Gf2, Gf2e128};

use crate::arith::Lanes;

/// Values in a block.
pub(crate) const WIDTH: usize = 8;

/// Eight bits: lane `i` is bit `i`.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Gf2x8(pub(crate) u8);

/// Eight elements of GF(2^128).
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Gf2e128x8(pub(crate) [u128; WIDTH]);

/// A table's elements.
#[inline(always)]
pub(crate) fn elements(table: &[Gf2e128x8]) -> &[u128] {
    // SAFETY: a block is eight elements without padding, aligned to more than an element.
    unsafe { core::slice::from_raw_parts(table.as_ptr().cast(), WIDTH * table.len()) }
}

impl Lanes<Gf2> for Gf2x8 {
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn get(&self, lane: usize) -> Gf2 {
        Gf2::from_u64((self.0 >> lane).into())
    }

    #[inline(always)]
    fn gather(values: &[Gf2]) -> Self {
        let mut bits = 0;
        for (lane, value) in values.iter().enumerate() {
            bits |= value.value() << lane;
        }
        Self(bits)
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: Gf2) {
        self.0 = self.0 & !(1 << lane) | value.value() << lane;
    }
}

impl Lanes<Gf2e128> for Gf2e128x8 {
    const WIDTH: usize = WIDTH;

    #[inline(always)]
    fn get(&self, lane: usize) -> Gf2e128 {
        Gf2e128::new(self.0[lane])
    }

    #[inline(always)]
    fn gather(values: &[Gf2e128]) -> Self {
        let mut block = Self([0; WIDTH]);
        for (lane, value) in block.0.iter_mut().zip(values) {
            *lane = value.bits();
        }
        block
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: Gf2e128) {
        self.0[lane] = value.bits();
    }
}
