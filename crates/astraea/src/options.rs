//! What a caller chooses for a proof.

use prover_gkr::ProverConfig;
use prover_proof::RandomCoefField;

use crate::backend::BackendChoice;
use crate::memory::available_bytes;

/// When a run moves to the host-side backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandOff {
    /// As the backend's policy says: never, for backends that are on the host themselves.
    #[default]
    Policy,
    /// Never.
    Off,
    /// Once at most so many variables remain.
    At(usize),
}

/// What a caller chooses for a proof. Only `random_coefs` changes its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProveOptions {
    /// The backend.
    pub backend: BackendChoice,
    /// Which of the backend's devices; `None` for its choice.
    pub device: Option<String>,
    /// Host threads, 1 to [`crate::MAX_THREADS`]; `None` for as many as the machine offers.
    pub threads: Option<usize>,
    /// Variables per round operation; `None` for the policy's (1 today), longer ones are shortened
    /// to what the backend takes.
    pub window: Option<usize>,
    /// When a run moves to the host-side backend.
    pub hand_off: HandOff,
    /// The field that random coefficients are drawn from.
    pub random_coefs: RandomCoefField,
    /// Refuse proofs that plan to need more bytes, and stop when more are asked for; `None` takes the
    /// memory that this process may still have, where the system tells it.
    pub max_memory_bytes: Option<u64>,
}

impl ProveOptions {
    /// The part that the prover takes.
    pub(crate) fn config(&self) -> ProverConfig {
        ProverConfig {
            random_coefs: self.random_coefs,
            max_memory_bytes: self.max_memory_bytes.or_else(available_bytes),
        }
    }
}
