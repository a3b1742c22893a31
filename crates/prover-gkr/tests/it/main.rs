//! Whole proofs: by every route, of real circuits, and against the test vectors.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panic and report what they did"
)]

mod lying;
mod memory;
mod plan;
mod real;
mod routes;
mod support;
mod vectors;
mod violations;
