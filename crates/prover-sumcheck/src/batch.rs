//! Several runs on one queue: equal rounds of K proofs in one submission.

use std::time::Instant;

use prover_core::{ChallengeField, ComputeBackend, Job};
use prover_transcript::Transcript;

use crate::SumcheckError;
use crate::run::SumcheckRun;
use crate::statement::{Driver, Outcome, Progress, Statement};

/// Submits the next piece of work of every run, what is on the device as one submission.
///
/// # Errors
/// If a device fails, or [`SumcheckError::WrongLength`]; then no run of the batch can go on.
/// # Panics
/// If values of a run are already under way or a run is done.
pub fn submit_batch<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    runs: &mut [&mut SumcheckRun<F, B, H>],
) -> Result<(), SumcheckError> {
    let start = Instant::now();
    let mut members = Vec::with_capacity(runs.len());
    let mut jobs: Vec<Job<'_, F, B>> = Vec::with_capacity(runs.len());
    let mut on_host = Vec::new();
    for (index, run) in runs.iter_mut().enumerate() {
        match run.device_jobs(driver) {
            Some((asked, mut shards)) => {
                members.push((index, asked, shards.len()));
                jobs.append(&mut shards);
            }
            None => on_host.push(index),
        }
    }
    if !jobs.is_empty() {
        let (name, expected) = (driver.backend.info().name, jobs.len());
        let pending = driver.backend.submit(queue, &mut jobs)?;
        drop(jobs);
        if pending.len() != expected {
            return Err(SumcheckError::WrongLength {
                backend: name,
                what: "answers to a submission",
                expected,
                found: pending.len(),
            });
        }
        // The submission is one; every run counts its share of the time as if it were alone.
        let share = start.elapsed() / u32::try_from(members.len()).unwrap_or(u32::MAX);
        let mut pending = pending.into_iter();
        for (index, asked, shards) in members {
            runs[index].submitted_jobs(asked, pending.by_ref().take(shards).collect(), share);
        }
    }
    for index in on_host {
        runs[index].submit_on_host(driver)?;
    }
    Ok(())
}

/// Proves several statements on one queue, each with its own transcript, round by round together.
/// The messages are those of [`crate::prove`] one by one.
///
/// # Errors
/// If a device fails or a claim is false.
pub fn prove_batch<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    statements: Vec<Statement<F, B::Mle>>,
    transcripts: &mut [impl Transcript],
) -> Result<Vec<Outcome<F>>, SumcheckError> {
    assert_eq!(
        statements.len(),
        transcripts.len(),
        "one transcript per statement"
    );
    let mut runs = statements
        .into_iter()
        .map(|statement| SumcheckRun::new(driver, queue, statement))
        .collect::<Result<Vec<_>, _>>()?;
    let mut done = vec![false; runs.len()];
    while done.contains(&false) {
        let mut open: Vec<_> = runs
            .iter_mut()
            .zip(&done)
            .filter(|&(_, &done)| !done)
            .map(|(run, _)| run)
            .collect();
        submit_batch(driver, queue, &mut open)?;
        for ((run, done), transcript) in runs.iter_mut().zip(&mut done).zip(transcripts.iter_mut())
        {
            if !*done {
                *done = run.absorb(driver, transcript)? == Progress::Done;
            }
        }
    }
    Ok(runs
        .into_iter()
        .map(|run| run.into_outcome().expect("every run of the batch is done"))
        .collect())
}
