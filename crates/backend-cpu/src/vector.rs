//! Sixteen lanes of 32 bits, also seen as eight of 64: the same operations at every SIMD level.
//!
//! A lane operation is one instruction (two of half the width with AVX2); nothing here knows a field.
//!
//! An intrinsic is inlined only into code compiled for its level. So everything between a kernel and
//! an intrinsic is `#[inline(always)]`: no closures, no `array::map`.

/// The operations of a level. A value of the implementing type proves that the CPU has the level.
pub(crate) trait Vector: Copy + Send + Sync {
    /// The lanes.
    type U: Copy;

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
    /// The low halves of 64-bit lanes, those of `even` in even places, those of `odd` in odd ones.
    fn merge_low(self, even: Self::U, odd: Self::U) -> Self::U;
    /// The high halves of 64-bit lanes, placed likewise.
    fn merge_high(self, even: Self::U, odd: Self::U) -> Self::U;
    /// Sums of pairs of 64-bit lanes: `x01, y01, x23, y23, ...`.
    fn pair_sums(self, x: Self::U, y: Self::U) -> Self::U;
    /// Sums of pairs of 128-bit units: `x01, x23, y01, y23`.
    fn unit_sums(self, x: Self::U, y: Self::U) -> Self::U;

    /// Four 64-bit lanes.
    type Q: Copy;
    /// 32-bit words as 64-bit lanes.
    fn q_widen(self, words: &[u32; 4]) -> Self::Q;
    fn q_store(self, q: Self::Q) -> [u64; 4];
    /// The same in every 64-bit lane.
    fn q_splat(self, value: u32) -> Self::Q;
    fn q_add(self, x: Self::Q, y: Self::Q) -> Self::Q;
    fn q_and(self, x: Self::Q, y: Self::Q) -> Self::Q;
    /// Shifted right by 31.
    fn q_shr31(self, x: Self::Q) -> Self::Q;
    /// Products of the low halves.
    fn q_mul(self, x: Self::Q, y: Self::Q) -> Self::Q;
}

/// What the target guarantees: loops over arrays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

type Words = [u64; 8];

const LOW: u64 = 0xffff_ffff;

/// Both 32-bit halves of every word through `f`.
#[inline(always)]
fn halves(x: Words, y: Words, f: impl Fn(u32, u32) -> u32) -> Words {
    core::array::from_fn(|i| {
        let low = f(x[i] as u32, y[i] as u32);
        let high = f((x[i] >> 32) as u32, (y[i] >> 32) as u32);
        u64::from(high) << 32 | u64::from(low)
    })
}

impl Vector for Portable {
    type U = Words;

    #[inline(always)]
    fn load(self, lanes: &[u32; 16]) -> Words {
        core::array::from_fn(|i| u64::from(lanes[2 * i + 1]) << 32 | u64::from(lanes[2 * i]))
    }
    #[inline(always)]
    fn store(self, u: Words) -> [u32; 16] {
        core::array::from_fn(|i| (u[i / 2] >> (32 * (i % 2))) as u32)
    }
    #[inline(always)]
    fn splat(self, value: u32) -> Words {
        [u64::from(value) << 32 | u64::from(value); 8]
    }
    #[inline(always)]
    fn splat64(self, value: u64) -> Words {
        [value; 8]
    }
    #[inline(always)]
    fn and(self, x: Words, y: Words) -> Words {
        core::array::from_fn(|i| x[i] & y[i])
    }
    #[inline(always)]
    fn add32(self, x: Words, y: Words) -> Words {
        halves(x, y, u32::wrapping_add)
    }
    #[inline(always)]
    fn sub32(self, x: Words, y: Words) -> Words {
        halves(x, y, u32::wrapping_sub)
    }
    #[inline(always)]
    fn min32(self, x: Words, y: Words) -> Words {
        halves(x, y, Ord::min)
    }
    #[inline(always)]
    fn add64(self, x: Words, y: Words) -> Words {
        core::array::from_fn(|i| x[i].wrapping_add(y[i]))
    }
    #[inline(always)]
    fn times4(self, x: Words) -> Words {
        x.map(|x| x << 2)
    }
    #[inline(always)]
    fn shr31(self, x: Words) -> Words {
        x.map(|x| x >> 31)
    }
    #[inline(always)]
    fn odd(self, x: Words) -> Words {
        x.map(|x| x >> 32)
    }
    #[inline(always)]
    fn mul_even(self, x: Words, y: Words) -> Words {
        core::array::from_fn(|i| (x[i] & LOW) * (y[i] & LOW))
    }
    #[inline(always)]
    fn merge_low(self, even: Words, odd: Words) -> Words {
        core::array::from_fn(|i| even[i] & LOW | odd[i] << 32)
    }
    #[inline(always)]
    fn merge_high(self, even: Words, odd: Words) -> Words {
        core::array::from_fn(|i| even[i] >> 32 | odd[i] & !LOW)
    }
    #[inline(always)]
    fn pair_sums(self, x: Words, y: Words) -> Words {
        core::array::from_fn(|i| {
            let from = if i % 2 == 0 { &x } else { &y };
            from[i & !1].wrapping_add(from[i | 1])
        })
    }
    #[inline(always)]
    fn unit_sums(self, x: Words, y: Words) -> Words {
        core::array::from_fn(|i| {
            let from = if i < 4 { &x } else { &y };
            let first = i / 2 % 2 * 4 + i % 2;
            from[first].wrapping_add(from[first + 2])
        })
    }

