//! GF(2^128) by carry-less multiplication of 64-bit halves.

use prover_fields::Gf2e128;

use super::Vector;
use super::blocks::WIDTH;

/// Four elements in registers; instructions work on each 128-bit element and its two halves.
pub(crate) trait Clmul: Copy + Send + Sync {
    /// Four elements.
    type U: Copy + Send + Sync;

    /// Loads four elements.
    fn load(self, lanes: &[u128; 4]) -> Self::U;
    /// The elements of two registers' worth.
    fn store(self, v: [Self::U; 2]) -> [u128; WIDTH];
    /// The same element in every lane.
    fn splat(self, value: &u128) -> Self::U;
    /// Four elements, each from its place.
    fn pick(self, lanes: [&u128; 4]) -> Self::U;
    /// `x + y`.
    fn add(self, x: Self::U, y: Self::U) -> Self::U;
    /// `x + y + z`.
    fn add3(self, x: Self::U, y: Self::U, z: Self::U) -> Self::U;
    /// `x`, plus `y` in the lanes whose bits (the low four) are set.
    fn add_kept(self, x: Self::U, y: Self::U, lanes: u8) -> Self::U;
    /// The lanes whose bits (the low four) are set, and zero in the others.
    fn keep(self, x: Self::U, lanes: u8) -> Self::U;
    /// Product of the low halves.
    fn low_low(self, x: Self::U, y: Self::U) -> Self::U;
    /// Product of the low half of `x` and the high half of `y`.
    fn low_high(self, x: Self::U, y: Self::U) -> Self::U;
    /// Product of the high half of `x` and the low half of `y`.
    fn high_low(self, x: Self::U, y: Self::U) -> Self::U;
    /// Product of the high halves.
    fn high_high(self, x: Self::U, y: Self::U) -> Self::U;
    /// The low halves of `x` and `y`.
    fn lows(self, x: Self::U, y: Self::U) -> Self::U;
    /// The high halves of `x` and `y`.
    fn highs(self, x: Self::U, y: Self::U) -> Self::U;
    /// The low half moved up, over zero.
    fn up(self, x: Self::U) -> Self::U;
    /// The high half moved down, under zero.
    fn down(self, x: Self::U) -> Self::U;
    /// As [`Vector::row_sums`].
    fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]);
}

/// Eight lanes by carry-less multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByClmul<C>(pub(crate) C);

/// Sums of four products by Karatsuba's method, as polynomials of degree at most 126.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Products<U> {
    /// Of the low halves.
    low: U,
    /// Of the sums of the halves.
    middle: U,
    /// Of the high halves.
    high: U,
}

/// A scalar `r` and its multiple `x^64 r`, in every lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<U> {
    r: U,
    shifted: U,
}

impl<C: Clmul> ByClmul<C> {
    /// The reduction polynomial's low terms, for a product that replaces `x^128`.
    #[inline(always)]
    fn low_terms(self) -> C::U {
        self.0.splat(&const { Gf2e128::LOW_TERMS as u128 })
    }

    /// The class of a sum of products. Cost: two multiplications.
    #[inline(always)]
    fn reduce_four(self, acc: Products<C::U>) -> C::U {
        let c = self.0;
        let middle = c.add3(acc.middle, acc.low, acc.high);
        let low = c.add(acc.low, c.up(middle));
        let high = c.add(acc.high, c.down(middle));
        // x^192 and above to x^64 and above: the terms below x^8 times 63 bits stay below x^135.
        let terms = self.low_terms();
        let top = c.high_low(high, terms);
        let low = c.add(low, c.up(top));
        let high = c.add(high, c.down(top));
        // Then x^128 and above: below x^71.
        c.add(low, c.low_low(high, terms))
    }

    /// `low + r d` for `d = low + high`. Cost: five multiplications.
    #[inline(always)]
    fn fold_four(self, low: C::U, high: C::U, r: &Scalar<C::U>) -> C::U {
        let c = self.0;
        let d = c.add(low, high);
        // With d = d0 + x^64 d1: r d = d0 r + d1 (x^64 r), of degree 190 at most.
        let bottom = c.add3(c.low_low(d, r.r), c.high_low(d, r.shifted), low);
        let top = c.add(c.low_high(d, r.r), c.high_high(d, r.shifted));
        // The high half of `top` is at x^128: it has 63 bits, and its multiple 70.
        let over = c.high_low(top, self.low_terms());
        c.add3(bottom, c.up(top), over)
    }
}

