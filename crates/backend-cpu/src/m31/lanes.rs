//! Mersenne-31 and its cubic extension, sixteen lanes a block.
//!
//! Lanes are integers of at most `p = 2^31 - 1` (so zero has two forms until it leaves the table).
//! Products go to 64-bit lanes, those of even and of odd lanes apart. A 64-bit lane holds four
//! products and a settled sum: `4 p^2 + 2^33 + 2^31 < 2^64 - 2^32 - 1`.

use prover_fields::{M31, M31Ext3};

use super::blocks::{M31Ext3x16, M31x16, coefficients};
use super::vector::Vector;
use crate::arith::Arith;

const P: u32 = M31::MODULUS;

/// Sums of products of even and of odd lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide<U> {
    even: U,
    odd: U,
}

/// A scalar in every lane: as it is, and it and its fivefold as the residues nearest to zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<U> {
    plain: [U; 3],
    c: [U; 3],
    five: [U; 3],
}

/// The arithmetic at a SIMD level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct M31Lanes<S>(pub(crate) S);

/// The same for even and odd lanes.
#[inline(always)]
fn both<U: Copy>(x: U) -> Wide<U> {
    Wide { even: x, odd: x }
}

impl<S: Vector> M31Lanes<S> {
    #[inline(always)]
    fn zero(self) -> Wide<S::U> {
        let zero = self.0.splat64(0);
        Wide {
            even: zero,
            odd: zero,
        }
    }

    /// `x + y` in lanes of at most `p`.
    #[inline(always)]
    fn sum(self, x: S::U, y: S::U) -> S::U {
        self.reduce_once(self.0.add32(x, y))
    }

    /// A lane of at most `2p` to at most `p`.
    #[inline(always)]
    fn reduce_once(self, x: S::U) -> S::U {
        self.0.min32(x, self.0.sub32(x, self.0.splat(P)))
    }

    /// `x - y` in lanes of at most `p`.
    #[inline(always)]
    fn difference(self, x: S::U, y: S::U) -> S::U {
        let s = self.0;
        let difference = s.sub32(x, y);
        s.min32(difference, s.add32(difference, s.splat(P)))
    }

    /// A scalar's coefficients in every lane, as signed residues of at most `2^30` either way.
    #[inline(always)]
    fn splat_signed(self, value: M31Ext3) -> [S::U; 3] {
        let [x, y, z] = value.coeffs();
        let s = self.0;
        [
            s.splat(nearest(x)),
            s.splat(nearest(y)),
            s.splat(nearest(z)),
        ]
    }

    /// Lanes with their odd ones moved to even places.
    #[inline(always)]
    fn split(self, x: S::U) -> Wide<S::U> {
        Wide {
            even: x,
            odd: self.0.odd(x),
        }
    }

    #[inline(always)]
    fn split3(self, [x, y, z]: [S::U; 3]) -> [Wide<S::U>; 3] {
        [self.split(x), self.split(y), self.split(z)]
    }

    /// `five x` in 64-bit lanes.
    #[inline(always)]
    fn five(self, x: Wide<S::U>) -> Wide<S::U> {
        let s = self.0;
        Wide {
            even: s.add64(x.even, s.times4(x.even)),
            odd: s.add64(x.odd, s.times4(x.odd)),
        }
    }

    /// `low + d . row` for differences `d` and a row of scalars that is the same in all lanes.
    #[inline(always)]
    fn fold_row(self, low: S::U, d: [Wide<S::U>; 3], row: [S::U; 3]) -> S::U {
        let mut sum = self.signed_products(d[0], row[0]);
        sum = self.plus(sum, self.signed_products(d[1], row[1]));
        sum = self.plus(sum, self.signed_products(d[2], row[2]));
        self.sum(low, self.narrow_signed(sum))
    }

    #[inline(always)]
    fn signed_products(self, x: Wide<S::U>, y: S::U) -> Wide<S::U> {
        Wide {
            even: self.0.mul_even_signed(x.even, y),
            odd: self.0.mul_even_signed(x.odd, y),
        }
    }

