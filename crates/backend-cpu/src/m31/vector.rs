//! Sixteen lanes of 32 bits, also seen as eight of 64: the same operations at every level with vectors.
//!
//! A lane operation is one instruction (two of half the width with AVX2); nothing here knows a field.
//!
//! An intrinsic is inlined only into code compiled for its level. So everything between a kernel and
//! an intrinsic is `#[inline(always)]`: no closures, no `array::map`.

/// The operations of a level. A value of the implementing type proves that the CPU has the level.
pub(crate) trait Vector: Copy + Send + Sync {
    /// The lanes.
    type U: Copy + Send + Sync;

    fn load(self, lanes: &[u32; 16]) -> Self::U;
    fn store(self, u: Self::U) -> [u32; 16];
    /// The same in every 32-bit lane.
    fn splat(self, value: u32) -> Self::U;
    /// The same in every 64-bit lane.
    fn splat64(self, value: u64) -> Self::U;
    fn and(self, x: Self::U, y: Self::U) -> Self::U;
    /// Wrapping sums of 32-bit lanes.
    fn add32(self, x: Self::U, y: Self::U) -> Self::U;
    /// Wrapping differences of 32-bit lanes.
    fn sub32(self, x: Self::U, y: Self::U) -> Self::U;
    /// Minima of unsigned 32-bit lanes.
    fn min32(self, x: Self::U, y: Self::U) -> Self::U;
    /// Wrapping sums of 64-bit lanes.
    fn add64(self, x: Self::U, y: Self::U) -> Self::U;
    /// 64-bit lanes shifted left by 2.
    fn times4(self, x: Self::U) -> Self::U;
    /// 64-bit lanes shifted right by 31.
    fn shr31(self, x: Self::U) -> Self::U;
    /// 64-bit lanes shifted right by 32: odd 32-bit lanes move to even places.
    fn odd(self, x: Self::U) -> Self::U;
    /// Products of the even 32-bit lanes as 64-bit lanes.
    fn mul_even(self, x: Self::U, y: Self::U) -> Self::U;
    /// The same of signed lanes.
    fn mul_even_signed(self, x: Self::U, y: Self::U) -> Self::U;
    /// The low halves of 64-bit lanes, those of `even` in even places, those of `odd` in odd ones.
    fn merge_low(self, even: Self::U, odd: Self::U) -> Self::U;
    /// The high halves of 64-bit lanes, placed likewise.
    fn merge_high(self, even: Self::U, odd: Self::U) -> Self::U;
    /// Sums of pairs of 64-bit lanes: `x01, y01, x23, y23, ...`.
    fn pair_sums(self, x: Self::U, y: Self::U) -> Self::U;
    /// Sums of pairs of 128-bit units: `x01, x23, y01, y23`.
    fn unit_sums(self, x: Self::U, y: Self::U) -> Self::U;

    /// The 32-bit lanes whose bits are set, and zero in the others.
    fn keep(self, x: Self::U, lanes: u32) -> Self::U;
    /// The words at the places in `at`.
    ///
    /// # Safety
    /// Every lane of `at` is below the number of words, and below `2^31`.
    unsafe fn gather(self, words: &[u32], at: Self::U) -> Self::U;
    /// The little-endian words that begin at the bytes in `at`.
    ///
    /// # Safety
    /// Every lane of `at` is four bytes before the end or earlier, and below `2^31`.
    unsafe fn gather_bytes(self, bytes: &[u8], at: Self::U) -> Self::U;
    /// Every 32-bit lane shifted right by 8 times `by`, which is at most 3.
    fn shr_bytes(self, x: Self::U, by: Self::U) -> Self::U;
    /// Every 32-bit lane shifted left by the same number of bits, below 32.
    fn shl(self, x: Self::U, by: u32) -> Self::U;
    /// Which unsigned 32-bit lanes of `x` are less than those of `y`, a bit each.
    fn less32(self, x: Self::U, y: Self::U) -> u32;
    /// Asks for a cache line that will be read soon.
    fn prefetch(self, lanes: &[u32; 16]);
}

