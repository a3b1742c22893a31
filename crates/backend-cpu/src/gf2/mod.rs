//! GF(2) and GF(2^128), eight lanes a block.
//!
//! Eight bits are a byte, so addition and multiplication in GF(2) are one instruction on eight lanes,
//! and a product by bits is a masked move. A sum of products in GF(2^128) stays a polynomial of degree
//! at most 254 until it is reduced once: sums without carries never overflow.

mod blocks;
mod clmul;
mod gather;
mod kernels;
mod portable;
mod rows;
#[cfg(target_arch = "x86_64")]
mod x86;

use prover_core::Field;
use prover_fields::{Gf2, Gf2e128};

use crate::arith::Arith;
use blocks::{Gf2e128x8, Gf2x8, WIDTH};

/// Eight lanes of GF(2^128) at one SIMD level.
pub(crate) trait Vector: Copy + Send + Sync {
    /// Eight elements.
    type V: Copy;
    /// Eight sums of products.
    type Acc: Copy;
    /// A scalar made ready to multiply by.
    type Scalar: Copy + Send + Sync;

    /// Loads eight elements.
    fn load(self, lanes: &[u128; WIDTH]) -> Self::V;
    /// The elements.
    fn store(self, v: Self::V) -> [u128; WIDTH];
    /// The same element in every lane.
    fn splat(self, value: &u128) -> Self::V;
    /// Elements at places of a list; every place is below its length.
    fn pick(self, list: &[u128], at: &[usize; WIDTH]) -> Self::V;
    /// Lane-wise sum.
    fn add(self, x: Self::V, y: Self::V) -> Self::V;
    /// The lanes whose bits are set, and zero in the others.
    fn keep(self, v: Self::V, lanes: u8) -> Self::V;
    /// `x`, plus `y` in the lanes whose bits are set.
    fn add_kept(self, x: Self::V, y: Self::V, lanes: u8) -> Self::V;
    /// Lane-wise product.
    #[inline(always)]
    fn mul(self, x: Self::V, y: Self::V) -> Self::V {
        let mut acc = self.acc();
        self.mac(&mut acc, x, y);
        self.reduce(acc)
    }
    /// Makes a scalar ready.
    fn scalar(self, value: Gf2e128) -> Self::Scalar;
    /// The scalar in every lane.
    fn splat_scalar(self, r: &Self::Scalar) -> Self::V;
    /// `low + r (high - low)`.
    fn fold(self, low: Self::V, high: Self::V, r: &Self::Scalar) -> Self::V;
    /// Empty sums.
    fn acc(self) -> Self::Acc;
    /// Adds products.
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V);
    /// The sums.
    fn reduce(self, acc: Self::Acc) -> Self::V;
    /// Of each of at most eight rows, the sum of the elements at its places in a list; row `i` has the
    /// places `at[ends[i]..ends[i + 1]]`.
    ///
    /// # Panics
    /// If a place is not below the list's length.
    fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]);
}

/// The arithmetic at a SIMD level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gf2Lanes<S>(pub(crate) S);

/// The sums of the subsets of four elements, by the bits of their indices.
#[inline(always)]
fn subset_sums(elements: &[u128; WIDTH], first: usize) -> [u128; 16] {
    let mut sums = [0; 16];
    let mut subset = 1usize;
    while subset < 16 {
        let lowest = subset.trailing_zeros() as usize;
        sums[subset] = sums[subset & (subset - 1)] ^ elements[first + lowest];
        subset += 1;
    }
    sums
}

impl<S: Vector> Arith for Gf2Lanes<S> {
    type F = Gf2e128;
    type Block = Gf2e128x8;
    type BaseBlock = Gf2x8;
    type V = S::V;
    type B = u8;
    type Acc = S::Acc;
    type MixedAcc = S::V;
    type BaseAcc = u8;
    type Scalar = S::Scalar;
    const RUN: usize = usize::MAX;
    const MIXED_RUN: usize = usize::MAX;
    const BASE_RUN: usize = usize::MAX;

    #[inline(always)]
    fn load(self, block: &Gf2e128x8) -> S::V {
        self.0.load(&block.0)
    }
    #[inline(always)]
    fn store(self, v: S::V) -> Gf2e128x8 {
        Gf2e128x8(self.0.store(v))
    }
    #[inline(always)]
    fn load_base(self, block: &Gf2x8) -> u8 {
        block.0
    }
    #[inline(always)]
    fn store_base(self, b: u8) -> Gf2x8 {
        Gf2x8(b)
    }
    #[inline(always)]
    fn splat(self, value: Gf2e128) -> S::V {
        self.0.splat(&value.bits())
    }
    #[inline(always)]
    fn splat_base(self, value: Gf2) -> u8 {
        value.value().wrapping_neg()
    }
    #[inline(always)]
    fn lift(self, b: u8) -> S::V {
        self.0.keep(self.splat(Gf2e128::ONE), b)
    }

