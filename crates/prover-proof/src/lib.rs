//! Proof container, protocol configuration and soundness accounting, shared by prover and verifier.
//!
//! What both sides must do alike stands here once: the lengths that follow from a circuit
//! ([`ProofShape`]), the opening sequence and the labels ([`schedule`]), the bits ([`soundness`]).
//! Absent on purpose: proving, verifying, circuits themselves.
#![forbid(unsafe_code)]

pub mod codec;
pub mod config;
pub mod error;
pub mod proof;
pub mod schedule;
pub mod shape;
pub mod soundness;

pub use codec::ProofHeader;
pub use config::{CommitmentKind, ProtocolConfig, RandomCoefField};
pub use error::{OutputsError, ProofError, Section, ShapeError};
pub use proof::{Outputs, Proof};
pub use schedule::{LayerOpening, OutputPoint, absorb_outputs, open, open_layer};
pub use shape::{CircuitShape, LayerShape, ProofShape};
pub use soundness::soundness_bits;
