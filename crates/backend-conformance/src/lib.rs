//! One suite that every backend must pass, with the reference backend as the oracle.
//!
//! A backend's test file is one [`conformance_suite!`]. The laws are functions of a [`Subject`] that
//! return a [`Failure`] instead of panicking, so that the suite can be tested with backends that are
//! wrong on purpose. `docs/adding-a-backend.md` says how to use it.
//! Absent on purpose: speed (see `benches/`), anything that only one backend can do.

#![forbid(unsafe_code)]

pub mod algebra;
mod definition;
mod failure;
pub mod fixture;
mod layer_fixture;
pub mod layer_rounds;
pub mod layers;
mod lockstep;
mod lockstep_layers;
pub mod ops;
pub mod proofs;
pub mod refusals;
mod subject;
mod suite;
pub mod sumchecks;

pub use failure::Failure;
pub use lockstep::{LockstepBackend, Pair, PairPending, PairQueue};
/// The fields by name, for [`conformance_suite!`].
pub use prover_fields as fields;
pub use subject::{Open, Session, Subject, SuiteOptions};
pub use suite::{Law, MAX_VARS, REQUIRE, laws, run_law};
