//! Benchmarks over many cases: `bench-matrix` and `bench-peers`.
//!
//! Both run the built `astraea` binary, so that a row is what its command prints, and measure the
//! machine in the same run.

mod args;
mod machine;
mod matrix;
mod ours;
mod peers;
mod table;

pub(crate) use matrix::run as matrix;
pub(crate) use peers::run as peers;
