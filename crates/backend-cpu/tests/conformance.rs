//! The conformance suite at every SIMD level, on as many threads as the level's module says.
//!
//! A level that this CPU lacks is skipped, loudly, unless `ASTRAEA_REQUIRE` names it.

use backend_conformance::SuiteOptions;
use backend_cpu::{CpuBackend, CpuOptions, SimdLevel};
use prover_core::Unavailable;

/// A backend at a level; one that the CPU lacks is missing under the level's own name.
fn at(level: SimdLevel, threads: usize, options: &SuiteOptions) -> Result<CpuBackend, Unavailable> {
    if level > SimdLevel::detect() {
        return Err(Unavailable {
            backend: level.name().to_owned(),
            reason: format!("the best level here is {}", SimdLevel::detect().name()),
        });
    }
    CpuBackend::new(CpuOptions {
        threads: Some(threads),
        max_memory_bytes: options.memory_limit,
        simd: Some(level),
    })
}

mod portable {
    use super::*;

    backend_conformance::conformance_suite! {
        backend: |options| at(SimdLevel::Portable, 1, options),
        fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
    }
}

mod avx2 {
    use super::*;

    backend_conformance::conformance_suite! {
        backend: |options| at(SimdLevel::Avx2, 3, options),
        fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
    }
}

mod avx512 {
    use super::*;

    backend_conformance::conformance_suite! {
        backend: |options| at(SimdLevel::Avx512, 2, options),
        fields: [Bn254, M31Ext3, Gf2e128, GoldilocksExt2],
    }
}
