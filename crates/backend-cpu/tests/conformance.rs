//! The conformance suite, with as many threads and as much SIMD as there are.

use backend_cpu::{CpuBackend, CpuOptions};

backend_conformance::conformance_suite! {
    backend: |options| {
        CpuBackend::new(CpuOptions {
            threads: Some(2),
            max_memory_bytes: options.memory_limit,
            simd: None,
        })
    },
    fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
}
