//! Mersenne-31's kernels, compiled once for each SIMD level.

use prover_fields::M31Ext3;

use super::blocks::{M31Ext3x16, M31x16};
#[cfg(target_arch = "x86_64")]
use super::lanes::M31Lanes;
use super::portable::M31Portable;
#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use crate::field::{CpuField, Kernel, kernels};
use crate::product::Sums;
use crate::simd::{Level, SimdLevel};
use crate::{eq, gate_grid, gate_kernels, in_block, layer_kernels, rounds, wires, zerocheck};

impl CpuField for M31Ext3 {
    type Block = M31Ext3x16;
    type BaseBlock = M31x16;

    kernels!(m31_lanes);
}

/// Runs a kernel with the arithmetic of a level.
#[inline]
pub(super) fn m31_lanes<K: Kernel<M31Ext3>>(level: Level, kernel: K) -> K::Out {
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
        _ => kernel.run(M31Portable),
    }
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx512<K: Kernel<M31Ext3>>(kernel: K) -> K::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx512::new() };
    kernel.run(M31Lanes(vector))
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx2<K: Kernel<M31Ext3>>(kernel: K) -> K::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx2::new() };
    kernel.run(M31Lanes(vector))
}
