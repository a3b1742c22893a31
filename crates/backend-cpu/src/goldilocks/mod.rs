//! Goldilocks and its quadratic extension, eight lanes a block.
//!
//! Lanes are canonical. Sums of products are kept in a form of the level's own and reduced once.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod gather;
mod kernels;
mod portable;

use prover_core::Field;
use prover_fields::{Goldilocks, GoldilocksExt2};

use crate::arith::Arith;
use blocks::{GoldilocksExt2x8, Goldilocksx8, WIDTH, element};

/// Eight lanes of Goldilocks at one SIMD level.
pub(crate) trait Vector: Copy + Send + Sync {
    /// Eight elements.
    type U: Copy + Send + Sync;
    /// Eight elements made ready to multiply.
    type Factor: Copy + Send + Sync;
    /// Eight sums of products.
    type Acc: Copy;
    /// Products that a settled sum takes.
    const RUN: usize;

    /// Loads eight elements.
    fn load(self, lanes: &[u64; WIDTH]) -> Self::U;
    /// The elements.
    fn store(self, u: Self::U) -> [u64; WIDTH];
    /// The same element in every lane.
    fn splat(self, value: u64) -> Self::U;
    /// Lane-wise sum.
    fn add(self, x: Self::U, y: Self::U) -> Self::U;
    /// Lane-wise difference.
    fn sub(self, x: Self::U, y: Self::U) -> Self::U;
    /// The lanes whose bits are set, and zero in the others.
    fn keep(self, x: Self::U, lanes: u8) -> Self::U;
    /// Makes elements ready.
    fn factor(self, x: Self::U) -> Self::Factor;
    /// Sums of one term each.
    fn sum_of(self, x: Self::U) -> Self::Acc;
    /// Adds products.
    fn mac(self, acc: Self::Acc, x: Self::Factor, y: Self::Factor) -> Self::Acc;
    /// Makes room for `RUN` products.
    fn settle(self, acc: Self::Acc) -> Self::Acc;
    /// The sums.
    fn reduce(self, acc: Self::Acc) -> Self::U;
    /// `x`, plus the extension's non-residue times `y`: the sums.
    fn reduce_with_non_residue(self, x: Self::Acc, y: Self::Acc) -> Self::U;

    /// `low + r (high - low)` in the extension.
    #[inline(always)]
    fn fold(self, low: [Self::U; 2], high: [Self::U; 2], r: &Scalar<Self::Factor>) -> [Self::U; 2] {
        let x = self.factor(self.sub(high[0], low[0]));
        let y = self.factor(self.sub(high[1], low[1]));
        let first = self.mac(self.mac(self.sum_of(low[0]), x, r.c[0]), y, r.wrapped);
        let second = self.mac(self.mac(self.sum_of(low[1]), x, r.c[1]), y, r.c[0]);
        [self.reduce(first), self.reduce(second)]
    }
    /// Adds products in the extension.
    #[inline(always)]
    fn mac_ext(self, acc: &mut Products<Self::Acc>, x: [Self::U; 2], y: [Self::U; 2]) {
        let (x0, x1) = (self.factor(x[0]), self.factor(x[1]));
        let (y0, y1) = (self.factor(y[0]), self.factor(y[1]));
        acc.first = self.mac(acc.first, x0, y0);
        acc.second = self.mac(acc.second, x1, y1);
        acc.mixed = self.mac(self.mac(acc.mixed, x0, y1), x1, y0);
    }
}

/// The arithmetic at a SIMD level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoldilocksLanes<S>(pub(crate) S);

/// A scalar in every lane: its coefficients, and the second times the non-residue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<F> {
    c: [F; 2],
    wrapped: F,
}

/// Sums of products of first coefficients, of second ones, and of mixed ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Products<T> {
    first: T,
    second: T,
    mixed: T,
}

impl<S: Vector> GoldilocksLanes<S> {
    /// `low + d r` for base-field lanes or one coefficient.
    #[inline(always)]
    fn plus_product(self, low: S::U, d: S::Factor, r: S::Factor) -> S::U {
        let s = self.0;
        s.reduce(s.mac(s.sum_of(low), d, r))
    }