    type Q = [u64; 4];

    #[inline(always)]
    fn q_widen(self, words: &[u32; 4]) -> [u64; 4] {
        words.map(u64::from)
    }
    #[inline(always)]
    fn q_store(self, q: [u64; 4]) -> [u64; 4] {
        q
    }
    #[inline(always)]
    fn q_splat(self, value: u32) -> [u64; 4] {
        [value.into(); 4]
    }
    #[inline(always)]
    fn q_add(self, x: [u64; 4], y: [u64; 4]) -> [u64; 4] {
        core::array::from_fn(|i| x[i].wrapping_add(y[i]))
    }
    #[inline(always)]
    fn q_and(self, x: [u64; 4], y: [u64; 4]) -> [u64; 4] {
        core::array::from_fn(|i| x[i] & y[i])
    }
    #[inline(always)]
    fn q_shr31(self, x: [u64; 4]) -> [u64; 4] {
        x.map(|x| x >> 31)
    }
    #[inline(always)]
    fn q_mul(self, x: [u64; 4], y: [u64; 4]) -> [u64; 4] {
        core::array::from_fn(|i| (x[i] & LOW) * (y[i] & LOW))
    }
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

/// The operations on four lanes, in one AVX2 register.
#[cfg(target_arch = "x86_64")]
macro_rules! four_lanes {
    () => {
        type Q = __m256i;

        #[inline(always)]
        fn q_widen(self, words: &[u32; 4]) -> __m256i {
            // SAFETY: the array is 16 bytes; SSE2 is part of the target.
            let words = unsafe { _mm_loadu_si128(words.as_ptr().cast()) };
            // SAFETY: the token is made where the CPU was found to have AVX2.
            unsafe { _mm256_cvtepu32_epi64(words) }
        }
        #[inline(always)]
        fn q_store(self, q: __m256i) -> [u64; 4] {
            // SAFETY: both are 32 bytes without invalid values.
            unsafe { core::mem::transmute::<__m256i, [u64; 4]>(q) }
        }
        #[inline(always)]
        fn q_splat(self, value: u32) -> __m256i {
            // SAFETY: as above.
            unsafe { _mm256_set1_epi64x(value.into()) }
        }
        #[inline(always)]
        fn q_add(self, x: __m256i, y: __m256i) -> __m256i {
            // SAFETY: as above.
            unsafe { _mm256_add_epi64(x, y) }
        }
        #[inline(always)]
        fn q_and(self, x: __m256i, y: __m256i) -> __m256i {
            // SAFETY: as above.
            unsafe { _mm256_and_si256(x, y) }
        }
        #[inline(always)]
        fn q_shr31(self, x: __m256i) -> __m256i {
            // SAFETY: as above.
            unsafe { _mm256_srli_epi64::<31>(x) }
        }
        #[inline(always)]
        fn q_mul(self, x: __m256i, y: __m256i) -> __m256i {
            // SAFETY: as above.
            unsafe { _mm256_mul_epu32(x, y) }
        }
    };
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
            merge_low(even, odd) = _mm512_mask_shuffle_epi32::<0xa0>(even, 0xaaaa, odd);
            merge_high(even, odd) = _mm512_mask_shuffle_epi32::<0xf5>(odd, 0x5555, even);
            pair_sums(x, y) = pair_sums(x, y);
            unit_sums(x, y) = unit_sums(x, y);
        }
        four_lanes!();
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
            merge_low(even, odd) = merged::<false>(even, odd);
            merge_high(even, odd) = merged::<true>(even, odd);
            pair_sums(x, y) = pair_sums(x, y);
        }
        #[inline(always)]
        fn unit_sums(self, x: Self::U, y: Self::U) -> Self::U {
            // SAFETY: as in the other methods.
            let low = unsafe { unit_sums(x[0], x[1]) };
            // SAFETY: as in the other methods.
            let high = unsafe { unit_sums(y[0], y[1]) };
            [low, high]
        }
        four_lanes!();
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
