//! SIMD levels and the one place where they are found out.

/// The environment variable that names the level of backends whose options name none: `portable`,
/// `avx2` or `avx512`.
pub const SIMD_VARIABLE: &str = "ASTRAEA_SIMD";

/// What the vector kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimdLevel {
    /// What the target guarantees.
    Portable,
    /// AVX2 with carry-less multiplication and BMI2.
    Avx2,
    /// AVX-512 F, BW, DQ, VL, IFMA and VBMI2 besides, and carry-less multiplication of whole registers.
    Avx512,
}

/// A level that this CPU has: the proof that kernels compiled for it may run.
#[derive(Clone, Copy, Debug)]
pub struct Level(SimdLevel);

impl Level {
    /// The level, if this CPU and this build have it.
    pub(crate) fn new(level: SimdLevel) -> Option<Self> {
        (level <= SimdLevel::detect()).then_some(Self(level))
    }

    pub(crate) fn get(self) -> SimdLevel {
        self.0
    }
}

impl SimdLevel {
    /// The best level of this CPU and this build: one without optimisation has no vectors.
    pub fn detect() -> Self {
        #[cfg(all(target_arch = "x86_64", not(unoptimized)))]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("bmi2") && has!("adx") && has!("pclmulqdq");
            let avx512 = has!("avx512f")
                && has!("avx512bw")
                && has!("avx512dq")
                && has!("avx512vl")
                && has!("avx512ifma")
                && has!("avx512vbmi2")
                && has!("vpclmulqdq");
            match (avx2, avx512) {
                (true, true) => Self::Avx512,
                (true, false) => Self::Avx2,
                _ => Self::Portable,
            }
        }
        #[cfg(not(all(target_arch = "x86_64", not(unoptimized))))]
        Self::Portable
    }

    /// The level that [`SIMD_VARIABLE`] names; `None` if it is not set, or empty.
    ///
    /// # Errors
    /// If it names no level.
    pub fn forced() -> Result<Option<Self>, String> {
        let Some(name) = std::env::var_os(SIMD_VARIABLE).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let level = name.to_str().and_then(Self::from_name);
        level
            .map(Some)
            .ok_or_else(|| format!("{SIMD_VARIABLE} is {name:?}; use portable, avx2 or avx512"))
    }

    /// The name that [`SimdLevel::from_name`] knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
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