    #[inline(always)]
    fn zero(self) -> S::Acc {
        self.0.sum_of(self.0.splat(0))
    }
}

impl<S: Vector> Arith for GoldilocksLanes<S> {
    type F = GoldilocksExt2;
    type Block = GoldilocksExt2x8;
    type BaseBlock = Goldilocksx8;
    type V = [S::U; 2];
    type B = S::U;
    type Acc = Products<S::Acc>;
    type MixedAcc = [S::Acc; 2];
    type BaseAcc = S::Acc;
    type Scalar = Scalar<S::Factor>;
    const RUN: usize = S::RUN / 2;
    const MIXED_RUN: usize = S::RUN;
    const BASE_RUN: usize = S::RUN;

    #[inline(always)]
    fn load(self, block: &GoldilocksExt2x8) -> Self::V {
        let [x, y] = &block.0;
        [self.0.load(x), self.0.load(y)]
    }
    #[inline(always)]
    fn store(self, v: Self::V) -> GoldilocksExt2x8 {
        GoldilocksExt2x8([self.0.store(v[0]), self.0.store(v[1])])
    }
    #[inline(always)]
    fn load_base(self, block: &Goldilocksx8) -> S::U {
        self.0.load(&block.0)
    }
    #[inline(always)]
    fn store_base(self, b: S::U) -> Goldilocksx8 {
        Goldilocksx8(self.0.store(b))
    }
    #[inline(always)]
    fn splat(self, value: GoldilocksExt2) -> Self::V {
        let [x, y] = value.coeffs();
        [self.0.splat(x.value()), self.0.splat(y.value())]
    }
    #[inline(always)]
    fn splat_base(self, value: Goldilocks) -> S::U {
        self.0.splat(value.value())
    }
    #[inline(always)]
    fn lift(self, b: S::U) -> Self::V {
        [b, self.0.splat(0)]
    }

    #[inline(always)]
    fn add(self, x: Self::V, y: Self::V) -> Self::V {
        [self.0.add(x[0], y[0]), self.0.add(x[1], y[1])]
    }
    #[inline(always)]
    fn sub(self, x: Self::V, y: Self::V) -> Self::V {
        [self.0.sub(x[0], y[0]), self.0.sub(x[1], y[1])]
    }
    #[inline(always)]
    fn mul(self, x: Self::V, y: Self::V) -> Self::V {
        let mut acc = self.acc();
        self.mac(&mut acc, x, y);
        self.reduce(acc)
    }
    #[inline(always)]
    fn mul_base(self, x: Self::V, y: S::U) -> Self::V {
        let mut acc = self.mixed_acc();
        self.mixed_mac(&mut acc, y, x);
        self.mixed_reduce(acc)
    }
    #[inline(always)]
    fn base_add(self, x: S::U, y: S::U) -> S::U {
        self.0.add(x, y)
    }
    #[inline(always)]
    fn base_sub(self, x: S::U, y: S::U) -> S::U {
        self.0.sub(x, y)
    }
    #[inline(always)]
    fn base_mul(self, x: S::U, y: S::U) -> S::U {
        let mut acc = self.base_acc();
        self.base_mac(&mut acc, x, y);
        self.base_reduce(acc)
    }

    #[inline(always)]
    fn scalar(self, value: GoldilocksExt2) -> Self::Scalar {
        let [_, second] = value.coeffs();
        let wrapped = (second * GoldilocksExt2::NON_RESIDUE).value();
        let (s, plain) = (self.0, self.splat(value));
        Scalar {
            c: [s.factor(plain[0]), s.factor(plain[1])],
            wrapped: s.factor(s.splat(wrapped)),
        }
    }
    #[inline(always)]
    fn fold(self, low: Self::V, high: Self::V, r: &Self::Scalar) -> Self::V {
        self.0.fold(low, high, r)
    }
    #[inline(always)]
    fn fold_base(self, low: S::U, high: S::U, r: &Self::Scalar) -> Self::V {
        let s = self.0;
        let d = s.factor(s.sub(high, low));
        [
            self.plus_product(low, d, r.c[0]),
            self.plus_product(s.splat(0), d, r.c[1]),
        ]
    }

