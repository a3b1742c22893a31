//! What must hold for any bytes (`docs/hostile-input.md`): one [`Target`] for each decoder and for
//! the verifier, with seeds and a deterministic mutator.
//!
//! The targets serve the always-on loop in `tests/mutations.rs`, the property tests and the fuzz
//! targets in `fuzz/`: a target panics if its law is broken, and else says what became of the
//! bytes. Absent on purpose: anything that a program would link.
#![forbid(unsafe_code)]

mod mutate;
mod seeds;
mod targets;

pub use mutate::Mutator;
pub use seeds::{Vector, circuit6, vectors};
pub use targets::{
    LIMITS, Outcome, TARGETS, Target, expander_circuit, own_circuit, proof, public_file, verifier,
    witness, xz,
};
