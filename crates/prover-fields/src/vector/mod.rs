//! Vectorised tables and sums over gates, behind the methods of [`ChallengeField`].
//!
//! One level beside the portable one: AVX-512 with IFMA and carry-less products of whole vectors. It
//! is found at run time; `ASTRAEA_SIMD=portable` or `=avx2` keeps to the portable functions, which
//! are those of [`prover_core::sums`]. Every level has the same results.
//!
//! `unsafe` is here for three things: loads and stores between arrays and vectors, and the calls of
//! functions compiled for a level, for which [`Level`] is the proof. Look-ups are checked slices.

#[cfg(target_arch = "x86_64")]
mod bn254;
#[cfg(target_arch = "x86_64")]
mod gf2;
#[cfg(target_arch = "x86_64")]
mod load;
#[cfg(target_arch = "x86_64")]
mod m31;
#[cfg(all(test, target_arch = "x86_64"))]
mod tests;

use prover_core::sums::{self, GateTables};
use prover_core::{AddGate, ChallengeField, MulGate};
use std::sync::OnceLock;

/// The variable that keeps this process to a lower level.
#[cfg(target_arch = "x86_64")]
const VARIABLE: &str = "ASTRAEA_SIMD";

/// A level that this CPU has: the proof that functions compiled for it may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    #[cfg(test)]
    pub(crate) const PORTABLE: Self = Self(Kind::Portable);

    /// The best level of this CPU.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f")
                && has!("avx512bw")
                && has!("avx512dq")
                && has!("avx512vl")
                && has!("avx512ifma")
                && has!("pclmulqdq")
                && has!("vpclmulqdq")
            {
                return Self(Kind::Avx512);
            }
        }
        Self(Kind::Portable)
    }

    /// The level that is used: found out once.
    fn get() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            #[cfg(target_arch = "x86_64")]
            if std::env::var(VARIABLE).is_ok_and(|name| name == "portable" || name == "avx2") {
                return Self(Kind::Portable);
            }
            Self::detect()
        })
    }
}

/// A challenge field's functions at each level.
pub(crate) trait Vectorised: ChallengeField {
    /// [`sums::outer_product`].
    fn outer_product_at(level: Level, rows: &[Self], columns: &[Self], out: &mut [Self]);
    /// [`sums::add_slices`].
    fn add_slices_at(level: Level, sums: &mut [Self], values: &[Self]);
    /// [`sums::sum_mul_gates`].
    fn sum_mul_gates_at(level: Level, gates: &[MulGate], tables: &GateTables<'_, Self>) -> Self;
    /// [`sums::sum_add_gates`].
    fn sum_add_gates_at(level: Level, gates: &[AddGate], tables: &GateTables<'_, Self>) -> Self;
}

/// The methods of [`ChallengeField`] for a [`Vectorised`] field.
macro_rules! vectorised_methods {
    () => {
        fn outer_product(rows: &[Self], columns: &[Self], out: &mut [Self]) {
            crate::vector::Vectorised::outer_product_at(crate::vector::level(), rows, columns, out);
        }

        fn add_slices(sums: &mut [Self], values: &[Self]) {
            crate::vector::Vectorised::add_slices_at(crate::vector::level(), sums, values);
        }

        fn sum_mul_gates(
            gates: &[prover_core::MulGate],
            tables: &prover_core::GateTables<'_, Self>,
        ) -> Self {
            crate::vector::Vectorised::sum_mul_gates_at(crate::vector::level(), gates, tables)
        }

        fn sum_add_gates(
            gates: &[prover_core::AddGate],
            tables: &prover_core::GateTables<'_, Self>,
        ) -> Self {
            crate::vector::Vectorised::sum_add_gates_at(crate::vector::level(), gates, tables)
        }
    };
}

pub(crate) use vectorised_methods;

/// The level that the methods use.
pub(crate) fn level() -> Level {
    Level::get()
}

/// Implements [`Vectorised`] by the functions of a module compiled for AVX-512.
macro_rules! vectorised_field {
    ($field:ty, $module:ident) => {
        impl Vectorised for $field {
            fn outer_product_at(level: Level, rows: &[Self], columns: &[Self], out: &mut [Self]) {
                match level.0 {
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => {
                        // SAFETY: the level is the proof that the CPU has the features.
                        unsafe { $module::outer_product(rows, columns, out) }
                    }
                    Kind::Portable => sums::outer_product(rows, columns, out),
                }
            }

            fn add_slices_at(level: Level, sums: &mut [Self], values: &[Self]) {
                match level.0 {
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => {
                        // SAFETY: the level is the proof that the CPU has the features.
                        unsafe { $module::add_slices(sums, values) }
                    }
                    Kind::Portable => sums::add_slices(sums, values),
                }
            }

            fn sum_mul_gates_at(
                level: Level,
                gates: &[MulGate],
                tables: &GateTables<'_, Self>,
            ) -> Self {
                match level.0 {
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => {
                        // SAFETY: the level is the proof that the CPU has the features.
                        unsafe { $module::sum_mul_gates(gates, tables) }
                    }
                    Kind::Portable => sums::sum_mul_gates(gates, tables),
                }
            }

            fn sum_add_gates_at(
                level: Level,
                gates: &[AddGate],
                tables: &GateTables<'_, Self>,
            ) -> Self {
                match level.0 {
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => {
                        // SAFETY: the level is the proof that the CPU has the features.
                        unsafe { $module::sum_add_gates(gates, tables) }
                    }
                    Kind::Portable => sums::sum_add_gates(gates, tables),
                }
            }
        }
    };
}

vectorised_field!(crate::Bn254, bn254);
vectorised_field!(crate::Gf2e128, gf2);
vectorised_field!(crate::M31Ext3, m31);