    #[inline(always)]
    fn products(self, x: Wide<S::U>, y: Wide<S::U>) -> Wide<S::U> {
        Wide {
            even: self.0.mul_even(x.even, y.even),
            odd: self.0.mul_even(x.odd, y.odd),
        }
    }

    #[inline(always)]
    fn plus(self, x: Wide<S::U>, y: Wide<S::U>) -> Wide<S::U> {
        Wide {
            even: self.0.add64(x.even, y.even),
            odd: self.0.add64(x.odd, y.odd),
        }
    }

    /// `acc + x y`.
    #[inline(always)]
    fn fma(self, acc: Wide<S::U>, x: Wide<S::U>, y: Wide<S::U>) -> Wide<S::U> {
        self.plus(acc, self.products(x, y))
    }

    /// Any 64-bit lane to at most `2^33 + 2^31`.
    #[inline(always)]
    fn settled(self, x: Wide<S::U>) -> Wide<S::U> {
        let s = self.0;
        let low31 = s.splat64(P.into());
        Wide {
            even: s.add64(s.and(x.even, low31), s.shr31(x.even)),
            odd: s.add64(s.and(x.odd, low31), s.shr31(x.odd)),
        }
    }

    /// The products of two blocks by `w`, as sums of neighbouring 64-bit lanes, settled.
    #[inline(always)]
    fn dot_pair(self, x: &M31x16, y: &M31x16, w: &[Wide<S::U>; 3]) -> [S::U; 3] {
        let (x, y) = (self.split(self.load_base(x)), self.split(self.load_base(y)));
        [
            self.dot_plane(x, y, w[0]),
            self.dot_plane(x, y, w[1]),
            self.dot_plane(x, y, w[2]),
        ]
    }

    #[inline(always)]
    fn dot_plane(self, x: Wide<S::U>, y: Wide<S::U>, w: Wide<S::U>) -> S::U {
        let s = self.0;
        let (x, y) = (self.products(x, w), self.products(y, w));
        // Two products each, then four.
        let sums = s.pair_sums(s.add64(x.even, x.odd), s.add64(y.even, y.odd));
        s.add64(s.and(sums, s.splat64(P.into())), s.shr31(sums))
    }

    /// Eight blocks, `step` apart, times `w`, summed over the lanes: a 64-bit lane each, at most
    /// `4 (2^33 + 2^31)`.
    #[inline(always)]
    fn dot_eight(self, blocks: &[M31x16], step: usize, w: &[Wide<S::U>; 3]) -> [S::U; 3] {
        let first = self.dot_pair(&blocks[0], &blocks[step], w);
        let second = self.dot_pair(&blocks[2 * step], &blocks[3 * step], w);
        let third = self.dot_pair(&blocks[4 * step], &blocks[5 * step], w);
        let fourth = self.dot_pair(&blocks[6 * step], &blocks[7 * step], w);
        let low = self.units3(first, second);
        let high = self.units3(third, fourth);
        self.units3(low, high)
    }

    #[inline(always)]
    fn units3(self, x: [S::U; 3], y: [S::U; 3]) -> [S::U; 3] {
        [
            self.0.unit_sums(x[0], y[0]),
            self.0.unit_sums(x[1], y[1]),
            self.0.unit_sums(x[2], y[2]),
        ]
    }

    /// 64-bit lanes of at most `2^64 - 2^32 - 2` to lanes of at most `p`.
    #[inline(always)]
    fn narrow(self, x: Wide<S::U>) -> S::U {
        let s = self.0;
        // x = 2^32 high + low, and 2^32 is 2.
        let low = self.reduce_once(s.merge_low(x.even, x.odd));
        let high = self.reduce_once(s.merge_high(x.even, x.odd));
        let twice = self.sum(high, high);
        // `low` is p + 1 at most, and then `twice` below p.
        self.sum(low, twice)
    }

