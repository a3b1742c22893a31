//! Goldilocks in AVX-512 registers, by products of 52-bit limbs.
//!
//! An element is two limbs, `x = x0 + 2^52 x1` with `x1 < 2^12`. A sum of products is three 64-bit lanes
//! `w0 + 2^52 w1 + 2^104 w2` that carry nothing to each other until they are settled. A product adds
//! at most `2^52` to `w0`, `3 2^52` to `w1` and `2^24 + 2^13` to `w2`; a settled sum or a single element
//! has `w0 < 2^53`, `w1 < 2^53` and `w2 = 0`. So `RUN = 256` products leave `w0 < 2^61`,
//! `w1 < 770 2^52 < 2^62` and `w2 < 2^33`, and half of them eight times over
//! `w1 < 8 (2 + 384) 2^52 < 2^64`.

use core::arch::x86_64::*;

use prover_fields::{Goldilocks, GoldilocksExt2};

use super::Vector;
use super::blocks::WIDTH;

const P: u64 = Goldilocks::MODULUS;

/// `2^64 mod p`: with `2^96 = -1` all that a reduction needs.
const EPSILON: u64 = Goldilocks::EPSILON;

/// Bits of a low limb.
const LIMB: u64 = (1 << 52) - 1;

/// `2^104 = -2^8`, as `2^96 = -1`.
const TOP_SHIFT: u32 = 104 - 96;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The CPU has AVX-512 F, DQ and IFMA.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

/// Elements as limbs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limbs {
    low: __m512i,
    high: __m512i,
}

/// Sums of products.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    w0: __m512i,
    w1: __m512i,
    w2: __m512i,
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(value: u64) -> __m512i {
    _mm512_set1_epi64(value as i64)
}

/// `x + y`, both canonical.
#[inline]
#[target_feature(enable = "avx512f")]
fn add(x: __m512i, y: __m512i) -> __m512i {
    let p = splat(P);
    // x + y = x - (p - y), which needs no 65th bit.
    let complement = _mm512_sub_epi64(p, y);
    let difference = _mm512_sub_epi64(x, complement);
    let borrow = _mm512_cmplt_epu64_mask(x, complement);
    _mm512_mask_add_epi64(difference, borrow, difference, p)
}

/// `x - y`, both canonical.
#[inline]
#[target_feature(enable = "avx512f")]
fn sub(x: __m512i, y: __m512i) -> __m512i {
    let difference = _mm512_sub_epi64(x, y);
    let borrow = _mm512_cmplt_epu64_mask(x, y);
    _mm512_mask_add_epi64(difference, borrow, difference, splat(P))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn limbs(x: __m512i) -> Limbs {
    Limbs {
        low: _mm512_and_si512(x, splat(LIMB)),
        high: _mm512_srli_epi64::<52>(x),
    }
}

/// `acc + x y`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn mac(acc: Sums, x: Limbs, y: Limbs) -> Sums {
    let w0 = _mm512_madd52lo_epu64(acc.w0, x.low, y.low);
    let w1 = _mm512_madd52hi_epu64(acc.w1, x.low, y.low);
    let w1 = _mm512_madd52lo_epu64(w1, x.low, y.high);
    let w1 = _mm512_madd52lo_epu64(w1, x.high, y.low);
    let w2 = _mm512_madd52hi_epu64(acc.w2, x.low, y.high);
    let w2 = _mm512_madd52hi_epu64(w2, x.high, y.low);
    // The product of the high limbs has 24 bits.
    let w2 = _mm512_madd52lo_epu64(w2, x.high, y.high);
    Sums { w0, w1, w2 }
}

/// The same class with `w0 < 2^53`, `w1 < 2^53` and `w2 = 0`.
#[inline]
#[target_feature(enable = "avx512f")]
fn settle(acc: Sums) -> Sums {
    let limb = splat(LIMB);
    let w1 = _mm512_add_epi64(acc.w1, _mm512_srli_epi64::<52>(acc.w0));
    let w2 = _mm512_add_epi64(acc.w2, _mm512_srli_epi64::<52>(w1));
    let (w0, w1) = (_mm512_and_si512(acc.w0, limb), _mm512_and_si512(w1, limb));
    // Plus p less 2^8 w2, which is below 2^42 and so below p's low limb.
    let less = _mm512_sub_epi64(splat(P & LIMB), _mm512_slli_epi64::<TOP_SHIFT>(w2));
    Sums {
        w0: _mm512_add_epi64(w0, less),
        w1: _mm512_add_epi64(w1, splat(P >> 52)),
        w2: _mm512_setzero_si512(),
    }
}

