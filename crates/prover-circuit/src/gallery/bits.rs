//! Bits as field elements, and deterministic pseudo-random inputs.

use prover_core::Field;

use crate::generator::SplitMix64;

/// The bits of bytes as field elements: element `8k + j` is bit `j` of byte `k`, bit 0 being the
/// least significant.
pub fn bits_of_bytes<B: Field>(bytes: &[u8]) -> Vec<B> {
    let bit = |byte: &u8, j: u32| B::from_u64(u64::from(byte >> j & 1));
    bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |j| bit(byte, j)))
        .collect()
}

/// The bytes of bits: the inverse of [`bits_of_bytes`]; `None` if an element is neither 0 nor 1,
/// or the last byte is not full.
pub fn bytes_of_bits<B: Field>(bits: &[B]) -> Option<Vec<u8>> {
    let bit = |b: &B| match (b.is_zero(), b.is_one()) {
        (true, _) => Some(0),
        (_, true) => Some(1),
        _ => None,
    };
    if !bits.len().is_multiple_of(8) {
        return None;
    }
    bits.chunks_exact(8)
        .map(|byte| {
            byte.iter()
                .rev()
                .try_fold(0u8, |sum, b| Some(sum << 1 | bit(b)?))
        })
        .collect()
}

/// Bytes as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// An element's canonical integer in hex, most significant digit first, without leading zeros.
pub(super) fn hex_of_element<B: Field>(value: B) -> String {
    let mut bytes = Vec::with_capacity(B::ENCODED_BYTES);
    value.encode(&mut bytes);
    bytes.reverse();
    let digits = hex(&bytes);
    let digits = digits.trim_start_matches('0');
    format!("0x{}", if digits.is_empty() { "0" } else { digits })
}

/// Deterministic inputs. A known answer depends on each byte that is drawn.
pub(super) struct Random(SplitMix64);

impl Random {
    /// The sequence of this number.
    pub(super) fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// `0 ..= longest` bytes.
    pub(super) fn message(&mut self, longest: usize) -> Vec<u8> {
        let length = self.next() as usize % (longest + 1);
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// Field elements.
    pub(super) fn elements<B: Field>(&mut self, count: usize) -> Vec<B> {
        let mut bytes = vec![0; B::UNIFORM_BYTES];
        (0..count)
            .map(|_| {
                bytes.fill_with(|| self.next().to_le_bytes()[0]);
                B::from_uniform(&bytes)
            })
            .collect()
    }
}
