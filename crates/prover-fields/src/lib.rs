//! The concrete fields, each derived from one specification.
//!
//! A field is a [`FieldSpec`], a module with its arithmetic, and one line in
//! [`prover_core::for_each_field`].
//! Vectors stay behind the tables and sums of [`ChallengeField`]; a backend has its own.
//! Absent on purpose: polynomials, sampling policy.

#![deny(unsafe_code)]

mod bn254;
mod gf2;
mod goldilocks;
mod limbs;
mod m31;
mod ops;
mod pow;
mod spec;
#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "loads, stores and calls of functions for a detected level"
    )
)]
mod vector;

pub use bn254::Bn254;
pub use gf2::{Gf2, Gf2e128};
pub use goldilocks::{Goldilocks, GoldilocksExt2};
pub use m31::{M31, M31Ext3};
pub use prover_core::field::{ChallengeField, Field, FieldId};
pub use spec::{Extension, FieldSpec, Form, SpecifiedField};

/// Runs an expression with a type alias for the challenge field of a [`FieldId`].
///
/// The match has an arm for each line of [`prover_core::for_each_field`].
///
/// ```
/// use prover_fields::{Field, FieldId, with_field};
///
/// let bytes = with_field!(FieldId::M31, |F| <F as Field>::ENCODED_BYTES);
/// assert_eq!(bytes, 12);
/// ```
#[macro_export]
macro_rules! with_field {
    ($id:expr, |$field:ident| $body:expr) => {
        $crate::for_each_field!($crate::__match_field { $id, $field, $body })
    };
}

#[doc(hidden)]
pub use prover_core::for_each_field;

#[doc(hidden)]
#[macro_export]
macro_rules! __match_field {
    (
        { $id:expr, $field:ident, $body:expr }
        $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal:
            $challenge:ident over $base:ident;)*
    ) => {
        match $id {
            $($crate::FieldId::$variant => {
                type $field = $crate::$challenge;
                $body
            })*
        }
    };
}
