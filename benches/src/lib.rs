//! Micro-benchmarks of the seam's operations; whole proofs are timed by `astraea bench`.
//!
//! `cargo bench --package benches`: time per call; divide by `2^num_vars` for a time per point.
//! `benches/peers` beside this has other libraries, in a workspace of its own.
#![forbid(unsafe_code)]

use backend_cpu::{CpuBackend, CpuOptions};
use prover_core::Field;

/// The CPU backend with one thread.
pub fn backend() -> CpuBackend {
    CpuBackend::new(CpuOptions {
        threads: Some(1),
        ..CpuOptions::default()
    })
    .expect("the CPU is always there")
}

/// Values that no shortcut for small ones applies to.
pub fn values<F: Field>(count: usize) -> Vec<F> {
    let step = F::from_uniform(&vec![0x5b; F::UNIFORM_BYTES]);
    core::iter::successors(Some(step), |&value| Some(value * step + F::ONE))
        .take(count)
        .collect()
}
