//! Facade for applications: load, prove, verify.
//!
//! ```
//! use astraea::fields::{Field, M31, M31Ext3};
//! use astraea::{CircuitBuilder, FieldId, Instances, ProveOptions, Prover, VerifyOptions, verify};
//!
//! let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
//! let (x, y) = (builder.input(), builder.input());
//! let product = builder.mul(x, y);
//! builder.output(product);
//! let built = builder.build()?;
//! let inputs = built.layout.pad(&[M31::from_u64(6), M31::from_u64(7)]);
//! let witness = Instances::new(&built.circuit, 1, inputs, vec![])?;
//! let prover = Prover::<M31Ext3>::new(built.circuit, &ProveOptions::default())?;
//! let (proof, _report) = prover.prove(&witness)?;
//! let verified = verify(prover.circuit(), &proof, &VerifyOptions::default())?;
//! assert_eq!(verified.outputs.lifted(0), M31Ext3::from_u64(42));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Prover`] keeps one compiled circuit and one backend for any number of proofs.
//! - [`any`] works on bytes of files, whatever the field.
//! - [`measure`] times sumchecks and layers on a backend.
//! - [`BackendChoice`] is the one place that names all backends; [`connect`] opens one for a
//!   computation of your own that is generic over it.
//!
//! Features (`cpu`, `reference`) say which backends are linked, never which one works.
//! Absent on purpose: arithmetic, protocol, files (`prover-circuit` reads them).
#![forbid(unsafe_code)]

pub mod any;
mod backend;
mod decimal;
mod error;
mod inspect;
pub mod measure;
mod memory;
mod options;
mod prover;
mod report;
mod tune;

pub use backend::{
    BackendChoice, BackendField, BackendVisitor, Engine, LinkedField, Selection, connect,
};
pub use decimal::{output_decimal, to_decimal};
pub use error::{Error, ErrorKind};
pub use inspect::{Inspection, LayerInspection, inspect};
pub use options::{HandOff, ProveOptions};
pub use prover::{Prover, check, prove, prove_many};
pub use report::{Counter, Report, counters, ops_by_backend, phases};
pub use tune::tune;

pub use prover_circuit as circuits;
pub use prover_circuit::{
    AnyCircuit, Circuit, CircuitBuilder, GateCounts, InputLayout, Instances, Limits, PublicInputs,
};
pub use prover_circuit::{file, with_circuit};
pub use prover_core as core;
pub use prover_fields as fields;
pub use prover_fields::{ChallengeField, Field, FieldId};
pub use prover_gkr::{MemoryPlan, ProveError, ProverConfig, Violation, Violations};
pub use prover_proof::{
    CommitmentKind, Outputs, Proof, ProofHeader, ProofShape, ProtocolConfig, RandomCoefField,
    soundness_bits,
};
pub use prover_sumcheck as sumcheck;
pub use prover_transcript as transcript;
pub use prover_verifier::{
    DEFAULT_MIN_BITS, MAX_THREADS, Verified, VerifyError, VerifyOptions, verify, verify_bytes,
};
