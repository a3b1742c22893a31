//! Values of Mersenne-31 and its extension in memory.

use prover_fields::{M31, M31Ext3};

use crate::arith::Lanes;

/// Sixteen elements of Mersenne-31.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct M31x16(pub(crate) [u32; 16]);

/// Sixteen elements of the extension, coefficient by coefficient.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct M31Ext3x16(pub(crate) [[u32; 16]; 3]);

/// A table's words: of each block 16 of the first coefficients, then of the second, the third.
#[inline(always)]
pub(crate) fn words_of_ext(table: &[M31Ext3x16]) -> &[u32] {
    // SAFETY: a block is 48 words without padding, aligned to more than a word.
    unsafe { core::slice::from_raw_parts(table.as_ptr().cast(), 48 * table.len()) }
}

/// A table's coefficients as base-field blocks: of each block the first, the second, the third.
#[inline(always)]
pub(crate) fn coefficients(table: &[M31Ext3x16]) -> &[M31x16] {
    // SAFETY: a block is three of 16 words without padding, and both kinds are aligned to 64 bytes.
    unsafe { core::slice::from_raw_parts(table.as_ptr().cast(), 3 * table.len()) }
}

/// A base-field table's words.
#[inline(always)]
pub(crate) fn words_of_base(table: &[M31x16]) -> &[u32] {
    // SAFETY: a block is 16 words without padding, aligned to more than a word.
    unsafe { core::slice::from_raw_parts(table.as_ptr().cast(), 16 * table.len()) }
}

/// `x + y` of lanes of at most `p`, at most `p`.
#[inline(always)]
fn sum(x: u32, y: u32) -> u32 {
    let sum = x + y;
    sum.min(sum.wrapping_sub(M31::MODULUS))
}

impl Lanes<M31> for M31x16 {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn get(&self, lane: usize) -> M31 {
        M31::reduce(self.0[lane].into())
    }

    #[inline(always)]
    fn gather(values: &[M31]) -> Self {
        let mut lanes = [0; 16];
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = value.value();
        }
        Self(lanes)
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: M31) {
        self.0[lane] = value.value();
    }

    #[inline(always)]
    fn copy_lane(&mut self, lane: usize, other: &Self, from: usize) {
        self.0[lane] = other.0[from];
    }

    #[inline(always)]
    fn add_lane(&mut self, lane: usize, other: &Self, from: usize) {
        self.0[lane] = sum(self.0[lane], other.0[from]);
    }
}

impl Lanes<M31Ext3> for M31Ext3x16 {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn get(&self, lane: usize) -> M31Ext3 {
        M31Ext3::new([0, 1, 2].map(|k| M31::reduce(self.0[k][lane].into())))
    }

    #[inline(always)]
    fn gather(values: &[M31Ext3]) -> Self {
        let mut block = Self([[0; 16]; 3]);
        for (lane, &value) in values.iter().enumerate() {
            block.set(lane, value);
        }
        block
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: M31Ext3) {
        for (plane, coeff) in self.0.iter_mut().zip(value.coeffs()) {
            plane[lane] = coeff.value();
        }
    }

    #[inline(always)]
    fn copy_lane(&mut self, lane: usize, other: &Self, from: usize) {
        for (plane, other) in self.0.iter_mut().zip(&other.0) {
            plane[lane] = other[from];
        }
    }

    #[inline(always)]
    fn add_lane(&mut self, lane: usize, other: &Self, from: usize) {
        for (plane, other) in self.0.iter_mut().zip(&other.0) {
            plane[lane] = sum(plane[lane], other[from]);
        }
    }
}
