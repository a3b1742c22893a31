//! GF(2^128)'s kernels, compiled once for each SIMD level.

use prover_fields::Gf2e128;

use super::blocks::{Gf2e128x8, Gf2x8};
#[cfg(target_arch = "x86_64")]
use super::clmul::ByClmul;
use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};
use super::{Gf2Lanes, Vector};
use crate::field::{CpuField, Kernel, kernels};
use crate::product::Sums;
use crate::simd::{Level, SimdLevel};
use crate::{eq, gate_grid, gate_kernels, in_block, layer_kernels, rounds, wires, zerocheck};

impl CpuField for Gf2e128 {
    type Block = Gf2e128x8;
    type BaseBlock = Gf2x8;

    kernels!(gf2_lanes);
}

/// Runs a kernel over GF(2^128) with the vectors of a level.
#[inline]
pub(super) fn gf2_lanes<K: Kernel<Gf2e128>>(level: Level, kernel: K) -> K::Out {
    with_vector(level, OnGf2(kernel))
}

/// A kernel over GF(2^128), to be run with some vectors.
struct OnGf2<K>(K);

impl<K: Kernel<Gf2e128>> WithVector for OnGf2<K> {
    type Out = K::Out;

    #[inline(always)]
    fn run<S: Vector>(self, vector: S) -> K::Out {
        self.0.run(Gf2Lanes(vector))
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
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi2,adx,pclmulqdq,vpclmulqdq"
)]
unsafe fn avx512<W: WithVector>(work: W) -> W::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx512::new() };
    work.run(ByClmul(vector))
}

/// # Safety
/// The CPU has the features of [`SimdLevel::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,adx,pclmulqdq")]
unsafe fn avx2<W: WithVector>(work: W) -> W::Out {
    // SAFETY: the caller's promise.
    let vector = unsafe { Avx2::new() };
    work.run(ByClmul(vector))
}