impl<C: Clmul> Vector for ByClmul<C> {
    type V = [C::U; 2];
    type Acc = [Products<C::U>; 2];
    type Scalar = Scalar<C::U>;

    #[inline(always)]
    fn load(self, lanes: &[u128; WIDTH]) -> Self::V {
        let (low, high) = halves(lanes);
        [self.0.load(low), self.0.load(high)]
    }
    #[inline(always)]
    fn store(self, v: Self::V) -> [u128; WIDTH] {
        self.0.store(v)
    }
    #[inline(always)]
    fn splat(self, value: &u128) -> Self::V {
        let u = self.0.splat(value);
        [u, u]
    }
    #[inline(always)]
    fn pick(self, list: &[u128], at: &[usize; WIDTH]) -> Self::V {
        let [a, b, c, d, e, f, g, h] = *at;
        [
            self.0.pick([&list[a], &list[b], &list[c], &list[d]]),
            self.0.pick([&list[e], &list[f], &list[g], &list[h]]),
        ]
    }
    #[inline(always)]
    fn add(self, x: Self::V, y: Self::V) -> Self::V {
        [self.0.add(x[0], y[0]), self.0.add(x[1], y[1])]
    }
    #[inline(always)]
    fn keep(self, v: Self::V, lanes: u8) -> Self::V {
        [self.0.keep(v[0], lanes), self.0.keep(v[1], lanes >> 4)]
    }
    #[inline(always)]
    fn add_kept(self, x: Self::V, y: Self::V, lanes: u8) -> Self::V {
        [
            self.0.add_kept(x[0], y[0], lanes),
            self.0.add_kept(x[1], y[1], lanes >> 4),
        ]
    }
    #[inline(always)]
    fn scalar(self, value: Gf2e128) -> Self::Scalar {
        let shifted = value * Gf2e128::new(1 << 64);
        Scalar {
            r: self.0.splat(&value.bits()),
            shifted: self.0.splat(&shifted.bits()),
        }
    }
    #[inline(always)]
    fn splat_scalar(self, r: &Self::Scalar) -> Self::V {
        [r.r, r.r]
    }
    #[inline(always)]
    fn fold(self, low: Self::V, high: Self::V, r: &Self::Scalar) -> Self::V {
        [
            self.fold_four(low[0], high[0], r),
            self.fold_four(low[1], high[1], r),
        ]
    }
    #[inline(always)]
    fn acc(self) -> Self::Acc {
        let zero = self.0.splat(&0);
        let products = Products {
            low: zero,
            middle: zero,
            high: zero,
        };
        [products, products]
    }
    #[inline(always)]
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V) {
        let c = self.0;
        // The sums of the halves: of the first four lanes low, of the others high.
        let xs = c.add(c.lows(x[0], x[1]), c.highs(x[0], x[1]));
        let ys = c.add(c.lows(y[0], y[1]), c.highs(y[0], y[1]));
        acc[0].low = c.add(acc[0].low, c.low_low(x[0], y[0]));
        acc[1].low = c.add(acc[1].low, c.low_low(x[1], y[1]));
        acc[0].high = c.add(acc[0].high, c.high_high(x[0], y[0]));
        acc[1].high = c.add(acc[1].high, c.high_high(x[1], y[1]));
        acc[0].middle = c.add(acc[0].middle, c.low_low(xs, ys));
        acc[1].middle = c.add(acc[1].middle, c.high_high(xs, ys));
    }
    #[inline(always)]
    fn reduce(self, acc: Self::Acc) -> Self::V {
        [self.reduce_four(acc[0]), self.reduce_four(acc[1])]
    }
    #[inline(always)]
    fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]) {
        self.0.row_sums(list, ends, at, sums);
    }
}

/// The two halves of eight elements.
#[inline(always)]
fn halves(lanes: &[u128; WIDTH]) -> (&[u128; 4], &[u128; 4]) {
    let (low, high) = lanes.split_at(4);
    match (low.first_chunk(), high.first_chunk()) {
        (Some(low), Some(high)) => (low, high),
        _ => unreachable!("twice four are eight"),
    }
}