    #[inline(always)]
    fn acc(self) -> Self::Acc {
        let zero = self.zero();
        Products {
            first: zero,
            second: zero,
            mixed: zero,
        }
    }
    #[inline(always)]
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V) {
        self.0.mac_ext(acc, x, y);
    }
    #[inline(always)]
    fn settle(self, acc: &mut Self::Acc) {
        acc.first = self.0.settle(acc.first);
        acc.second = self.0.settle(acc.second);
        acc.mixed = self.0.settle(acc.mixed);
    }
    #[inline(always)]
    fn reduce(self, acc: Self::Acc) -> Self::V {
        [
            self.0.reduce_with_non_residue(acc.first, acc.second),
            self.0.reduce(acc.mixed),
        ]
    }
    #[inline(always)]
    fn mixed_acc(self) -> Self::MixedAcc {
        [self.zero(), self.zero()]
    }
    #[inline(always)]
    fn mixed_mac(self, acc: &mut Self::MixedAcc, x: S::U, y: Self::V) {
        let s = self.0;
        let x = s.factor(x);
        acc[0] = s.mac(acc[0], x, s.factor(y[0]));
        acc[1] = s.mac(acc[1], x, s.factor(y[1]));
    }
    #[inline(always)]
    fn mixed_settle(self, acc: &mut Self::MixedAcc) {
        *acc = [self.0.settle(acc[0]), self.0.settle(acc[1])];
    }
    #[inline(always)]
    fn mixed_reduce(self, acc: Self::MixedAcc) -> Self::V {
        [self.0.reduce(acc[0]), self.0.reduce(acc[1])]
    }
    #[inline(always)]
    fn base_acc(self) -> S::Acc {
        self.zero()
    }
    #[inline(always)]
    fn base_mac(self, acc: &mut S::Acc, x: S::U, y: S::U) {
        let s = self.0;
        *acc = s.mac(*acc, s.factor(x), s.factor(y));
    }
    #[inline(always)]
    fn base_settle(self, acc: &mut S::Acc) {
        *acc = self.0.settle(*acc);
    }
    #[inline(always)]
    fn base_reduce(self, acc: S::Acc) -> S::U {
        self.0.reduce(acc)
    }

    #[inline(always)]
    fn sum_lanes(self, v: Self::V) -> GoldilocksExt2 {
        let mut sums = [Goldilocks::ZERO; 2];
        for (sum, v) in sums.iter_mut().zip(v) {
            for lane in self.0.store(v) {
                *sum += element(lane);
            }
        }
        GoldilocksExt2::new(sums)
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[Goldilocksx8], stride: usize, weight: Self::V) -> Self::V {
        let weights = self.store(weight);
        let mut acc = self.mixed_acc();
        for lane in 0..WIDTH {
            let mut column = [0; WIDTH];
            for (i, value) in column.iter_mut().enumerate() {
                *value = blocks[i * stride].0[lane];
            }
            self.mixed_mac_lane(&mut acc, self.0.load(&column), &weights, lane);
        }
        self.mixed_reduce(acc)
    }

    #[inline(always)]
    fn splat_lane(self, block: &GoldilocksExt2x8, lane: usize) -> Self::V {
        let [x, y] = &block.0;
        [self.0.splat(x[lane]), self.0.splat(y[lane])]
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &GoldilocksExt2x8, lane: usize) -> Self::MixedAcc {
        let [x, y] = self.splat_lane(block, lane);
        [self.0.sum_of(x), self.0.sum_of(y)]
    }
    #[inline(always)]
    fn mixed_mac_lane(
        self,
        acc: &mut Self::MixedAcc,
        x: S::U,
        block: &GoldilocksExt2x8,
        lane: usize,
    ) {
        self.mixed_mac(acc, x, self.splat_lane(block, lane));
    }
}

#[cfg(test)]
mod tests;
