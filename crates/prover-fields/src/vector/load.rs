//! Loads and stores between arrays and vectors.

use core::arch::x86_64::{
    __m256i, __m512i, _mm256_loadu_si256, _mm512_loadu_si512, _mm512_storeu_si512,
};

/// Thirty-two bytes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_256(words: &[u64; 4]) -> __m256i {
    // SAFETY: the array has as many bytes; the load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

/// Eight 64-bit lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_64s(words: &[u64; 8]) -> __m512i {
    // SAFETY: the array has as many bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Eight 64-bit lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_64s(lanes: __m512i) -> [u64; 8] {
    let mut words = [0; 8];
    // SAFETY: the array has as many bytes; the store needs no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), lanes) };
    words
}

/// Sixteen 32-bit lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_32s(words: &[u32; 16]) -> __m512i {
    // SAFETY: the array has as many bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Sixteen 32-bit lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_32s(lanes: __m512i, words: &mut [u32; 16]) {
    // SAFETY: the array has as many bytes; the store needs no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), lanes) };
}
