//! Values of BN254 in memory.

use prover_fields::Bn254;

use super::constants::Words;
use super::words::canonical;
use crate::arith::Lanes;

/// Eight elements in Montgomery form, word by word: any integers below `2^256` of their classes.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Bn254x8(pub(crate) [[u64; 8]; 4]);

/// A table's words: of each block 8 of the lowest, then of the next ones.
#[inline(always)]
pub(super) fn words_of(table: &[Bn254x8]) -> &[u64] {
    // SAFETY: a block is 32 words without padding, aligned to more than a word.
    unsafe { core::slice::from_raw_parts(table.as_ptr().cast(), 32 * table.len()) }
}

impl Bn254x8 {
    /// Zero in every lane.
    pub(super) const ZERO: Self = Self([[0; 8]; 4]);

    /// The words of a lane.
    #[inline(always)]
    pub(super) fn words(&self, lane: usize) -> Words {
        let [w0, w1, w2, w3] = &self.0;
        [w0[lane], w1[lane], w2[lane], w3[lane]]
    }

    /// Sets the words of a lane.
    #[inline(always)]
    pub(super) fn set_words(&mut self, lane: usize, words: Words) {
        let [w0, w1, w2, w3] = &mut self.0;
        w0[lane] = words[0];
        w1[lane] = words[1];
        w2[lane] = words[2];
        w3[lane] = words[3];
    }
}

impl Lanes<Bn254> for Bn254x8 {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn get(&self, lane: usize) -> Bn254 {
        canonical(self.words(lane))
    }

    #[inline(always)]
    fn gather(values: &[Bn254]) -> Self {
        let mut block = Self::ZERO;
        for (lane, value) in values.iter().enumerate() {
            block.set_words(lane, value.montgomery_limbs());
        }
        block
    }

    #[inline(always)]
    fn set(&mut self, lane: usize, value: Bn254) {
        self.set_words(lane, value.montgomery_limbs());
    }

    #[inline(always)]
    fn copy_lane(&mut self, lane: usize, other: &Self, from: usize) {
        self.set_words(lane, other.words(from));
    }
}
