//! Goldilocks lane by lane.

use prover_fields::{Goldilocks, GoldilocksExt2};

use super::blocks::WIDTH;
use super::{Products, Scalar, Vector};

const P: u64 = Goldilocks::MODULUS;

/// What a sum loses when it would exceed 128 bits: a multiple of the modulus.
const MULTIPLE: u128 = (P as u128) << 64;

/// One lane after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// An integer of the class of `sum + x y`, for any `sum` and canonical `x` and `y`.
#[inline(always)]
fn wide_sum(sum: u128, x: u64, y: u64) -> u128 {
    let (sum, carry) = sum.overflowing_add(u128::from(x) * u128::from(y));
    // After a carry the sum is below p^2 < 2^128 - 2^96, and 2^128 less the multiple below 2^96.
    sum.wrapping_sub(MULTIPLE & u128::from(carry).wrapping_neg())
}

/// `x - y`, all canonical.
#[inline(always)]
fn difference(x: u64, y: u64) -> u64 {
    let (difference, borrow) = x.overflowing_sub(y);
    difference.wrapping_add(P & u64::from(borrow).wrapping_neg())
}

impl Vector for Portable {
    type U = [u64; WIDTH];
    type Factor = [u64; WIDTH];
    type Acc = [u128; WIDTH];
    const RUN: usize = usize::MAX;

    #[inline(always)]
    fn load(self, lanes: &[u64; WIDTH]) -> Self::U {
        *lanes
    }
    #[inline(always)]
    fn store(self, u: Self::U) -> [u64; WIDTH] {
        u
    }
    #[inline(always)]
    fn splat(self, value: u64) -> Self::U {
        [value; WIDTH]
    }
    #[inline(always)]
    fn add(self, mut x: Self::U, y: Self::U) -> Self::U {
        for (x, y) in x.iter_mut().zip(y) {
            // x + y = x - (p - y), which needs no 65th bit.
            let (difference, borrow) = x.overflowing_sub(P - y);
            *x = difference.wrapping_add(P & u64::from(borrow).wrapping_neg());
        }
        x
    }
    #[inline(always)]
    fn sub(self, mut x: Self::U, y: Self::U) -> Self::U {
        for (x, y) in x.iter_mut().zip(y) {
            *x = difference(*x, y);
        }
        x
    }
    #[inline(always)]
    fn keep(self, mut x: Self::U, lanes: u8) -> Self::U {
        for (lane, x) in x.iter_mut().enumerate() {
            *x &= u64::from(lanes >> lane & 1).wrapping_neg();
        }
        x
    }
    #[inline(always)]
    fn factor(self, x: Self::U) -> Self::Factor {
        x
    }
    #[inline(always)]
    fn sum_of(self, x: Self::U) -> Self::Acc {
        let mut acc = [0; WIDTH];
        for (acc, x) in acc.iter_mut().zip(x) {
            *acc = x.into();
        }
        acc
    }
    #[inline(always)]
    fn mac(self, mut acc: Self::Acc, x: Self::Factor, y: Self::Factor) -> Self::Acc {
        for (lane, acc) in acc.iter_mut().enumerate() {
            *acc = wide_sum(*acc, x[lane], y[lane]);
        }
        acc
    }
    #[inline(always)]
    fn settle(self, acc: Self::Acc) -> Self::Acc {
        acc
    }
    #[inline(always)]
    fn reduce(self, acc: Self::Acc) -> Self::U {
        let mut u = [0; WIDTH];
        for (u, acc) in u.iter_mut().zip(acc) {
            *u = Goldilocks::reduce(acc).value();
        }
        u
    }
    #[inline(always)]
    fn reduce_with_non_residue(self, x: Self::Acc, y: Self::Acc) -> Self::U {
        let non_residue = self.splat(GoldilocksExt2::NON_RESIDUE.value());
        self.reduce(self.mac(x, self.reduce(y), non_residue))
    }

    // A lane at a time, so that what is between its first load and its last store stays in registers.
    #[inline(always)]
    fn fold(
        self,
        mut low: [Self::U; 2],
        high: [Self::U; 2],
        r: &Scalar<Self::Factor>,
    ) -> [Self::U; 2] {
        let [low0, low1] = &mut low;
        for (lane, (low0, low1)) in low0.iter_mut().zip(low1).enumerate() {
            let (x, y) = (
                difference(high[0][lane], *low0),
                difference(high[1][lane], *low1),
            );
            let first = wide_sum((*low0).into(), x, r.c[0][lane]);
            let second = wide_sum((*low1).into(), x, r.c[1][lane]);
            *low0 = Goldilocks::reduce(wide_sum(first, y, r.wrapped[lane])).value();
            *low1 = Goldilocks::reduce(wide_sum(second, y, r.c[0][lane])).value();
        }
        low
    }
    #[inline(always)]
    fn mac_ext(self, acc: &mut Products<Self::Acc>, x: [Self::U; 2], y: [Self::U; 2]) {
        for lane in 0..WIDTH {
            let ((x0, x1), (y0, y1)) = ((x[0][lane], x[1][lane]), (y[0][lane], y[1][lane]));
            acc.first[lane] = wide_sum(acc.first[lane], x0, y0);
            acc.second[lane] = wide_sum(acc.second[lane], x1, y1);
            acc.mixed[lane] = wide_sum(wide_sum(acc.mixed[lane], x0, y1), x1, y0);
        }
    }
}
