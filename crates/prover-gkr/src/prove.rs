//! Proving: one run, or several in flight on one queue.

use prover_circuit::Instances;
use prover_core::{ChallengeField, JobShape, LayerBackend, Summand};
use prover_proof::{CommitmentKind, Proof, ProofShape, ProtocolConfig, RandomCoefField};
use prover_sumcheck::{Driver, Progress, submit_batch};
use prover_transcript::{Sha256Transcript, Transcript};

use crate::commitment::Raw;
use crate::compile::CompiledCircuit;
use crate::error::ProveError;
use crate::plan::MemoryPlan;
use crate::run::GkrRun;

/// What a caller chooses for a proof. The window and the hand-off stand in the [`Driver`]: they do not
/// change the proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProverConfig {
    /// The field that random coefficients are drawn from.
    pub random_coefs: RandomCoefField,
    /// Refuse proofs that plan to need more bytes.
    pub max_memory_bytes: Option<u64>,
}

impl ProverConfig {
    /// The part that the proof carries.
    pub fn protocol(&self) -> ProtocolConfig {
        ProtocolConfig {
            random_coefs: self.random_coefs,
            commitment: CommitmentKind::Raw,
        }
    }
}

/// Holds the plan against the limits before any work.
pub(crate) fn admit<F: ChallengeField, B: LayerBackend<F>>(
    backend: &B,
    compiled: &CompiledCircuit<F, B>,
    shape: &ProofShape,
    config: &ProverConfig,
) -> Result<(), ProveError> {
    let plan = MemoryPlan::new(shape, compiled.wiring_bytes(), backend.info());
    if let Some(limit_bytes) = config.max_memory_bytes
        && plan.peak_bytes > limit_bytes
    {
        return Err(ProveError::Memory {
            needed_bytes: plan.peak_bytes,
            limit_bytes,
        });
    }
    let num_vars = compiled.circuit().max_vars() + shape.instance_vars();
    let job = JobShape {
        field: F::ID,
        num_vars,
        summands: vec![Summand::<F>::product().shape()],
        peak_bytes: plan.peak_bytes,
    };
    backend.admits(&job)?;
    Ok(backend.prepare(&job)?)
}

/// Proves `N` instances of a circuit.
///
/// # Errors
/// [`ProveError`]; a witness that violates the circuit is refused before proving.
pub fn prove<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    driver: Driver<'_, B, H>,
    compiled: &CompiledCircuit<F, B>,
    instances: &Instances<F::Base>,
    config: &ProverConfig,
) -> Result<Proof<F>, ProveError> {
    prove_with(
        driver,
        compiled,
        instances,
        config,
        &mut Sha256Transcript::new(),
    )
}

/// As [`prove`], with the caller's transcript (a recording one, say).
///
/// # Errors
/// As [`prove`].
pub fn prove_with<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    driver: Driver<'_, B, H>,
    compiled: &CompiledCircuit<F, B>,
    instances: &Instances<F::Base>,
    config: &ProverConfig,
    transcript: &mut impl Transcript,
) -> Result<Proof<F>, ProveError> {
    let mut queue = driver.backend.open_queue()?;
    let commitment = Box::new(Raw);
    let mut run = GkrRun::start(
        driver, &mut queue, compiled, instances, config, commitment, transcript,
    )?;
    loop {
        match run.open_sumcheck() {
            Some(sumcheck) => sumcheck.make_rounds(driver, &mut queue, transcript)?,
            None => run.submit(driver, &mut queue)?,
        }
        if run.absorb(driver, &mut queue, transcript)? == Progress::Done {
            return Ok(run.into_proof().expect("a run that is done has a proof"));
        }
    }
}

/// Proves several witnesses of one circuit, all in flight on one queue: each submission carries the
/// rounds of every proof. The proofs are those of [`prove`], in the order of the witnesses.
///
/// # Errors
/// As [`prove`]; one failing witness fails the batch.
pub fn prove_many<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    driver: Driver<'_, B, H>,
    compiled: &CompiledCircuit<F, B>,
    witnesses: &[Instances<F::Base>],
    config: &ProverConfig,
) -> Result<Vec<Proof<F>>, ProveError> {
    let mut queue = driver.backend.open_queue()?;
    let mut transcripts: Vec<_> = witnesses.iter().map(|_| Sha256Transcript::new()).collect();
    let mut runs = Vec::with_capacity(witnesses.len());
    for (instances, transcript) in witnesses.iter().zip(&mut transcripts) {
        let commitment = Box::new(Raw);
        runs.push(GkrRun::start(
            driver, &mut queue, compiled, instances, config, commitment, transcript,
        )?);
    }
    while runs.iter().any(|run| !run.is_done()) {
        submit_together(driver, &mut queue, &mut runs)?;
        for (run, transcript) in runs.iter_mut().zip(&mut transcripts) {
            if !run.is_done() {
                run.absorb(driver, &mut queue, transcript)?;
            }
        }
    }
    Ok(runs
        .into_iter()
        .map(|run| run.into_proof().expect("every run of the batch is done"))
        .collect())
}

/// Submits every run's next piece of work, the rounds of all runs in one submission.
fn submit_together<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    runs: &mut [GkrRun<'_, F, B, H>],
) -> Result<(), ProveError> {
    let mut rounds = Vec::with_capacity(runs.len());
    for run in runs.iter_mut().filter(|run| !run.is_done()) {
        if run.open_sumcheck().is_none() {
            run.submit(driver, queue)?;
        } else {
            rounds.extend(run.open_sumcheck());
        }
    }
    if !rounds.is_empty() {
        submit_batch(driver, queue, &mut rounds)?;
    }
    Ok(())
}
