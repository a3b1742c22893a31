//! BN254's kernels, compiled once for each SIMD level.

use prover_fields::Bn254;

use super::blocks::Bn254x8;
#[cfg(target_arch = "x86_64")]
use super::lanes::Ifma;
use super::scalar::OneByOne;
use crate::field::{CpuField, Kernel, kernels};
use crate::product::Sums;
use crate::simd::Level;
#[cfg(target_arch = "x86_64")]
use crate::simd::SimdLevel;
use crate::{eq, gate_grid, gate_kernels, in_block, layer_kernels, rounds, wires, zerocheck};

impl CpuField for Bn254 {
    type Block = Bn254x8;
    type BaseBlock = Bn254x8;

    kernels!(bn254_lanes);
}

/// Runs a kernel over BN254 with the arithmetic of a level.
#[inline]
pub(super) fn bn254_lanes<K: Kernel<Bn254>>(level: Level, kernel: K) -> K::Out {
    match level.get() {
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => {
            // SAFETY: the CPU has the level, as its `Level` was made.
            unsafe { avx512(kernel) }
        }
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => {
            // SAFETY: as above.
            unsafe { avx2(kernel) }
        }
        _ => kernel.run(OneByOne),
    }
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx2,bmi2,adx,pclmulqdq"
)]
unsafe fn avx512<K: Kernel<Bn254>>(kernel: K) -> K::Out {
    // SAFETY: the caller's promise.
    let lanes = unsafe { Ifma::new() };
    kernel.run(lanes)
}

/// Without vectors: it has the multiplication that leaves the flags alone.
///
/// # Safety
/// The CPU has the features of [`SimdLevel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx2<K: Kernel<Bn254>>(kernel: K) -> K::Out {
    kernel.run(OneByOne)
}