    #[inline(always)]
    fn add(self, x: S::V, y: S::V) -> S::V {
        self.0.add(x, y)
    }
    #[inline(always)]
    fn sub(self, x: S::V, y: S::V) -> S::V {
        self.0.add(x, y)
    }
    #[inline(always)]
    fn mul(self, x: S::V, y: S::V) -> S::V {
        self.0.mul(x, y)
    }
    #[inline(always)]
    fn mul_base(self, x: S::V, y: u8) -> S::V {
        self.0.keep(x, y)
    }
    #[inline(always)]
    fn base_add(self, x: u8, y: u8) -> u8 {
        x ^ y
    }
    #[inline(always)]
    fn base_sub(self, x: u8, y: u8) -> u8 {
        x ^ y
    }
    #[inline(always)]
    fn base_mul(self, x: u8, y: u8) -> u8 {
        x & y
    }

    #[inline(always)]
    fn scalar(self, value: Gf2e128) -> S::Scalar {
        self.0.scalar(value)
    }
    #[inline(always)]
    fn fold(self, low: S::V, high: S::V, r: &S::Scalar) -> S::V {
        self.0.fold(low, high, r)
    }
    #[inline(always)]
    fn fold_base(self, low: u8, high: u8, r: &S::Scalar) -> S::V {
        let r = self.0.splat_scalar(r);
        self.0.add_kept(self.lift(low), r, low ^ high)
    }

    #[inline(always)]
    fn acc(self) -> S::Acc {
        self.0.acc()
    }
    #[inline(always)]
    fn mac(self, acc: &mut S::Acc, x: S::V, y: S::V) {
        self.0.mac(acc, x, y);
    }
    #[inline(always)]
    fn settle(self, _acc: &mut S::Acc) {}
    #[inline(always)]
    fn reduce(self, acc: S::Acc) -> S::V {
        self.0.reduce(acc)
    }
    #[inline(always)]
    fn mixed_acc(self) -> S::V {
        self.splat(Gf2e128::ZERO)
    }
    #[inline(always)]
    fn mixed_mac(self, acc: &mut S::V, x: u8, y: S::V) {
        *acc = self.0.add_kept(*acc, y, x);
    }
    #[inline(always)]
    fn mixed_settle(self, _acc: &mut S::V) {}
    #[inline(always)]
    fn mixed_reduce(self, acc: S::V) -> S::V {
        acc
    }
    #[inline(always)]
    fn base_acc(self) -> u8 {
        0
    }
    #[inline(always)]
    fn base_mac(self, acc: &mut u8, x: u8, y: u8) {
        *acc ^= x & y;
    }
    #[inline(always)]
    fn base_settle(self, _acc: &mut u8) {}
    #[inline(always)]
    fn base_reduce(self, acc: u8) -> u8 {
        acc
    }

    #[inline(always)]
    fn sum_lanes(self, v: S::V) -> Gf2e128 {
        let mut sum = 0;
        for lane in self.0.store(v) {
            sum ^= lane;
        }
        Gf2e128::new(sum)
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[Gf2x8], stride: usize, weight: S::V) -> S::V {
        let weights = self.0.store(weight);
        let (low, high) = (subset_sums(&weights, 0), subset_sums(&weights, 4));
        let mut sums = [0; WIDTH];
        for (i, sum) in sums.iter_mut().enumerate() {
            let bits = usize::from(blocks[i * stride].0);
            *sum = low[bits & 15] ^ high[bits >> 4];
        }
        self.0.load(&sums)
    }

    #[inline(always)]
    fn splat_lane(self, block: &Gf2e128x8, lane: usize) -> S::V {
        self.0.splat(&block.0[lane])
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &Gf2e128x8, lane: usize) -> S::V {
        self.splat_lane(block, lane)
    }
    #[inline(always)]
    fn mixed_mac_lane(self, acc: &mut S::V, x: u8, block: &Gf2e128x8, lane: usize) {
        *acc = self.0.add_kept(*acc, self.splat_lane(block, lane), x);
    }
}

#[cfg(test)]
mod tests;
