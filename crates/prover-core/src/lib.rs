//! Field traits, the backend seam, summands and layer wiring: no I/O, no unsafe.
#![forbid(unsafe_code)]

pub mod field;
pub mod gates;
pub mod mle;
pub mod round_poly;

pub use field::{ChallengeField, Field, FieldId};
pub use gates::{AddGate, CoefKind, CoefRef, ConstGate, LayerGates, MulGate};
pub use round_poly::{RoundPoly, WindowGrid};