    /// Signed 64-bit lanes of less than `2^63 - 2^61` either way to lanes of at most `p`.
    #[inline(always)]
    fn narrow_signed(self, x: Wide<S::U>) -> S::U {
        let s = self.0;
        let low = self.reduce_once(s.merge_low(x.even, x.odd));
        let high = s.merge_high(x.even, x.odd);
        // Negative ones are the greater as unsigned.
        let high = s.min32(high, s.add32(high, s.splat(P)));
        // `low` is p + 1 at most; twice `high` is below p, as `high` is neither p nor half of it.
        self.sum(low, self.sum(high, high))
    }

    /// The same for one product, at most `p^2`.
    #[inline(always)]
    fn narrow_product(self, x: Wide<S::U>) -> S::U {
        let s = self.0;
        let low = self.reduce_once(s.merge_low(x.even, x.odd));
        let high = s.merge_high(x.even, x.odd);
        // `high` is below 2^30: twice it is below p.
        self.reduce_once(s.add32(low, s.add32(high, high)))
    }
}

impl<S: Vector> Arith for M31Lanes<S> {
    type F = M31Ext3;
    type Block = M31Ext3x16;
    type BaseBlock = M31x16;
    type V = [S::U; 3];
    type B = S::U;
    type Acc = [Wide<S::U>; 5];
    type MixedAcc = [Wide<S::U>; 3];
    type BaseAcc = Wide<S::U>;
    type Scalar = Scalar<S::U>;
    const RUN: usize = 2;
    const MIXED_RUN: usize = 4;
    const BASE_RUN: usize = 4;

    #[inline(always)]
    fn load(self, block: &M31Ext3x16) -> Self::V {
        let [x, y, z] = &block.0;
        [self.0.load(x), self.0.load(y), self.0.load(z)]
    }
    #[inline(always)]
    fn store(self, v: Self::V) -> M31Ext3x16 {
        let [x, y, z] = v;
        M31Ext3x16([self.0.store(x), self.0.store(y), self.0.store(z)])
    }
    #[inline(always)]
    fn load_base(self, block: &M31x16) -> S::U {
        self.0.load(&block.0)
    }
    #[inline(always)]
    fn store_base(self, b: S::U) -> M31x16 {
        M31x16(self.0.store(b))
    }
    #[inline(always)]
    fn splat(self, value: M31Ext3) -> Self::V {
        let [x, y, z] = value.coeffs();
        [
            self.0.splat(x.value()),
            self.0.splat(y.value()),
            self.0.splat(z.value()),
        ]
    }
    #[inline(always)]
    fn splat_base(self, value: M31) -> S::U {
        self.0.splat(value.value())
    }
    #[inline(always)]
    fn lift(self, b: S::U) -> Self::V {
        let zero = self.0.splat(0);
        [b, zero, zero]
    }

    #[inline(always)]
    fn add(self, x: Self::V, y: Self::V) -> Self::V {
        [
            self.sum(x[0], y[0]),
            self.sum(x[1], y[1]),
            self.sum(x[2], y[2]),
        ]
    }
    #[inline(always)]
    fn sub(self, x: Self::V, y: Self::V) -> Self::V {
        [
            self.difference(x[0], y[0]),
            self.difference(x[1], y[1]),
            self.difference(x[2], y[2]),
        ]
    }
    #[inline(always)]
    fn mul(self, x: Self::V, y: Self::V) -> Self::V {
        let mut acc = self.acc();
        self.mac(&mut acc, x, y);
        self.reduce(acc)
    }
    #[inline(always)]
    fn mul_base(self, x: Self::V, y: S::U) -> Self::V {
        let y = self.split(y);
        let [x0, x1, x2] = self.split3(x);
        [
            self.narrow_product(self.products(x0, y)),
            self.narrow_product(self.products(x1, y)),
            self.narrow_product(self.products(x2, y)),
        ]
    }
    #[inline(always)]
    fn base_sub(self, x: S::U, y: S::U) -> S::U {
        self.difference(x, y)
    }
    #[inline(always)]
    fn base_mul(self, x: S::U, y: S::U) -> S::U {
        self.narrow_product(self.products(self.split(x), self.split(y)))
    }

