//! Four elements of GF(2^128) in x86 registers.

use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_storeu_si128};
use core::mem::MaybeUninit;

use super::blocks::WIDTH;
use super::clmul::Clmul;

/// Methods that are one expression of intrinsics each.
macro_rules! intrinsics {
    ($($name:ident($($arg:ident),*) = $call:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: Self::U),*) -> Self::U {
            // SAFETY: the token is made where the CPU was found to have the features.
            unsafe { $call }
        }
    )*};
}

/// Gates of a block of rows whose prefix sums are kept; more are summed row by row.
const GATES: usize = 128;

/// As [`Vector::row_sums`](super::Vector::row_sums).
///
/// Rows are differences of prefix sums: a loop over each row's gates would end where no branch
/// predictor expects it, at several times the cost of the row.
// A function of its own: the loops need few registers, and kernels have none left.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn row_sums(list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]) {
    use core::arch::x86_64::{_mm_setzero_si128, _mm_xor_si128};
    let start = ends[0] as usize;
    let here = &at[start..ends[ends.len() - 1] as usize];
    if here.len() > GATES {
        for (out, ends) in sums.iter_mut().zip(ends.windows(2)) {
            let mut sum = _mm_setzero_si128();
            for &at in &at[ends[0] as usize..ends[1] as usize] {
                sum = _mm_xor_si128(sum, element(&list[at as usize]));
            }
            set_element(out, sum);
        }
        return;
    }
    let mut prefixes = [MaybeUninit::uninit(); GATES + 1];
    let mut prefix = _mm_setzero_si128();
    prefixes[0].write(prefix);
    for (&at, out) in here.iter().zip(&mut prefixes[1..]) {
        prefix = _mm_xor_si128(prefix, element(&list[at as usize]));
        out.write(prefix);
    }
    // SAFETY: so many and one more have been written.
    let prefixes = unsafe { written(&prefixes, here.len() + 1) };
    for (out, ends) in sums.iter_mut().zip(ends.windows(2)) {
        let (before, after) = (ends[0] as usize - start, ends[1] as usize - start);
        set_element(out, _mm_xor_si128(prefixes[before], prefixes[after]));
    }
}

/// The first values of an array.
///
/// # Safety
/// As many values have been written.
#[inline(always)]
unsafe fn written<T>(values: &[MaybeUninit<T>], len: usize) -> &[T] {
    let values = &values[..len];
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(values.as_ptr().cast(), len) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn element(value: &u128) -> __m128i {
    let value: *const u128 = value;
    // SAFETY: an element is 16 bytes.
    unsafe { _mm_loadu_si128(value.cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn set_element(out: &mut u128, value: __m128i) {
    let out: *mut u128 = out;
    // SAFETY: an element is 16 bytes.
    unsafe { _mm_storeu_si128(out.cast(), value) }
}

/// AVX-512: one register.
mod avx512 {
    use super::{Clmul, WIDTH, element};
    use core::arch::x86_64::*;

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        /// # Safety
        /// The CPU has AVX-512 F, BW, DQ, VL, BMI2 and VPCLMULQDQ.
        pub(crate) const unsafe fn new() -> Self {
            Self(())
        }
    }

    /// Every bit of four twice: lanes as the halves of lanes.
    #[inline]
    #[target_feature(enable = "bmi2")]
    fn by_halves(lanes: u8) -> __mmask8 {
        (_pdep_u32(lanes.into(), 0x55) * 3) as u8
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn splat(value: &u128) -> __m512i {
        _mm512_broadcast_i32x4(element(value))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn pick(lanes: [&u128; 4]) -> __m512i {
        let [a, b, c, d] = lanes;
        let (a, b, c, d) = (element(a), element(b), element(c), element(d));
        let low = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a), b);
        let high = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(c), d);
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }

    #[inline]
    #[target_feature(enable = "avx512f,bmi2")]
    fn add_kept(x: __m512i, y: __m512i, lanes: u8) -> __m512i {
        _mm512_mask_xor_epi64(x, by_halves(lanes), x, y)
    }

    #[inline]
    #[target_feature(enable = "avx512f,bmi2")]
    fn keep(x: __m512i, lanes: u8) -> __m512i {
        _mm512_maskz_mov_epi64(by_halves(lanes), x)
    }

    impl Clmul for Avx512 {
        type U = __m512i;

        #[inline(always)]
        fn load(self, lanes: &[u128; 4]) -> __m512i {
            // SAFETY: the array is 64 bytes; the token as in the other methods.
            unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
        }
        #[inline(always)]
        fn store(self, v: [__m512i; 2]) -> [u128; WIDTH] {
            // SAFETY: both are 128 bytes without invalid values.
            unsafe { core::mem::transmute::<[__m512i; 2], [u128; WIDTH]>(v) }
        }
        #[inline(always)]
        fn splat(self, value: &u128) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { splat(value) }
        }
        #[inline(always)]
        fn pick(self, lanes: [&u128; 4]) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { pick(lanes) }
        }
        intrinsics! {
            add(x, y) = _mm512_xor_si512(x, y);
            add3(x, y, z) = _mm512_ternarylogic_epi64::<0x96>(x, y, z);
            low_low(x, y) = _mm512_clmulepi64_epi128::<0x00>(x, y);
            low_high(x, y) = _mm512_clmulepi64_epi128::<0x10>(x, y);
            high_low(x, y) = _mm512_clmulepi64_epi128::<0x01>(x, y);
            high_high(x, y) = _mm512_clmulepi64_epi128::<0x11>(x, y);
            lows(x, y) = _mm512_unpacklo_epi64(x, y);
            highs(x, y) = _mm512_unpackhi_epi64(x, y);
            up(x) = _mm512_bslli_epi128::<8>(x);
            down(x) = _mm512_bsrli_epi128::<8>(x);
        }
        #[inline(always)]
        fn add_kept(self, x: __m512i, y: __m512i, lanes: u8) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { add_kept(x, y, lanes) }
        }
        #[inline(always)]
        fn keep(self, x: __m512i, lanes: u8) -> __m512i {
            // SAFETY: as in the other methods.
            unsafe { keep(x, lanes) }
        }
        #[inline(always)]
        fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]) {
            // SAFETY: as in the other methods.
            unsafe { super::row_sums(list, ends, at, sums) }
        }
    }
}

