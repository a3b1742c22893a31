//! Layered circuits: model, builder, file formats, gallery.
//!
//! A [`Circuit`] comes from arithmetic ([`CircuitBuilder`]), from a file of either format ([`mod@file`],
//! [`format`](mod@format), [`expander`]), from the [`gallery`] or from the [`generator`]; [`tune()`]
//! makes a leaner one of it. Its inputs are [`Instances`], built or read ([`witness`]).
//! `docs/circuits.md` describes all of it.
//!
//! Everything that enters is checked here: what is a [`Circuit`] or [`Instances`] keeps the rules
//! of `docs/protocol.md`, and no input, however hostile, ends in a panic or an allocation that
//! its length does not justify.
//! Absent on purpose: proving; evaluation is plain, for `check` and tests ([`evaluate`](mod@evaluate)).
#![forbid(unsafe_code)]

pub mod builder;
mod canonical;
pub mod error;
pub mod evaluate;
pub mod expander;
pub mod fields;
pub mod file;
pub mod format;
pub mod gallery;
pub mod generator;
pub mod limits;
pub mod model;
mod reader;
pub mod tune;
pub mod witness;

pub use builder::{BuildError, BuildReport, Built, CircuitBuilder, InputLayout, Wire};
pub use error::{DecodeError, DecodeErrorKind};
pub use evaluate::{Evaluation, Violation, check, evaluate};
pub use file::{AnyCircuit, FileError};
pub use generator::{GeneratorConfig, WiringKind};
pub use limits::Limits;
pub use model::{
    Circuit, CircuitError, CircuitParts, GateCounts, InputEnds, Instances, InstancesError,
};
pub use tune::{TuneReport, tune, tune_bytes};
pub use witness::PublicInputs;

#[doc(hidden)]
pub use prover_fields as __fields;
