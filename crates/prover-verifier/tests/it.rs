//! The verifier against a slow prover written from the specification.

#[path = "it/accept.rs"]
mod accept;
#[path = "it/circuits.rs"]
mod circuits;
#[path = "it/reject.rs"]
mod reject;
#[path = "it/slow_prover.rs"]
mod slow_prover;
#[path = "it/sumcheck.rs"]
mod sumcheck;
#[path = "it/vectors.rs"]
mod vectors;
