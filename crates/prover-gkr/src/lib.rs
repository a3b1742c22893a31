//! Libra's GKR prover for layered circuits (eprint 2019/317), written once, generic over the backend.
//!
//! [`CompiledCircuit`] holds a circuit's sorted gates on a device. [`GkrRun`] is one proof as a state
//! machine of submit and absorb; [`prove`] runs one, [`prove_many`] several in flight on one queue.
//! The protocol is `docs/protocol.md`, sections 6 and 7; the verifier is `prover-verifier`.
//!
//! Absent on purpose: any concrete backend, arithmetic on tables, files.
#![forbid(unsafe_code)]

mod commitment;
mod compile;
mod error;
mod evaluate;
mod plan;
mod prove;
mod run;

pub use commitment::{InputCommitment, Raw};
pub use compile::CompiledCircuit;
pub use error::{ProveError, Violation, Violations};
pub use evaluate::check;
pub use plan::MemoryPlan;
pub use prove::{ProverConfig, prove, prove_many, prove_with};
pub use run::GkrRun;