/// The canonical element of a sum; `w2 < 2^36`.
#[inline]
#[target_feature(enable = "avx512f")]
fn reduce(acc: Sums) -> __m512i {
    // w0 + 2^52 w1 = low + 2^64 high with high <= 2^52.
    let low = _mm512_add_epi64(acc.w0, _mm512_slli_epi64::<52>(acc.w1));
    let carry = _mm512_cmplt_epu64_mask(low, acc.w0);
    let high = _mm512_srli_epi64::<12>(acc.w1);
    let high = _mm512_mask_add_epi64(high, carry, high, splat(1));
    // high = middle + 2^32 top, and 2^96 = -1. What is subtracted is below 2^45: adding p after a
    // borrow, which is subtracting 2^64 - p, does not borrow again.
    let top = _mm512_srli_epi64::<32>(high);
    let less = _mm512_add_epi64(top, _mm512_slli_epi64::<TOP_SHIFT>(acc.w2));
    let rest = _mm512_sub_epi64(low, less);
    let borrow = _mm512_cmplt_epu64_mask(low, less);
    let rest = _mm512_mask_add_epi64(rest, borrow, rest, splat(P));
    // 2^64 middle = (2^32 - 1) middle. After a carry the sum is at most 2^64 - 2^33: no other carry.
    let middle = _mm512_and_si512(high, splat(EPSILON));
    let middle = _mm512_sub_epi64(_mm512_slli_epi64::<32>(high), middle);
    let sum = _mm512_add_epi64(rest, middle);
    let carry = _mm512_cmplt_epu64_mask(sum, middle);
    let sum = _mm512_mask_add_epi64(sum, carry, sum, splat(EPSILON));
    // Below p, subtracting p wraps to more.
    _mm512_min_epu64(sum, _mm512_sub_epi64(sum, splat(P)))
}

/// `x + non-residue * y`, limb by limb.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn with_non_residue(x: Sums, y: Sums) -> Sums {
    const { assert!(GoldilocksExt2::NON_RESIDUE.value() < 8) };
    let factor = splat(GoldilocksExt2::NON_RESIDUE.value());
    Sums {
        w0: _mm512_add_epi64(x.w0, _mm512_mullo_epi64(y.w0, factor)),
        w1: _mm512_add_epi64(x.w1, _mm512_mullo_epi64(y.w1, factor)),
        w2: _mm512_add_epi64(x.w2, _mm512_mullo_epi64(y.w2, factor)),
    }
}

impl Vector for Avx512 {
    type U = __m512i;
    type Factor = Limbs;
    type Acc = Sums;
    const RUN: usize = 256;

    #[inline(always)]
    fn load(self, lanes: &[u64; WIDTH]) -> __m512i {
        // SAFETY: the array is 64 bytes; the token is made where the CPU was found to have the features.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    fn store(self, u: __m512i) -> [u64; WIDTH] {
        // SAFETY: both are 64 bytes without invalid values.
        unsafe { core::mem::transmute::<__m512i, [u64; WIDTH]>(u) }
    }
    #[inline(always)]
    fn splat(self, value: u64) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { splat(value) }
    }
    #[inline(always)]
    fn add(self, x: __m512i, y: __m512i) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { add(x, y) }
    }
    #[inline(always)]
    fn sub(self, x: __m512i, y: __m512i) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { sub(x, y) }
    }
    #[inline(always)]
    fn keep(self, x: __m512i, lanes: u8) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_maskz_mov_epi64(lanes, x) }
    }
    #[inline(always)]
    fn factor(self, x: __m512i) -> Limbs {
        // SAFETY: as in `load`.
        unsafe { limbs(x) }
    }
    #[inline(always)]
    fn sum_of(self, x: __m512i) -> Sums {
        // SAFETY: as in `load`.
        let Limbs { low, high } = unsafe { limbs(x) };
        let w2 = self.splat(0);
        Sums {
            w0: low,
            w1: high,
            w2,
        }
    }
    #[inline(always)]
    fn mac(self, acc: Sums, x: Limbs, y: Limbs) -> Sums {
        // SAFETY: as in `load`.
        unsafe { mac(acc, x, y) }
    }
    #[inline(always)]
    fn settle(self, acc: Sums) -> Sums {
        // SAFETY: as in `load`.
        unsafe { settle(acc) }
    }
    #[inline(always)]
    fn reduce(self, acc: Sums) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { reduce(acc) }
    }
    #[inline(always)]
    fn reduce_with_non_residue(self, x: Sums, y: Sums) -> __m512i {
        // SAFETY: as in `load`.
        self.reduce(unsafe { with_non_residue(x, y) })
    }
}
