//! The GKR verifier: links no backend (`docs/protocol.md`, sections 5 to 8).
//!
//! [`verify_bytes`] reads a proof file and [`verify`] a proof in memory. The transcript is replayed
//! first, in order; then the layers are checked independently of each other, since every claim is
//! in the messages. Proof and circuit are untrusted: whatever their bytes, the result is a value.
//! Absent on purpose: backends, the prover's tables, other commitments than the raw one.
#![forbid(unsafe_code)]

pub mod error;
mod gates;
mod input;
mod layer;
mod replay;
pub mod sumcheck;
mod tables;
mod verify;
mod weights;

pub use error::{Check, ErrorKind, VerifyError};
pub use sumcheck::{SumcheckClaim, SumcheckError, verify_sumcheck};
pub use verify::{
    DEFAULT_MIN_BITS, MAX_THREADS, Verified, VerifyOptions, verify, verify_bytes, verify_with,
};
