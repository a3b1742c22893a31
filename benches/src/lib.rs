//! Micro-benchmarks of the seam's operations; whole proofs are timed by `astraea bench`.
//!
//! `cargo bench --package benches`: time per call; divide by `2^num_vars` for a time per point.
#![forbid(unsafe_code)]
