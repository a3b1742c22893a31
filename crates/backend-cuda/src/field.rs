//! Fields as the words that kernels read.

use kernel_source::Layout;
use prover_fields::{
    Bn254, Gf2, Gf2e128, Goldilocks, GoldilocksExt2, M31, M31Ext3, SpecifiedField,
};

/// A challenge field with kernels. Implemented for every field of `prover-fields`.
pub trait CudaField: SpecifiedField {
    /// How its elements lie in device memory.
    const LAYOUT: Layout = Layout::of(&<Self as SpecifiedField>::SPEC);

    /// The element's words.
    fn write(self, out: &mut [u32]);
    /// The element of these words; `None` if they are not reduced.
    fn read(words: &[u32]) -> Option<Self>;
    /// The words of a run of base-field elements ([`Layout::base_per_run`] or, at the end, fewer).
    fn write_base(values: &[Self::Base], out: &mut [u32]);
    /// Element `k` of a run's words.
    fn read_base(words: &[u32], k: usize) -> Option<Self::Base>;
}

fn joined(words: &[u32]) -> u64 {
    u64::from(words[0]) | u64::from(words[1]) << 32
}

fn split(value: u64, out: &mut [u32]) {
    out[0] = value as u32;
    out[1] = (value >> 32) as u32;
}

impl CudaField for Bn254 {
    fn write(self, out: &mut [u32]) {
        for (pair, limb) in out.chunks_exact_mut(2).zip(self.montgomery_limbs()) {
            split(limb, pair);
        }
    }

    fn read(words: &[u32]) -> Option<Self> {
        Self::from_montgomery_limbs(core::array::from_fn(|k| joined(&words[2 * k..])))
    }

    fn write_base(values: &[Self], out: &mut [u32]) {
        values[0].write(out);
    }

    fn read_base(words: &[u32], _k: usize) -> Option<Self> {
        Self::read(words)
    }
}

impl CudaField for M31Ext3 {
    fn write(self, out: &mut [u32]) {
        for (word, coeff) in out.iter_mut().zip(self.coeffs()) {
            *word = coeff.value();
        }
    }

    fn read(words: &[u32]) -> Option<Self> {
        Some(Self::new([
            M31::new(words[0])?,
            M31::new(words[1])?,
            M31::new(words[2])?,
        ]))
    }

    fn write_base(values: &[M31], out: &mut [u32]) {
        out[0] = values[0].value();
    }

    fn read_base(words: &[u32], _k: usize) -> Option<M31> {
        M31::new(words[0])
    }
}

impl CudaField for GoldilocksExt2 {
    fn write(self, out: &mut [u32]) {
        for (pair, coeff) in out.chunks_exact_mut(2).zip(self.coeffs()) {
            split(coeff.value(), pair);
        }
    }

    fn read(words: &[u32]) -> Option<Self> {
        Some(Self::new([
            Goldilocks::new(joined(words))?,
            Goldilocks::new(joined(&words[2..]))?,
        ]))
    }

    fn write_base(values: &[Goldilocks], out: &mut [u32]) {
        split(values[0].value(), out);
    }

    fn read_base(words: &[u32], _k: usize) -> Option<Goldilocks> {
        Goldilocks::new(joined(words))
    }
}

impl CudaField for Gf2e128 {
    fn write(self, out: &mut [u32]) {
        for (k, word) in out.iter_mut().enumerate() {
            *word = (self.bits() >> (32 * k)) as u32;
        }
    }

    fn read(words: &[u32]) -> Option<Self> {
        let bits = words.iter().rev();
        Some(Self::new(
            bits.fold(0, |sum, &word| sum << 32 | u128::from(word)),
        ))
    }

    fn write_base(values: &[Gf2], out: &mut [u32]) {
        let bits = values.iter().enumerate();
        out[0] = bits.fold(0, |word, (k, bit)| word | u32::from(bit.value()) << k);
    }

    fn read_base(words: &[u32], k: usize) -> Option<Gf2> {
        Gf2::new((words[0] >> k & 1) as u8)
    }
}

/// Words of one plane's element.
pub(crate) fn plane_words<F: CudaField>() -> usize {
    F::LAYOUT.words / F::LAYOUT.planes
}

/// Words of a challenge-field table of `len` elements.
pub(crate) fn table_words<F: CudaField>(len: usize) -> usize {
    F::LAYOUT.words * len
}

/// Words of a base-field table of `len` elements.
pub(crate) fn base_words<F: CudaField>(len: usize) -> usize {
    len.div_ceil(F::LAYOUT.base_per_run) * F::LAYOUT.base_words
}

/// Writes the words of a range of a challenge-field table, in planes of `values.len()` elements.
pub(crate) fn write_table<F: CudaField>(
    values: &[F],
    range: core::ops::Range<usize>,
    out: &mut [u32],
) {
    let width = plane_words::<F>();
    let mut element = [0; 8];
    let element = &mut element[..F::LAYOUT.words];
    let mut at = range.start;
    // A piece may begin or end within an element.
    while at < range.end {
        let (index, word) = (at / width, at % width);
        let (plane, i) = (index / values.len(), index % values.len());
        values[i].write(element);
        let count = (width - word).min(range.end - at);
        let from = plane * width + word;
        let to = at - range.start;
        out[to..to + count].copy_from_slice(&element[from..from + count]);
        at += count;
    }
}

/// Writes the words of a range of a base-field table.
pub(crate) fn write_base_table<F: CudaField>(
    values: &[F::Base],
    range: core::ops::Range<usize>,
    out: &mut [u32],
) {
    let (width, per_run) = (F::LAYOUT.base_words, F::LAYOUT.base_per_run);
    let mut run = [0; 8];
    let mut at = range.start;
    while at < range.end {
        let (index, word) = (at / width, at % width);
        let end = values.len().min((index + 1) * per_run);
        F::write_base(&values[index * per_run..end], &mut run[..width]);
        let count = (width - word).min(range.end - at);
        let to = at - range.start;
        out[to..to + count].copy_from_slice(&run[word..word + count]);
        at += count;
    }
}

/// Element `i` of a challenge-field table's words, in planes of `stride` elements.
pub(crate) fn read_element<F: CudaField>(words: &[u32], stride: usize, i: usize) -> Option<F> {
    let width = plane_words::<F>();
    let mut element = [0; 8];
    for plane in 0..F::LAYOUT.planes {
        let at = (plane * stride + i) * width;
        element[plane * width..(plane + 1) * width].copy_from_slice(&words[at..at + width]);
    }
    F::read(&element[..F::LAYOUT.words])
}

/// Element `i` of a base-field table's words, lifted.
pub(crate) fn read_base_element<F: CudaField>(words: &[u32], i: usize) -> Option<F> {
    let (width, per_run) = (F::LAYOUT.base_words, F::LAYOUT.base_per_run);
    let run = i / per_run;
    F::read_base(&words[run * width..(run + 1) * width], i % per_run).map(F::from)
}
