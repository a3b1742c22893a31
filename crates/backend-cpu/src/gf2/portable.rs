//! GF(2^128) lane by lane, with the field's own operators.

use prover_fields::Gf2e128;

use super::Vector;
use super::blocks::WIDTH;

/// One lane after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// All ones if bit `lane` is set.
#[inline(always)]
fn mask(lanes: u8, lane: usize) -> u128 {
    u128::from(lanes >> lane & 1).wrapping_neg()
}

impl Vector for Portable {
    type V = [u128; WIDTH];
    type Acc = [u128; WIDTH];
    type Scalar = Gf2e128;

    #[inline(always)]
    fn load(self, lanes: &[u128; WIDTH]) -> Self::V {
        *lanes
    }
    #[inline(always)]
    fn store(self, v: Self::V) -> [u128; WIDTH] {
        v
    }
    #[inline(always)]
    fn splat(self, value: &u128) -> Self::V {
        [*value; WIDTH]
    }
    #[inline(always)]
    fn pick(self, list: &[u128], at: &[usize; WIDTH]) -> Self::V {
        let mut v = [0; WIDTH];
        for (lane, &at) in v.iter_mut().zip(at) {
            *lane = list[at];
        }
        v
    }
    #[inline(always)]
    fn add(self, mut x: Self::V, y: Self::V) -> Self::V {
        for (x, y) in x.iter_mut().zip(y) {
            *x ^= y;
        }
        x
    }
    #[inline(always)]
    fn keep(self, mut v: Self::V, lanes: u8) -> Self::V {
        for (lane, v) in v.iter_mut().enumerate() {
            *v &= mask(lanes, lane);
        }
        v
    }
    #[inline(always)]
    fn add_kept(self, x: Self::V, y: Self::V, lanes: u8) -> Self::V {
        self.add(x, self.keep(y, lanes))
    }
    #[inline(always)]
    fn scalar(self, value: Gf2e128) -> Gf2e128 {
        value
    }
    #[inline(always)]
    fn splat_scalar(self, r: &Gf2e128) -> Self::V {
        self.splat(&r.bits())
    }
    #[inline(always)]
    fn fold(self, mut low: Self::V, high: Self::V, r: &Gf2e128) -> Self::V {
        for (low, high) in low.iter_mut().zip(high) {
            *low ^= (*r * Gf2e128::new(*low ^ high)).bits();
        }
        low
    }
    #[inline(always)]
    fn acc(self) -> Self::Acc {
        [0; WIDTH]
    }
    #[inline(always)]
    fn mac(self, acc: &mut Self::Acc, x: Self::V, y: Self::V) {
        for (lane, acc) in acc.iter_mut().enumerate() {
            *acc ^= (Gf2e128::new(x[lane]) * Gf2e128::new(y[lane])).bits();
        }
    }
    #[inline(always)]
    fn reduce(self, acc: Self::Acc) -> Self::V {
        acc
    }
    #[inline(always)]
    fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]) {
        for (sum, ends) in sums.iter_mut().zip(ends.windows(2)) {
            *sum = 0;
            for &at in &at[ends[0] as usize..ends[1] as usize] {
                *sum ^= list[at as usize];
            }
        }
    }
}