/// Methods that are one intrinsic each.
#[cfg(target_arch = "x86_64")]
macro_rules! intrinsics {
    ($($name:ident($($arg:ident),*) = $call:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: Self::U),*) -> Self::U {
            // SAFETY: the token is made where the CPU was found to have the features.
            unsafe { $call }
        }
    )*};
}

/// AVX-512.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::Vector;
    use core::arch::x86_64::*;

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        /// # Safety
        /// The CPU has AVX-512 F, BW, DQ and VL.
        pub(crate) const unsafe fn new() -> Self {
            Self(())
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn pair_sums(x: __m512i, y: __m512i) -> __m512i {
        _mm512_add_epi64(_mm512_unpacklo_epi64(x, y), _mm512_unpackhi_epi64(x, y))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn unit_sums(x: __m512i, y: __m512i) -> __m512i {
        let first = _mm512_shuffle_i64x2::<0x88>(x, y);
        _mm512_add_epi64(first, _mm512_shuffle_i64x2::<0xdd>(x, y))
    }

    impl Vector for Avx512 {
        type U = __m512i;

        #[inline(always)]
        fn load(self, lanes: &[u32; 16]) -> __m512i {
            // SAFETY: the array is 64 bytes; the token as in the other methods.
            unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
        }
        #[inline(always)]
        fn store(self, u: __m512i) -> [u32; 16] {
            // SAFETY: both are 64 bytes without invalid values.
            unsafe { core::mem::transmute::<__m512i, [u32; 16]>(u) }
        }
        #[inline(always)]
        fn splat(self, value: u32) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { _mm512_set1_epi32(value as i32) }
        }
        #[inline(always)]
        fn splat64(self, value: u64) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { _mm512_set1_epi64(value as i64) }
        }
        intrinsics! {
            and(x, y) = _mm512_and_si512(x, y);
            add32(x, y) = _mm512_add_epi32(x, y);
            sub32(x, y) = _mm512_sub_epi32(x, y);
            min32(x, y) = _mm512_min_epu32(x, y);
            add64(x, y) = _mm512_add_epi64(x, y);
            times4(x) = _mm512_slli_epi64::<2>(x);
            shr31(x) = _mm512_srli_epi64::<31>(x);
            odd(x) = _mm512_srli_epi64::<32>(x);
            mul_even(x, y) = _mm512_mul_epu32(x, y);
            mul_even_signed(x, y) = _mm512_mul_epi32(x, y);
            merge_low(even, odd) = _mm512_mask_shuffle_epi32::<0xa0>(even, 0xaaaa, odd);
            merge_high(even, odd) = _mm512_mask_shuffle_epi32::<0xf5>(odd, 0x5555, even);
            pair_sums(x, y) = pair_sums(x, y);
            unit_sums(x, y) = unit_sums(x, y);
        }
        #[inline(always)]
        fn keep(self, x: __m512i, lanes: u32) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { _mm512_maskz_mov_epi32(lanes as u16, x) }
        }
        #[inline(always)]
        unsafe fn gather(self, words: &[u32], at: __m512i) -> __m512i {
            // SAFETY: the places are the caller's promise; the token as in the other methods.
            unsafe { _mm512_i32gather_epi32::<4>(at, words.as_ptr().cast()) }
        }
        #[inline(always)]
        unsafe fn gather_bytes(self, bytes: &[u8], at: __m512i) -> __m512i {
            // SAFETY: the places are the caller's promise; the token as in the other methods.
            unsafe { _mm512_i32gather_epi32::<1>(at, bytes.as_ptr().cast()) }
        }
        #[inline(always)]
        fn shr_bytes(self, x: __m512i, by: __m512i) -> __m512i {
            // SAFETY: as in the other methods.
            let bits = unsafe { _mm512_slli_epi32::<3>(by) };
            // SAFETY: as in the other methods.
            unsafe { _mm512_srlv_epi32(x, bits) }
        }
        #[inline(always)]
        fn shl(self, x: __m512i, by: u32) -> __m512i {
            // SAFETY: as in the other methods.
            let by = unsafe { _mm_cvtsi32_si128(by as i32) };
            // SAFETY: as in the other methods.
            unsafe { _mm512_sll_epi32(x, by) }
        }
        #[inline(always)]
        fn less32(self, x: __m512i, y: __m512i) -> u32 {
            // SAFETY: as in the other methods.
            unsafe { _mm512_cmplt_epu32_mask(x, y) }.into()
        }
        #[inline(always)]
        fn prefetch(self, lanes: &[u32; 16]) {
            // SAFETY: a prefetch reads nothing; SSE is part of the target.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(lanes.as_ptr().cast()) }
        }
    }
}

