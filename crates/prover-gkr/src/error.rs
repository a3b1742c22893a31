//! Why a proof could not be made.

use prover_core::{BackendError, Unsupported};
use prover_proof::ShapeError;
use prover_sumcheck::SumcheckError;

/// A wire that had to be zero and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The instance, from 0.
    pub instance: usize,
    /// The layer that writes the wire.
    pub layer: usize,
    /// The wire among the layer's outputs.
    pub wire: u32,
    /// Whether it is a declared-zero output of the circuit (else an assertion inside).
    pub is_output: bool,
}

/// All violations of one evaluation, instances first; at least one inside [`ProveError::Violated`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl core::fmt::Display for Violations {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const SHOWN: usize = 8;
        for (index, v) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            match v.is_output {
                true => write!(f, "{separator}instance {}: output {}", v.instance, v.wire)?,
                false => write!(
                    f,
                    "{separator}instance {}: layer {} wire {}",
                    v.instance, v.layer, v.wire
                )?,
            }
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, "; and {more} more"),
            _ => Ok(()),
        }
    }
}

/// Why a proof could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The witness does not satisfy the circuit.
    #[error("the witness violates the circuit: {0}")]
    Violated(Violations),
    /// The plan needs more memory than allowed.
    #[error("the proof needs {needed_bytes} bytes at its peak, {limit_bytes} are allowed")]
    Memory {
        /// The plan's peak.
        needed_bytes: u64,
        /// The limit given.
        limit_bytes: u64,
    },
    /// The backend cannot take the job.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The device failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The rounds do not add up: a kernel computed a wrong value.
    #[error(transparent)]
    Sumcheck(SumcheckError),
    /// A number is out of the protocol's range.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The backend's values are not what the protocol's shape asks for.
    #[error("{backend} computed an impossible value: {what}")]
    Wrong {
        /// Which backend.
        backend: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

impl From<SumcheckError> for ProveError {
    fn from(error: SumcheckError) -> Self {
        match error {
            SumcheckError::Backend(error) => Self::Backend(error),
            other => Self::Sumcheck(other),
        }
    }
}
