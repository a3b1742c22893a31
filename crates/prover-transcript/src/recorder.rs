//! A transcript that remembers its challenges.

use prover_core::Field;

use crate::{Sink, Transcript};

/// One draw: its label and the uniform bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The label.
    pub label: &'static str,
    /// The bytes drawn.
    pub bytes: Vec<u8>,
}

impl Draw {
    /// The bytes as elements of the field that they were drawn for.
    ///
    /// # Panics
    /// If the bytes are not a whole number of elements.
    pub fn elements<F: Field>(&self) -> Vec<F> {
        assert_eq!(
            self.bytes.len() % F::UNIFORM_BYTES,
            0,
            "drawn for another field"
        );
        self.bytes
            .chunks_exact(F::UNIFORM_BYTES)
            .map(F::from_uniform)
            .collect()
    }
}

/// Passes everything to another transcript and keeps every draw: for test vectors.
#[derive(Clone, Debug, Default)]
pub struct Recorder<T> {
    inner: T,
    draws: Vec<Draw>,
}

impl<T: Transcript> Recorder<T> {
    /// Wraps a transcript.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            draws: Vec::new(),
        }
    }

    /// Every draw so far, in order.
    pub fn draws(&self) -> &[Draw] {
        &self.draws
    }

    /// The wrapped transcript and the draws.
    pub fn into_parts(self) -> (T, Vec<Draw>) {
        (self.inner, self.draws)
    }
}

impl<T: Transcript> Transcript for Recorder<T> {
    fn absorb_stream(
        &mut self,
        label: &'static str,
        len: u64,
        write: &mut dyn FnMut(&mut Sink<'_>),
    ) {
        self.inner.absorb_stream(label, len, write);
    }

    fn draw(&mut self, label: &'static str, out: &mut [u8]) {
        self.inner.draw(label, out);
        self.draws.push(Draw {
            label,
            bytes: out.to_vec(),
        });
    }

    fn take_scratch(&mut self) -> Vec<u8> {
        self.inner.take_scratch()
    }

    fn return_scratch(&mut self, scratch: Vec<u8>) {
        self.inner.return_scratch(scratch);
    }
}
