//! Fiat-Shamir transcript over SHA-256 (`docs/protocol.md`, section 6).
//!
//! Prover and verifier absorb what was sent and draw the challenges that follow from it.
//! Absent on purpose: other hash functions, forking, anything secret.
#![forbid(unsafe_code)]

mod elements;
mod recorder;
mod sha256;
mod short;

pub use elements::TranscriptExt;
pub use recorder::{Draw, Recorder};
pub use sha256::Sha256Transcript;

/// Where [`Transcript::absorb_stream`] takes its pieces.
pub type Sink<'a> = dyn FnMut(&[u8]) + 'a;

/// A hash chain that absorbs messages and yields uniform bytes.
///
/// The state after a call depends on every earlier call: kind, label, length and bytes.
/// Field elements go through [`TranscriptExt`].
pub trait Transcript {
    /// Absorbs `len` bytes that `write` hands to its argument in pieces of any size.
    ///
    /// # Panics
    /// If the pieces do not add up to `len` bytes, or the label is longer than 255 bytes.
    fn absorb_stream(
        &mut self,
        label: &'static str,
        len: u64,
        write: &mut dyn FnMut(&mut Sink<'_>),
    );

    /// Fills `out` with uniform bytes that depend on everything before, and moves the state on.
    ///
    /// An empty `out` moves the state, too: [`TranscriptExt::challenges`] does not draw then.
    ///
    /// # Panics
    /// If the label is longer than 255 bytes.
    fn draw(&mut self, label: &'static str, out: &mut [u8]);

    /// Absorbs bytes.
    ///
    /// # Panics
    /// If the label is longer than 255 bytes.
    fn absorb(&mut self, label: &'static str, data: &[u8]) {
        self.absorb_stream(label, data.len() as u64, &mut |sink| sink(data));
    }

    /// Lends an empty buffer, so that encoding elements does not allocate in every round.
    fn take_scratch(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes the buffer of [`Transcript::take_scratch`] back.
    fn return_scratch(&mut self, _scratch: Vec<u8>) {}
}

impl<T: Transcript + ?Sized> Transcript for &mut T {
    fn absorb_stream(
        &mut self,
        label: &'static str,
        len: u64,
        write: &mut dyn FnMut(&mut Sink<'_>),
    ) {
        (**self).absorb_stream(label, len, write);
    }

    fn draw(&mut self, label: &'static str, out: &mut [u8]) {
        (**self).draw(label, out);
    }

    fn take_scratch(&mut self) -> Vec<u8> {
        (**self).take_scratch()
    }

    fn return_scratch(&mut self, scratch: Vec<u8>) {
        (**self).return_scratch(scratch);
    }
}

#[cfg(test)]
mod tests;
