//! Field traits, the backend seam, summands and layer wiring: no I/O, no unsafe.
//!
//! Start with [`backend`]: the contract between the protocol and the devices. What it speaks of:
//! - [`field`]: what an element must be able to do, and the one list of fields;
//! - [`summand`], [`round_poly`]: what a sumcheck sums, and the messages of its rounds;
//! - [`gates`], [`wiring`]: a layer's gates as a circuit lists them, and sorted for a device;
//! - [`host`]: vectors whose allocation may fail;
//! - [`mle`], [`sums`]: tables and sums over gates on the host, for definitions and verifiers.
//!
//! Absent on purpose: concrete fields (`prover-fields`), the transcript, circuits.
#![forbid(unsafe_code)]

pub mod backend;
pub mod error;
pub mod field;
pub mod gates;
pub mod host;
pub mod mle;
pub mod round_poly;
pub mod summand;
pub mod sums;
pub mod wiring;

pub use backend::{
    BackendInfo, ComputeBackend, DeviceLayer, DeviceMle, Job, JobShape, LayerBackend, Pending,
    PhaseOne, PhaseTwo, Ready, RoundJob, window_points,
};
pub use error::{BackendError, Unavailable, Unsupported};
pub use field::{ChallengeField, Field, FieldId};
pub use gates::{AddGate, CoefKind, CoefRef, ConstGate, LayerGates, MulGate};
pub use round_poly::{RoundPoly, WindowGrid};
pub use summand::{Summand, SummandShape, Term};
pub use sums::GateTables;
pub use wiring::{GateRows, LayerCoefs, LayerWiring, RandomCoefs, Slots};
