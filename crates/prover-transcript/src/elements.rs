//! Field elements in and out of a transcript.

use prover_core::Field;

use crate::Transcript;

/// Elements are encoded in pieces of about this many bytes.
const PIECE_BYTES: usize = 1 << 14;

/// Absorbing and drawing field elements, for every [`Transcript`].
pub trait TranscriptExt: Transcript {
    /// Absorbs the concatenated canonical encodings of `elements`.
    /// Cost: one hash over them, no copy of all of them.
    fn absorb_elements<F: Field>(&mut self, label: &'static str, elements: &[F]) {
        let mut buffer = self.take_scratch();
        let len = elements.len() as u64 * F::ENCODED_BYTES as u64;
        self.absorb_stream(label, len, &mut |sink| {
            for piece in elements.chunks((PIECE_BYTES / F::ENCODED_BYTES).max(1)) {
                buffer.clear();
                for &element in piece {
                    element.encode(&mut buffer);
                }
                sink(&buffer);
            }
        });
        self.return_scratch(buffer);
    }

    /// Draws one element.
    fn challenge<F: Field>(&mut self, label: &'static str) -> F {
        let mut buffer = self.take_scratch();
        buffer.resize(F::UNIFORM_BYTES, 0);
        self.draw(label, &mut buffer);
        let element = F::from_uniform(&buffer);
        self.return_scratch(buffer);
        element
    }

    /// Draws `count` elements at once; with none the state stays.
    fn challenges<F: Field>(&mut self, label: &'static str, count: usize) -> Vec<F> {
        if count == 0 {
            return Vec::new();
        }
        let mut buffer = self.take_scratch();
        buffer.resize(count * F::UNIFORM_BYTES, 0);
        self.draw(label, &mut buffer);
        let elements = buffer
            .chunks_exact(F::UNIFORM_BYTES)
            .map(F::from_uniform)
            .collect();
        self.return_scratch(buffer);
        elements
    }
}

impl<T: Transcript + ?Sized> TranscriptExt for T {}
