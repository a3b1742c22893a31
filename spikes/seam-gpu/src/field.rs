//! Fields as the words that kernels read.

use prover_fields::{Bn254, ChallengeField, FieldSpec, M31, M31Ext3, SpecifiedField};

use crate::prelude;

/// A challenge field with kernels.
pub trait GpuField: SpecifiedField {
    /// The specification.
    const FIELD: FieldSpec = <Self as SpecifiedField>::SPEC;
    /// 32-bit words of an element.
    const WORDS: usize;
    /// 32-bit words of an element of the base field.
    const BASE_WORDS: usize;
    /// Runs of words that a table is stored in: one, or one per coefficient.
    const PLANES: usize;

    /// The element's words.
    fn to_words(self, out: &mut [u32]);
    /// The element of these words.
    ///
    /// # Panics
    /// If they are not reduced: then a kernel is wrong.
    fn from_words(words: &[u32]) -> Self;
    /// A base-field element's words.
    fn base_to_words(value: Self::Base, out: &mut [u32]);
    /// The base-field element of these words.
    fn base_from_words(words: &[u32]) -> Self::Base;
}

impl GpuField for Bn254 {
    const WORDS: usize = 8;
    const BASE_WORDS: usize = 8;
    const PLANES: usize = 1;

    fn to_words(self, out: &mut [u32]) {
        for (pair, limb) in out.chunks_exact_mut(2).zip(self.montgomery_limbs()) {
            pair[0] = limb as u32;
            pair[1] = (limb >> 32) as u32;
        }
    }

    fn from_words(words: &[u32]) -> Self {
        let limb = |k: usize| u64::from(words[2 * k]) | u64::from(words[2 * k + 1]) << 32;
        Self::from_montgomery_limbs([limb(0), limb(1), limb(2), limb(3)])
            .expect("kernels return reduced values")
    }

    fn base_to_words(value: Self, out: &mut [u32]) {
        value.to_words(out);
    }

    fn base_from_words(words: &[u32]) -> Self {
        Self::from_words(words)
    }
}

impl GpuField for M31Ext3 {
    const WORDS: usize = 3;
    const BASE_WORDS: usize = 1;
    const PLANES: usize = 3;

    fn to_words(self, out: &mut [u32]) {
        for (word, coeff) in out.iter_mut().zip(self.coeffs()) {
            *word = coeff.value();
        }
    }

    fn from_words(words: &[u32]) -> Self {
        let coeff = |k: usize| M31::new(words[k]).expect("kernels return reduced values");
        Self::new([coeff(0), coeff(1), coeff(2)])
    }

    fn base_to_words(value: M31, out: &mut [u32]) {
        out[0] = value.value();
    }

    fn base_from_words(words: &[u32]) -> M31 {
        M31::new(words[0]).expect("kernels return reduced values")
    }
}

/// Words of one plane's element.
pub(crate) fn plane_words<F: GpuField>() -> usize {
    F::WORDS / F::PLANES
}

/// A table's device words, in planes of `values.len()` elements.
pub(crate) fn pack<F: GpuField>(values: &[F]) -> Vec<u32> {
    debug_assert_eq!(F::WORDS, prelude::words(&F::FIELD));
    let mut out = vec![0; values.len() * F::WORDS];
    let mut element = vec![0; F::WORDS];
    let width = plane_words::<F>();
    for (i, &value) in values.iter().enumerate() {
        value.to_words(&mut element);
        for (plane, part) in element.chunks_exact(width).enumerate() {
            let at = (plane * values.len() + i) * width;
            out[at..at + width].copy_from_slice(part);
        }
    }
    out
}

/// Element `i` of packed words in planes of `stride` elements.
pub(crate) fn unpack<F: GpuField>(words: &[u32], stride: usize, i: usize) -> F {
    let width = plane_words::<F>();
    let element: Vec<u32> = (0..F::PLANES)
        .flat_map(|plane| {
            let at = (plane * stride + i) * width;
            words[at..at + width].iter().copied()
        })
        .collect();
    F::from_words(&element)
}

/// A base-field table's device words.
pub(crate) fn pack_base<F: GpuField>(values: &[F::Base]) -> Vec<u32> {
    let mut out = vec![0; values.len() * F::BASE_WORDS];
    for (words, &value) in out.chunks_exact_mut(F::BASE_WORDS).zip(values) {
        F::base_to_words(value, words);
    }
    out
}

/// The elements' words one after another, as kernels take them among their parameters.
pub(crate) fn parameter_words<F: ChallengeField + GpuField>(values: &[F]) -> Vec<u32> {
    let mut out = vec![0; values.len() * F::WORDS];
    for (words, &value) in out.chunks_exact_mut(F::WORDS).zip(values) {
        value.to_words(words);
    }
    out
}
