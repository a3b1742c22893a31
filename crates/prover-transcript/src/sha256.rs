//! The hash chain itself.

use sha2::{Digest, Sha256};

use crate::short::Short;
use crate::{Sink, Transcript};

/// What the initial state is the hash of.
const DOMAIN: &[u8] = b"astraea/transcript/2";

/// First byte after the state in each kind of hash.
const ABSORB: u8 = 0;
const DRAW: u8 = 1;
const SQUEEZE: u8 = 2;

/// Bytes around the label before the data: state, kind, the label's length, a length.
const HEADER: usize = 32 + 1 + 1 + 8;

/// The transcript of `docs/protocol.md`, section 6: a 32-byte state, one SHA-256 per absorb and
/// one per 32 bytes of a draw.
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

    /// A short hash with what stands before the data in an absorb, or alone in a draw.
    fn short(&self, kind: u8, label: &str, len: u64) -> Short {
        let mut hash = Short::new();
        hash.push_array(self.state);
        hash.push_array([kind, label_len(label)]);
        hash.push(label.as_bytes());
        hash.push_array(len.to_le_bytes());
        hash
    }

    /// The same for data or labels of any length.
    fn long(&self, kind: u8, label: &str, len: u64) -> Sha256 {
        Sha256::new()
            .chain_update(self.state)
            .chain_update([kind, label_len(label)])
            .chain_update(label)
            .chain_update(len.to_le_bytes())
    }

    /// Whether a hash of this label and so many bytes of data is one of [`Short`].
    fn is_short(label: &str, data: u64) -> bool {
        data.saturating_add((HEADER + label.len()) as u64) <= Short::MAX_LEN as u64
    }
}

/// # Panics
/// If a label has more than 255 bytes.
fn label_len(label: &str) -> u8 {
    u8::try_from(label.len()).expect("a label has at most 255 bytes")
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
        let mut written = 0u64;
        let mut count = |piece: &[u8]| {
            written += piece.len() as u64;
            assert!(written <= len, "absorbed bytes do not fit the length");
        };
        let state = if Self::is_short(label, len) {
            let mut hash = self.short(ABSORB, label, len);
            write(&mut |piece| {
                count(piece);
                hash.push(piece);
            });
            hash.digest()
        } else {
            let mut hash = self.long(ABSORB, label, len);
            write(&mut |piece| {
                count(piece);
                hash.update(piece);
            });
            hash.finalize().into()
        };
        assert_eq!(written, len, "absorbed bytes do not fit the length");
        self.state = state;
    }

    fn draw(&mut self, label: &'static str, out: &mut [u8]) {
        let len = out.len() as u64;
        self.state = if Self::is_short(label, 0) {
            self.short(DRAW, label, len).digest()
        } else {
            self.long(DRAW, label, len).finalize().into()
        };
        // The state is no secret: everyone who has the proof computes it.
        let (first, rest) = out.split_at_mut(out.len().min(self.state.len()));
        first.copy_from_slice(&self.state[..first.len()]);
        for (counter, piece) in (0u32..).zip(rest.chunks_mut(32)) {
            let mut hash = Short::new();
            hash.push_array(self.state);
            hash.push_array([SQUEEZE]);
            hash.push_array(counter.to_le_bytes());
            piece.copy_from_slice(&hash.digest()[..piece.len()]);
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
