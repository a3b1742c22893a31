//! The operations of AVX-512 that BN254 needs, on eight lanes of 64 bits.
//!
//! An intrinsic is inlined only into code compiled for its level. So everything between a kernel and
//! an intrinsic is `#[inline(always)]`: no closures, no `array::map`.

use core::arch::x86_64::*;

/// Eight lanes.
pub(super) type U = __m512i;

/// Proves that the CPU has the level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

/// Methods that are one intrinsic each.
macro_rules! intrinsics {
    ($($(#[$doc:meta])* $name:ident $(<$n:ident>)? ($($arg:ident),*) = $call:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name $(<const $n: u32>)? (self, $($arg: U),*) -> U {
            // SAFETY: the token is made where the CPU was found to have the features.
            unsafe { $call }
        }
    )*};
}

impl Ifma {
    /// # Safety
    /// The CPU has AVX-512 F, VL, IFMA and VBMI2.
    pub(super) const unsafe fn new() -> Self {
        Self(())
    }

    intrinsics! {
        /// `acc` and the low 52 bits of the product of the low 52 bits.
        low(acc, x, y) = _mm512_madd52lo_epu64(acc, x, y);
        /// `acc` and the high 52 bits of the product of the low 52 bits.
        high(acc, x, y) = _mm512_madd52hi_epu64(acc, x, y);
        /// Wrapping sums.
        add64(x, y) = _mm512_add_epi64(x, y);
        /// Wrapping differences.
        sub64(x, y) = _mm512_sub_epi64(x, y);
        /// Bitwise and.
        and(x, y) = _mm512_and_si512(x, y);
        /// Shifted right.
        shr<N>(x) = _mm512_srli_epi64::<N>(x);
        /// Shifted left.
        shl<N>(x) = _mm512_slli_epi64::<N>(x);
        /// `x` at the places, modulo 8, in `at`.
        pick(x, at) = _mm512_permutexvar_epi64(at, x);
        /// `x0 y0 x2 y2 x4 y4 x6 y6`.
        evens(x, y) = _mm512_unpacklo_epi64(x, y);
        /// `x1 y1 x3 y3 x5 y5 x7 y7`.
        odds(x, y) = _mm512_unpackhi_epi64(x, y);
        /// `x01 x45 y01 y45`.
        even_pairs(x, y) = _mm512_shuffle_i64x2::<0x88>(x, y);
        /// `x23 x67 y23 y67`.
        odd_pairs(x, y) = _mm512_shuffle_i64x2::<0xdd>(x, y);
    }

    /// The low words of `high 2^64 + low` shifted right.
    #[inline(always)]
    pub(super) fn shr_pair<const N: i32>(self, low: U, high: U) -> U {
        // SAFETY: as in the other methods.
        unsafe { _mm512_shrdi_epi64::<N>(low, high) }
    }

    /// The high words of `high 2^64 + low` shifted left.
    #[inline(always)]
    pub(super) fn shl_pair<const N: i32>(self, low: U, high: U) -> U {
        // SAFETY: as in the other methods.
        unsafe { _mm512_shldi_epi64::<N>(high, low) }
    }

    #[inline(always)]
    pub(super) fn load_words(self, lanes: &[u64; 8]) -> U {
        // SAFETY: the array is 64 bytes; the token as in the other methods.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }

    #[inline(always)]
    pub(super) fn store_words(self, u: U) -> [u64; 8] {
        // SAFETY: both are 64 bytes without invalid values.
        unsafe { core::mem::transmute::<U, [u64; 8]>(u) }
    }

    /// The same in every lane.
    #[inline(always)]
    pub(super) fn splat_word(self, value: u64) -> U {
        // SAFETY: as in the other methods.
        unsafe { _mm512_set1_epi64(value as i64) }
    }

    /// The lanes whose bits are set, and zero in the others.
    #[inline(always)]
    pub(super) fn keep_lanes(self, x: U, lanes: u32) -> U {
        // SAFETY: as in the other methods.
        unsafe { _mm512_maskz_mov_epi64(lanes as u8, x) }
    }

    /// The words at some places.
    ///
    /// # Safety
    /// Every place is below the number of words, and below `2^31`.
    #[inline(always)]
    pub(super) unsafe fn gather_words(self, words: &[u64], at: &[u32; 8]) -> U {
        // SAFETY: both are 32 bytes without invalid values.
        let at = unsafe { core::mem::transmute::<[u32; 8], __m256i>(*at) };
        // SAFETY: the places are the caller's promise; the token as in the other methods.
        unsafe { _mm512_i32gather_epi64::<8>(at, words.as_ptr().cast()) }
    }

    /// Asks for a cache line that will be read soon.
    #[inline(always)]
    pub(super) fn prefetch_line(self, lanes: &[u64; 8]) {
        // SAFETY: a prefetch reads nothing; SSE is part of the target.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(lanes.as_ptr().cast()) }
    }
}
