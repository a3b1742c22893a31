//! A kernel's parameters: its one struct, word by word.

use crate::field::CudaField;

/// Numbers and addresses of 8 bytes, then elements as words; a struct's size is a multiple of 8.
#[derive(Debug, Default)]
pub(crate) struct Params {
    words: Vec<u32>,
}

impl Params {
    pub(crate) fn new() -> Self {
        Self {
            words: Vec::with_capacity(128),
        }
    }

    /// A number, or an address.
    pub(crate) fn num(mut self, value: u64) -> Self {
        self.words.extend([value as u32, (value >> 32) as u32]);
        self
    }

    pub(crate) fn nums<const N: usize>(self, values: [u64; N]) -> Self {
        values.into_iter().fold(self, Self::num)
    }

    /// A size or a flag.
    pub(crate) fn size(self, value: usize) -> Self {
        self.num(value as u64)
    }

    /// Elements, and zeros up to `len` of them.
    pub(crate) fn elements<F: CudaField>(mut self, values: &[F], len: usize) -> Self {
        let width = F::LAYOUT.words;
        let start = self.words.len();
        self.words.resize(start + width * len, 0);
        for (words, &value) in self.words[start..].chunks_exact_mut(width).zip(values) {
            value.write(words);
        }
        if self.words.len() % 2 == 1 {
            self.words.push(0);
        }
        self
    }

    pub(crate) fn words(&self) -> &[u32] {
        &self.words
    }
}