    #[inline(always)]
    fn scalar(self, value: M31Ext3) -> Self::Scalar {
        Scalar {
            plain: self.splat(value),
            c: self.splat_signed(value),
            five: self.splat_signed(value * M31Ext3::NON_RESIDUE),
        }
    }
    #[inline(always)]
    fn fold(self, low: Self::V, high: Self::V, r: &Self::Scalar) -> Self::V {
        // Three products of differences, below 2^31 either way, by scalars of at most 2^30: no overflow.
        let d = self.split3([
            self.0.sub32(high[0], low[0]),
            self.0.sub32(high[1], low[1]),
            self.0.sub32(high[2], low[2]),
        ]);
        let ([r0, r1, r2], [_, f1, f2]) = (r.c, r.five);
        [
            self.fold_row(low[0], d, [r0, f2, f1]),
            self.fold_row(low[1], d, [r1, r0, f2]),
            self.fold_row(low[2], d, [r2, r1, r0]),
        ]
    }
    #[inline(always)]
    fn fold_base(self, low: S::U, high: S::U, r: &Self::Scalar) -> Self::V {
        let d = self.split(self.difference(high, low));
        let [c0, c1, c2] = r.plain;
        [
            self.sum(low, self.narrow_product(self.products(d, both(c0)))),
            self.narrow_product(self.products(d, both(c1))),
            self.narrow_product(self.products(d, both(c2))),
        ]
    }

