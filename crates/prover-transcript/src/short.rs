//! SHA-256 of messages of a few blocks, put together and padded in place.
//!
//! A round hashes two of them, or three. The incremental hash spends as long on buffering and padding them
//! as on compressing.

use sha2::block_api::compress256;

/// Blocks that a message may take with its padding; a round of BN254 takes two.
const BLOCKS: usize = 4;

/// Bytes of a block.
const BLOCK: usize = 64;

/// Padding at the least: a byte 0x80 and the length in bits.
const PADDING: usize = 1 + 8;

/// The initial state (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A message being put together.
pub(crate) struct Short {
    blocks: [[u8; BLOCK]; BLOCKS],
    len: usize,
}

impl Short {
    /// The longest message.
    pub(crate) const MAX_LEN: usize = BLOCKS * BLOCK - PADDING;

    /// The empty message.
    pub(crate) fn new() -> Self {
        Self {
            blocks: [[0; BLOCK]; BLOCKS],
            len: 0,
        }
    }

    /// Appends a piece whose length the compiler knows: a few moves instead of a call.
    ///
    /// # Panics
    /// If the message gets longer than the blocks.
    #[inline(always)]
    pub(crate) fn push_array<const N: usize>(&mut self, piece: [u8; N]) {
        let room = &mut self.blocks.as_flattened_mut()[self.len..][..N];
        room.copy_from_slice(&piece);
        self.len += N;
    }

    /// Appends a piece.
    ///
    /// # Panics
    /// If the message gets longer than the blocks.
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.blocks.as_flattened_mut()[self.len..][..piece.len()].copy_from_slice(piece);
        self.len += piece.len();
    }

    /// The message's hash.
    ///
    /// # Panics
    /// If the message is longer than [`Short::MAX_LEN`].
    pub(crate) fn digest(mut self) -> [u8; 32] {
        let blocks = &mut self.blocks[..(self.len + PADDING).div_ceil(BLOCK)];
        let bytes = blocks.as_flattened_mut();
        bytes[self.len] = 0x80;
        if let Some(bits) = bytes.last_chunk_mut() {
            *bits = (self.len as u64 * 8).to_be_bytes();
        }
        let mut state = INITIAL;
        compress256(&mut state, blocks);
        let mut out = [0; 32];
        for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::Short;

    #[test]
    fn every_length_hashes_as_the_incremental_hash_does() {
        let message: Vec<u8> = (1..=255).cycle().take(Short::MAX_LEN).collect();
        for len in 0..=Short::MAX_LEN {
            let mut short = Short::new();
            let (first, second) = message[..len].split_at(len / 3);
            short.push(first);
            short.push(second);
            let expected: [u8; 32] = Sha256::digest(&message[..len]).into();
            assert_eq!(short.digest(), expected, "{len} bytes");
        }
    }
}
