//! SIMD levels and the one place where they are found out.

#[cfg(target_arch = "x86_64")]
use crate::vector::{Avx2, Avx512};
use crate::vector::{Portable, Vector};

/// What the vector kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimdLevel {
    /// What the target guarantees.
    Portable,
    /// AVX2 with carry-less multiplication and BMI2.
    Avx2,
    /// AVX-512 F, BW, DQ, VL and IFMA besides.
    Avx512,
}

impl SimdLevel {
    /// The best level of this CPU.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("bmi2") && has!("adx") && has!("pclmulqdq");
            let avx512 = has!("avx512f")
                && has!("avx512bw")
                && has!("avx512dq")
                && has!("avx512vl")
                && has!("avx512ifma");
            match (avx2, avx512) {
                (true, true) => Self::Avx512,
                (true, false) => Self::Avx2,
                _ => Self::Portable,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::Portable
    }

    /// The level of this name: `portable`, `avx2` or `avx512`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "portable" => Some(Self::Portable),
            "avx2" => Some(Self::Avx2),
            "avx512" => Some(Self::Avx512),
            _ => None,
        }
    }
}

/// A computation that is generic over the vectors it uses.
pub(crate) trait WithVector {
    /// What it returns.
    type Out;
    /// Runs it; inlined into code compiled for the level.
    fn run<S: Vector>(self, vector: S) -> Self::Out;
}

/// Runs a computation with the vectors of a level that [`SimdLevel::detect`] allows.
#[inline]
pub(crate) fn with_vector<W: WithVector>(level: SimdLevel, work: W) -> W::Out {
    match level {
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => {
            // SAFETY: a backend's level is at most that of the CPU.
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