/// AVX2: two registers.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Vector;
    use core::arch::x86_64::*;

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        /// # Safety
        /// The CPU has AVX2.
        pub(crate) const unsafe fn new() -> Self {
            Self(())
        }
    }

    /// Methods that are one intrinsic on each half.
    macro_rules! by_halves {
        ($($name:ident($($arg:ident),*) = $call:expr;)*) => {$(
            #[inline(always)]
            fn $name(self, $($arg: Self::U),*) -> Self::U {
                let low = {
                    $(let $arg = $arg[0];)*
                    // SAFETY: the token is made where the CPU was found to have AVX2.
                    unsafe { $call }
                };
                let high = {
                    $(let $arg = $arg[1];)*
                    // SAFETY: as above.
                    unsafe { $call }
                };
                [low, high]
            }
        )*};
    }

    impl Vector for Avx2 {
        type U = [__m256i; 2];

        #[inline(always)]
        fn load(self, lanes: &[u32; 16]) -> Self::U {
            // SAFETY: both are 64 bytes without invalid values.
            unsafe { core::mem::transmute::<[u32; 16], [__m256i; 2]>(*lanes) }
        }
        #[inline(always)]
        fn store(self, u: Self::U) -> [u32; 16] {
            // SAFETY: both are 64 bytes without invalid values.
            unsafe { core::mem::transmute::<[__m256i; 2], [u32; 16]>(u) }
        }
        #[inline(always)]
        fn splat(self, value: u32) -> Self::U {
            // SAFETY: as in the other methods.
            [unsafe { _mm256_set1_epi32(value as i32) }; 2]
        }
        #[inline(always)]
        fn splat64(self, value: u64) -> Self::U {
            // SAFETY: as in the other methods.
            [unsafe { _mm256_set1_epi64x(value as i64) }; 2]
        }
        by_halves! {
            and(x, y) = _mm256_and_si256(x, y);
            add32(x, y) = _mm256_add_epi32(x, y);
            sub32(x, y) = _mm256_sub_epi32(x, y);
            min32(x, y) = _mm256_min_epu32(x, y);
            add64(x, y) = _mm256_add_epi64(x, y);
            times4(x) = _mm256_slli_epi64::<2>(x);
            shr31(x) = _mm256_srli_epi64::<31>(x);
            odd(x) = _mm256_srli_epi64::<32>(x);
            mul_even(x, y) = _mm256_mul_epu32(x, y);
            mul_even_signed(x, y) = _mm256_mul_epi32(x, y);
            merge_low(even, odd) = merged::<false>(even, odd);
            merge_high(even, odd) = merged::<true>(even, odd);
            pair_sums(x, y) = pair_sums(x, y);
            shr_bytes(x, by) = shr_bytes(x, by);
        }
        #[inline(always)]
        fn unit_sums(self, x: Self::U, y: Self::U) -> Self::U {
            // SAFETY: as in the other methods.
            let low = unsafe { unit_sums(x[0], x[1]) };
            // SAFETY: as in the other methods.
            let high = unsafe { unit_sums(y[0], y[1]) };
            [low, high]
        }
        #[inline(always)]
        fn keep(self, x: Self::U, lanes: u32) -> Self::U {
            // SAFETY: as in the other methods.
            let low = unsafe { keep(x[0], lanes) };
            // SAFETY: as in the other methods.
            let high = unsafe { keep(x[1], lanes >> 8) };
            [low, high]
        }
        #[inline(always)]
        unsafe fn gather(self, words: &[u32], at: Self::U) -> Self::U {
            let words = words.as_ptr().cast();
            // SAFETY: the places are the caller's promise; the token as in the other methods.
            let low = unsafe { _mm256_i32gather_epi32::<4>(words, at[0]) };
            // SAFETY: as above.
            let high = unsafe { _mm256_i32gather_epi32::<4>(words, at[1]) };
            [low, high]
        }
        #[inline(always)]
        unsafe fn gather_bytes(self, bytes: &[u8], at: Self::U) -> Self::U {
            let bytes = bytes.as_ptr().cast();
            // SAFETY: the places are the caller's promise; the token as in the other methods.
            let low = unsafe { _mm256_i32gather_epi32::<1>(bytes, at[0]) };
            // SAFETY: as above.
            let high = unsafe { _mm256_i32gather_epi32::<1>(bytes, at[1]) };
            [low, high]
        }
        #[inline(always)]
        fn shl(self, x: Self::U, by: u32) -> Self::U {
            // SAFETY: as in the other methods.
            let by = unsafe { _mm_cvtsi32_si128(by as i32) };
            // SAFETY: as in the other methods.
            let low = unsafe { _mm256_sll_epi32(x[0], by) };
            // SAFETY: as in the other methods.
            let high = unsafe { _mm256_sll_epi32(x[1], by) };
            [low, high]
        }
        #[inline(always)]
        fn less32(self, x: Self::U, y: Self::U) -> u32 {
            // SAFETY: as in the other methods.
            let low = unsafe { less32(x[0], y[0]) };
            // SAFETY: as in the other methods.
            let high = unsafe { less32(x[1], y[1]) };
            high << 8 | low
        }
        #[inline(always)]
        fn prefetch(self, lanes: &[u32; 16]) {
            // SAFETY: a prefetch reads nothing; SSE is part of the target.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(lanes.as_ptr().cast()) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn shr_bytes(x: __m256i, by: __m256i) -> __m256i {
        _mm256_srlv_epi32(x, _mm256_slli_epi32::<3>(by))
    }

    /// Which of the eight unsigned lanes of `x` are less than those of `y`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn less32(x: __m256i, y: __m256i) -> u32 {
        let not_less = _mm256_cmpeq_epi32(_mm256_max_epu32(x, y), x);
        !_mm256_movemask_ps(_mm256_castsi256_ps(not_less)) as u32 & 0xff
    }

    /// The eight lanes whose bits are set.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn keep(x: __m256i, lanes: u32) -> __m256i {
        let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let set = _mm256_and_si256(_mm256_set1_epi32(lanes as i32), bits);
        _mm256_and_si256(x, _mm256_cmpeq_epi32(set, bits))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn pair_sums(x: __m256i, y: __m256i) -> __m256i {
        _mm256_add_epi64(_mm256_unpacklo_epi64(x, y), _mm256_unpackhi_epi64(x, y))
    }

    /// Sums of the pairs of units of two registers.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn unit_sums(x: __m256i, y: __m256i) -> __m256i {
        let first = _mm256_permute2x128_si256::<0x20>(x, y);
        _mm256_add_epi64(first, _mm256_permute2x128_si256::<0x31>(x, y))
    }

    /// The high or low halves of 64-bit lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn merged<const HIGH: bool>(even: __m256i, odd: __m256i) -> __m256i {
        match HIGH {
            true => _mm256_blend_epi32::<0xaa>(_mm256_srli_epi64::<32>(even), odd),
            false => _mm256_blend_epi32::<0xaa>(even, _mm256_slli_epi64::<32>(odd)),
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use {avx2::Avx2, avx512::Avx512};
