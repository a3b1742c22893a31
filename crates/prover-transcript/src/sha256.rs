//! The hash chain itself.

use sha2::{Digest, Sha256};

use crate::{Sink, Transcript};

/// What the initial state is the hash of.
const DOMAIN: &[u8] = b"astraea/transcript/1";

/// First byte after the state in each kind of hash.
const ABSORB: u8 = 0;
const DRAW: u8 = 1;
const SQUEEZE: u8 = 2;

/// The transcript of `docs/protocol.md`, section 6: a 32-byte state, one SHA-256 per absorb and
/// one plus one per 32 bytes for a draw.
#[derive(Clone, Debug)]
pub struct Sha256Transcript {
    state: [u8; 32],
    scratch: Vec<u8>,
}

impl Sha256Transcript {
    /// The initial state.
    pub fn new() -> Self {
        Self {
            state: Sha256::digest(DOMAIN).into(),
            scratch: Vec::new(),
        }
    }

    /// The state `h`.
    pub fn state(&self) -> [u8; 32] {
        self.state
    }

    fn header(&self, kind: u8, label: &str, len: u64) -> Sha256 {
        let label_len = u8::try_from(label.len()).expect("a label has at most 255 bytes");
        // Handed over at once: the hash's buffer costs as much as a short header.
        let mut header = [0; 32 + 2 + u8::MAX as usize + 8];
        let (state, rest) = header.split_at_mut(32);
        state.copy_from_slice(&self.state);
        rest[..2].copy_from_slice(&[kind, label_len]);
        rest[2..][..label.len()].copy_from_slice(label.as_bytes());
        rest[2 + label.len()..][..8].copy_from_slice(&len.to_le_bytes());
        Sha256::new_with_prefix(&header[..32 + 2 + label.len() + 8])
    }
}

impl Default for Sha256Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript for Sha256Transcript {
    fn absorb_stream(
        &mut self,
        label: &'static str,
        len: u64,
        write: &mut dyn FnMut(&mut Sink<'_>),
    ) {
        let mut hash = self.header(ABSORB, label, len);
        let mut written = 0u64;
        write(&mut |piece| {
            written += piece.len() as u64;
            hash.update(piece);
        });
        assert_eq!(written, len, "absorbed bytes do not fit the length");
        self.state = hash.finalize().into();
    }

    fn draw(&mut self, label: &'static str, out: &mut [u8]) {
        self.state = self.header(DRAW, label, out.len() as u64).finalize().into();
        for (counter, piece) in (0u32..).zip(out.chunks_mut(32)) {
            let mut input = [SQUEEZE; 32 + 1 + 4];
            input[..32].copy_from_slice(&self.state);
            input[33..].copy_from_slice(&counter.to_le_bytes());
            let block: [u8; 32] = Sha256::digest(input).into();
            piece.copy_from_slice(&block[..piece.len()]);
        }
    }

    fn take_scratch(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.scratch)
    }

    fn return_scratch(&mut self, mut scratch: Vec<u8>) {
        scratch.clear();
        self.scratch = scratch;
    }
}
