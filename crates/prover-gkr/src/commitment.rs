//! How the prover is bound to its input.

use prover_core::{BackendError, ChallengeField, ComputeBackend};
use prover_proof::CommitmentKind;
use prover_transcript::Transcript;

/// A commitment to the input table `V_0(x, s)`, made and opened on the backend's tables.
pub trait InputCommitment<F: ChallengeField, B: ComputeBackend<F>>: Send {
    /// The number in proofs and transcripts.
    fn kind(&self) -> CommitmentKind;

    /// Commits to the table before anything is drawn.
    ///
    /// # Errors
    /// If the device fails.
    fn commit(
        &mut self,
        backend: &B,
        queue: &mut B::Queue,
        input: &B::Mle,
    ) -> Result<(), BackendError>;

    /// Opens the table at `points` (each `x` then `s`) after the last layer.
    ///
    /// # Errors
    /// If the device fails.
    fn open(
        &mut self,
        backend: &B,
        queue: &mut B::Queue,
        points: &[Vec<F>],
        transcript: &mut dyn Transcript,
    ) -> Result<(), BackendError>;
}

/// No commitment: the inputs are in the proof, and the verifier evaluates them itself.
///
/// It hides nothing and is as long as the input; it is what there is for now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl<F: ChallengeField, B: ComputeBackend<F>> InputCommitment<F, B> for Raw {
    fn kind(&self) -> CommitmentKind {
        CommitmentKind::Raw
    }

    fn commit(&mut self, _: &B, _: &mut B::Queue, _: &B::Mle) -> Result<(), BackendError> {
        Ok(())
    }

    fn open(
        &mut self,
        _: &B,
        _: &mut B::Queue,
        _: &[Vec<F>],
        _: &mut dyn Transcript,
    ) -> Result<(), BackendError> {
        Ok(())
    }
}