    #[inline(always)]
    fn acc(self) -> Self::Acc {
        [self.zero(); 5]
    }
    #[inline(always)]
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V) {
        let (x, y) = (self.split3(x), self.split3(y));
        acc[0] = self.fma(acc[0], x[0], y[0]);
        acc[1] = self.fma(self.fma(acc[1], x[0], y[1]), x[1], y[0]);
        let middle = self.fma(self.fma(acc[2], x[0], y[2]), x[2], y[0]);
        acc[2] = self.settled(self.fma(middle, x[1], y[1]));
        acc[3] = self.fma(self.fma(acc[3], x[1], y[2]), x[2], y[1]);
        acc[4] = self.fma(acc[4], x[2], y[2]);
    }
    #[inline(always)]
    fn settle(self, acc: &mut Self::Acc) {
        acc[0] = self.settled(acc[0]);
        acc[1] = self.settled(acc[1]);
        acc[3] = self.settled(acc[3]);
        acc[4] = self.settled(acc[4]);
    }
    #[inline(always)]
    fn reduce(self, acc: Self::Acc) -> Self::V {
        let [c0, c1, c2, c3, c4] = acc;
        let c0 = self.settled(c0);
        let c1 = self.settled(c1);
        let c3 = self.settled(c3);
        let c4 = self.settled(c4);
        [
            self.narrow(self.plus(c0, self.five(c3))),
            self.narrow(self.plus(c1, self.five(c4))),
            self.narrow(c2),
        ]
    }
    #[inline(always)]
    fn mixed_acc(self) -> Self::MixedAcc {
        [self.zero(); 3]
    }
    #[inline(always)]
    fn mixed_mac(self, acc: &mut Self::MixedAcc, x: S::U, y: Self::V) {
        let x = self.split(x);
        let y = self.split3(y);
        acc[0] = self.fma(acc[0], x, y[0]);
        acc[1] = self.fma(acc[1], x, y[1]);
        acc[2] = self.fma(acc[2], x, y[2]);
    }
    #[inline(always)]
    fn mixed_settle(self, acc: &mut Self::MixedAcc) {
        acc[0] = self.settled(acc[0]);
        acc[1] = self.settled(acc[1]);
        acc[2] = self.settled(acc[2]);
    }
    #[inline(always)]
    fn mixed_reduce(self, acc: Self::MixedAcc) -> Self::V {
        let [x, y, z] = acc;
        [self.narrow(x), self.narrow(y), self.narrow(z)]
    }
    #[inline(always)]
    fn base_acc(self) -> Self::BaseAcc {
        self.zero()
    }
    #[inline(always)]
    fn base_mac(self, acc: &mut Self::BaseAcc, x: S::U, y: S::U) {
        *acc = self.fma(*acc, self.split(x), self.split(y));
    }
    #[inline(always)]
    fn base_settle(self, acc: &mut Self::BaseAcc) {
        *acc = self.settled(*acc);
    }
    #[inline(always)]
    fn base_reduce(self, acc: Self::BaseAcc) -> S::U {
        self.narrow(acc)
    }

    #[inline(always)]
    fn base_add(self, x: S::U, y: S::U) -> S::U {
        self.sum(x, y)
    }
    #[inline(always)]
    fn sum_lanes(self, v: Self::V) -> M31Ext3 {
        let [x, y, z] = self.store(v).0;
        M31Ext3::new([sum_of(&x), sum_of(&y), sum_of(&z)])
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[M31x16], stride: usize, weight: Self::V) -> Self::V {
        let w = self.split3(weight);
        let even = self.dot_eight(blocks, 2 * stride, &w);
        let odd = self.dot_eight(&blocks[stride..], 2 * stride, &w);
        [
            self.narrow(Wide {
                even: even[0],
                odd: odd[0],
            }),
            self.narrow(Wide {
                even: even[1],
                odd: odd[1],
            }),
            self.narrow(Wide {
                even: even[2],
                odd: odd[2],
            }),
        ]
    }

    #[inline(always)]
    fn dot_ext_lanes(
        self,
        blocks: &[M31Ext3x16],
        stride: usize,
        weight: Self::V,
    ) -> Option<Self::V> {
        // Of each coefficient, times u^0, u^1 and u^2; u^3 is 5.
        let coefs = coefficients(blocks);
        let x = self.dot_lanes(coefs, 3 * stride, weight);
        let y = self.dot_lanes(&coefs[1..], 3 * stride, weight);
        let z = self.dot_lanes(&coefs[2..], 3 * stride, weight);
        let five = |v: S::U| {
            let twice = self.sum(v, v);
            self.sum(v, self.sum(twice, twice))
        };
        let (carried, last) = (five(self.sum(y[2], z[1])), five(z[2]));
        Some([
            self.sum(x[0], carried),
            self.sum(self.sum(x[1], y[0]), last),
            self.sum(self.sum(x[2], y[1]), z[0]),
        ])
    }

    #[inline(always)]
    fn splat_lane(self, block: &M31Ext3x16, lane: usize) -> Self::V {
        let ([x, y, z], s) = (&block.0, self.0);
        [s.splat(x[lane]), s.splat(y[lane]), s.splat(z[lane])]
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &M31Ext3x16, lane: usize) -> Self::MixedAcc {
        let ([x, y, z], s) = (&block.0, self.0);
        [
            both(s.splat64(x[lane].into())),
            both(s.splat64(y[lane].into())),
            both(s.splat64(z[lane].into())),
        ]
    }
    #[inline(always)]
    fn mixed_mac_lane(self, acc: &mut Self::MixedAcc, x: S::U, block: &M31Ext3x16, lane: usize) {
        let x = self.split(x);
        let [y0, y1, y2] = self.splat_lane(block, lane);
        acc[0] = self.fma(acc[0], x, both(y0));
        acc[1] = self.fma(acc[1], x, both(y1));
        acc[2] = self.fma(acc[2], x, both(y2));
    }
}

/// The residue nearest to zero, in two's complement.
#[inline(always)]
fn nearest(value: M31) -> u32 {
    let value = value.value();
    if value > P / 2 {
        value.wrapping_sub(P)
    } else {
        value
    }
}

#[inline(always)]
fn sum_of(lanes: &[u32; 16]) -> M31 {
    M31::reduce(lanes.iter().map(|&lane| u64::from(lane)).sum())
}
