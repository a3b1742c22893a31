//! Goldilocks's kernels, compiled once for each SIMD level.

use prover_fields::GoldilocksExt2;

use super::GoldilocksLanes;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::blocks::{GoldilocksExt2x8, Goldilocksx8};
use super::portable::Portable;
use crate::field::{CpuField, Kernel, kernels};
use crate::product::Sums;
use crate::simd::{Level, SimdLevel};
use crate::{eq, gate_grid, gate_kernels, in_block, layer_kernels, rounds, wires, zerocheck};

impl CpuField for GoldilocksExt2 {
    type Block = GoldilocksExt2x8;
    type BaseBlock = Goldilocksx8;

    kernels!(goldilocks_lanes);
}

/// Runs a kernel over Goldilocks with the vectors of a level.
#[inline]
pub(super) fn goldilocks_lanes<K: Kernel<GoldilocksExt2>>(level: Level, kernel: K) -> K::Out {
    match level.get() {
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => {
            // SAFETY: the CPU has the level, as its `Level` was made.
            unsafe { avx512(kernel) }
        }
        // AVX2 has no product of 64-bit lanes, and code compiled for it was slower than without.
        _ => kernel.run(GoldilocksLanes(Portable)),
    }
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi2,adx")]
unsafe fn avx512<K: Kernel<GoldilocksExt2>>(kernel: K) -> K::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx512::new() };
    kernel.run(GoldilocksLanes(vector))
}
