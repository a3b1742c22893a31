//! Every field against an implementation by others, against the laws of a field, and against
//! its specification.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod agreement;
mod bn254;
mod gf2;
mod goldilocks;
mod laws;
mod m31;
mod samples;
mod spec;
