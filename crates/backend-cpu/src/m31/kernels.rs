//! Mersenne-31's kernels, compiled once for each SIMD level.

use prover_fields::M31Ext3;

use super::M31Lanes;
use super::blocks::{M31Ext3x16, M31x16};
#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use super::vector::{Portable, Vector};
use crate::field::{CpuField, Kernel, kernels};
use crate::product::Sums;
use crate::simd::{Level, SimdLevel};
use crate::{eq, layer_kernels, rounds, wires};

impl CpuField for M31Ext3 {
    type Block = M31Ext3x16;
    type BaseBlock = M31x16;

    kernels!(m31_lanes);
}

/// Runs a kernel over Mersenne-31 with the vectors of a level.
#[inline]
fn m31_lanes<K: Kernel<M31Ext3>>(level: Level, kernel: K) -> K::Out {
    with_vector(level, OnM31(kernel))
}

/// A kernel over Mersenne-31, to be run with some vectors.
struct OnM31<K>(K);

impl<K: Kernel<M31Ext3>> WithVector for OnM31<K> {
    type Out = K::Out;

    #[inline(always)]
    fn run<S: Vector>(self, vector: S) -> K::Out {
        self.0.run(M31Lanes(vector))
    }
}

/// A computation that is generic over the vectors it uses.
trait WithVector {
    /// What it returns.
    type Out;
    /// Runs it; inlined into code compiled for the level.
    fn run<S: Vector>(self, vector: S) -> Self::Out;
}

/// Runs a computation with the vectors of a level.
#[inline]
fn with_vector<W: WithVector>(level: Level, work: W) -> W::Out {
    match level.get() {
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => {
            // SAFETY: the CPU has the level, as its `Level` was made.
            unsafe { avx512(work) }
        }
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => {
            // SAFETY: as above.
            unsafe { avx2(work) }
        }
        _ => work.run(Portable),
    }
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx512<W: WithVector>(work: W) -> W::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx512::new() };
    work.run(vector)
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx2<W: WithVector>(work: W) -> W::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx2::new() };
    work.run(vector)
}
