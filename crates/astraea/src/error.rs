//! Why something was not done, and what kind of reason it is.

use prover_circuit::gallery::GalleryError;
use prover_circuit::{CircuitError, DecodeError, FileError};
use prover_core::{BackendError, Unavailable};
use prover_gkr::ProveError;
use prover_proof::ShapeError;
use prover_sumcheck::SumcheckError;
use prover_verifier::VerifyError;

/// What kind of reason an [`Error`] is; each is an exit code of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A well-formed proof that is invalid, or a witness that violates its circuit.
    Invalid,
    /// Malformed input, an input over a limit, or contradictory options.
    Input,
    /// A backend that is absent, not linked, out of memory or broken; a plan over the limit.
    Backend,
}

impl ErrorKind {
    /// The exit code: 1, 2 or 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 1,
            Self::Input => 2,
            Self::Backend => 3,
        }
    }

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Input => "input",
            Self::Backend => "backend",
        }
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The backend asked for is not there.
    #[error(transparent)]
    BackendUnavailable(#[from] Unavailable),
    /// The proof could not be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The proof is not accepted.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Bytes are not what they should be.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A file is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// The gallery has no such circuit, or not with such numbers.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// Parts that are no circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// Work beside a proof would need more memory than allowed.
    #[error("{what} needs {needed_bytes} bytes, {limit_bytes} are allowed")]
    Memory {
        /// The work.
        what: &'static str,
        /// What it needs at most.
        needed_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// An option or a combination of them that has no meaning.
    #[error("{0}")]
    Options(String),
}

impl Error {
    /// What kind of reason this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Prove(ProveError::Violated(_)) => ErrorKind::Invalid,
            Self::Verify(error) => match error.kind() {
                prover_verifier::ErrorKind::Invalid => ErrorKind::Invalid,
                prover_verifier::ErrorKind::Malformed => ErrorKind::Input,
            },
            Self::Decode(_)
            | Self::File(_)
            | Self::Gallery(_)
            | Self::Circuit(_)
            | Self::Options(_)
            | Self::Prove(ProveError::Shape(_)) => ErrorKind::Input,
            Self::BackendUnavailable(_) | Self::Prove(_) | Self::Memory { .. } => {
                ErrorKind::Backend
            }
        }
    }
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        Self::Prove(error.into())
    }
}

impl From<SumcheckError> for Error {
    fn from(error: SumcheckError) -> Self {
        Self::Prove(error.into())
    }
}

impl From<ShapeError> for Error {
    fn from(error: ShapeError) -> Self {
        Self::Prove(error.into())
    }
}