/// AVX2: four registers, as its carry-less multiplication has one element at a time.
mod avx2 {
    use super::{Clmul, WIDTH, element};
    use core::arch::x86_64::*;

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        /// # Safety
        /// The CPU has AVX2 and PCLMULQDQ.
        pub(crate) const unsafe fn new() -> Self {
            Self(())
        }
    }

    /// Methods that are one intrinsic on each element.
    macro_rules! by_elements {
        ($($name:ident($($arg:ident),*) = $call:expr;)*) => {$(
            #[inline(always)]
            fn $name(self, $($arg: Self::U),*) -> Self::U {
                let mut out = self.zero();
                for (lane, out) in out.iter_mut().enumerate() {
                    $(let $arg = $arg[lane];)*
                    // SAFETY: the token is made where the CPU was found to have the features.
                    *out = unsafe { $call };
                }
                out
            }
        )*};
    }

    impl Avx2 {
        #[inline(always)]
        fn zero(self) -> [__m128i; 4] {
            // SAFETY: as in the other methods.
            [unsafe { _mm_setzero_si128() }; 4]
        }
    }

    /// The element if bit `lane` is set, or zero.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn keep(x: __m128i, lanes: u8, lane: usize) -> __m128i {
        let bit = i64::from(lanes >> lane & 1);
        _mm_and_si128(x, _mm_set1_epi64x(-bit))
    }

    impl Clmul for Avx2 {
        type U = [__m128i; 4];

        #[inline(always)]
        fn load(self, lanes: &[u128; 4]) -> Self::U {
            // SAFETY: both are 64 bytes without invalid values.
            unsafe { core::mem::transmute::<[u128; 4], [__m128i; 4]>(*lanes) }
        }
        #[inline(always)]
        fn store(self, v: [Self::U; 2]) -> [u128; WIDTH] {
            // SAFETY: both are 128 bytes without invalid values.
            unsafe { core::mem::transmute::<[[__m128i; 4]; 2], [u128; WIDTH]>(v) }
        }
        #[inline(always)]
        fn splat(self, value: &u128) -> Self::U {
            // SAFETY: as in the other methods.
            [unsafe { element(value) }; 4]
        }
        #[inline(always)]
        fn pick(self, lanes: [&u128; 4]) -> Self::U {
            let mut out = self.zero();
            for (out, lane) in out.iter_mut().zip(lanes) {
                // SAFETY: as in the other methods.
                *out = unsafe { element(lane) };
            }
            out
        }
        by_elements! {
            add(x, y) = _mm_xor_si128(x, y);
            add3(x, y, z) = add3(x, y, z);
            low_low(x, y) = _mm_clmulepi64_si128::<0x00>(x, y);
            low_high(x, y) = _mm_clmulepi64_si128::<0x10>(x, y);
            high_low(x, y) = _mm_clmulepi64_si128::<0x01>(x, y);
            high_high(x, y) = _mm_clmulepi64_si128::<0x11>(x, y);
            lows(x, y) = _mm_unpacklo_epi64(x, y);
            highs(x, y) = _mm_unpackhi_epi64(x, y);
            up(x) = _mm_slli_si128::<8>(x);
            down(x) = _mm_srli_si128::<8>(x);
        }
        #[inline(always)]
        fn add_kept(self, x: Self::U, y: Self::U, lanes: u8) -> Self::U {
            self.add(x, self.keep(y, lanes))
        }
        #[inline(always)]
        fn keep(self, x: Self::U, lanes: u8) -> Self::U {
            let mut out = self.zero();
            for (lane, out) in out.iter_mut().enumerate() {
                // SAFETY: as in the other methods.
                *out = unsafe { keep(x[lane], lanes, lane) };
            }
            out
        }
        #[inline(always)]
        fn row_sums(self, list: &[u128], ends: &[u32], at: &[u32], sums: &mut [u128; WIDTH]) {
            // SAFETY: as in the other methods.
            unsafe { super::row_sums(list, ends, at, sums) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add3(x: __m128i, y: __m128i, z: __m128i) -> __m128i {
        _mm_xor_si128(_mm_xor_si128(x, y), z)
    }
}

pub(crate) use {avx2::Avx2, avx512::Avx512};
