//! Whole sumchecks through the driver, checked by the verifier.

use backend_reference::ReferenceBackend;
use prover_core::{ChallengeField, ComputeBackend, LayerBackend, Summand};
use prover_sumcheck::{
    Driver, Metrics, Outcome, Progress, Statement, SumcheckError, SumcheckRun, prove, prove_batch,
};
use prover_transcript::Sha256Transcript;
use prover_verifier::{SumcheckClaim, verify_sumcheck};

use crate::definition::{extension, total};
use crate::failure::{Failure, same};
use crate::fixture::{HostTable, Rng, summands};
use crate::subject::{Session, Subject};

type Law = Result<(), Failure>;

/// A statement on the host.
struct Case<F: ChallengeField> {
    summand: Summand<F>,
    tables: Vec<HostTable<F>>,
    eq_point: Vec<F>,
    claim: F,
}

impl<F: ChallengeField> Case<F> {
    fn draw(summand: Summand<F>, num_vars: usize, eq_vars: usize, rng: &mut Rng) -> Self {
        let tables = HostTable::mixed(summand.num_tables(), num_vars, rng);
        let lifted: Vec<Vec<F>> = tables.iter().map(HostTable::lifted).collect();
        let eq_point = rng.point(eq_vars);
        let claim = total(&summand, &lifted, Some(&eq_point));
        Self {
            summand,
            tables,
            eq_point,
            claim,
        }
    }

    fn statement<B: ComputeBackend<F>>(
        &self,
        session: &mut Session<'_, F, B>,
    ) -> Result<Statement<F, B::Mle>, Failure> {
        let mles = session.upload_all(&self.tables)?;
        let (summand, eq_point) = (self.summand.clone(), self.eq_point.clone());
        Ok(Statement::new(summand, mles, eq_point, self.claim))
    }

    /// Proves with a window and a hand-off to the oracle.
    fn prove<B: ComputeBackend<F>>(
        &self,
        backend: &B,
        window: usize,
        hand_off: Option<usize>,
    ) -> Result<Outcome<F>, Failure> {
        let host = ReferenceBackend::new();
        let metrics = Metrics::default();
        let driver = Driver {
            backend,
            hand_off: hand_off.map(|n| (&host, n)),
            window,
            metrics: &metrics,
        };
        let mut session = Session::new(backend)?;
        let statement = self.statement(&mut session)?;
        let transcript = &mut Sha256Transcript::new();
        Ok(prove(driver, &mut session.queue, statement, transcript)?)
    }

    /// Whether a verifier accepts, and the final values are those of the tables.
    fn verify(&self, outcome: &Outcome<F>) -> Law {
        let claim = SumcheckClaim {
            claim: self.claim,
            degree: self.summand.degree(),
            num_vars: outcome.point.len(),
            eq_point: &self.eq_point,
        };
        let transcript = &mut Sha256Transcript::new();
        let (last, point) = verify_sumcheck(claim, &outcome.messages, transcript)
            .map_err(|error| Failure::new(error.to_string()))?;
        same(&outcome.point, &point, format_args!("the point"))?;
        let evals: Vec<F> = self
            .tables
            .iter()
            .map(|table| extension(&table.lifted(), &point))
            .collect();
        same(&outcome.final_evals, &evals, format_args!("final values"))?;
        let value = self.summand.evaluate(&evals);
        same(&[last], &[value], format_args!("the last claim"))
    }
}

impl From<SumcheckError> for Failure {
    fn from(error: SumcheckError) -> Self {
        Self::new(error.to_string())
    }
}

/// Sumchecks of every degree, with and without eq factor, are accepted; windows and a hand-off at any
/// size change nothing.
pub fn sumchecks_verify_by_every_route<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(81);
    for summand in summands(&mut rng) {
        let n = 4 + rng.below(2);
        for eq_vars in [0, 2, n] {
            let case = Case::draw(summand.clone(), n, eq_vars, &mut rng);
            let shape = (n, eq_vars, summand.shape().terms);
            let first = case
                .prove(backend, 1, None)
                .map_err(|f| f.at(format_args!("{shape:?}")))?;
            case.verify(&first)
                .map_err(|f| f.at(format_args!("{shape:?}")))?;
            let windows = (2..=3).map(|w| (w, None));
            let sizes = (0..=n).map(|size| (1 + size % 3, Some(size)));
            for (window, hand_off) in windows.chain(sizes) {
                let place = format_args!("{shape:?}, window {window}, hand-off {hand_off:?}");
                let other = case
                    .prove(backend, window, hand_off)
                    .map_err(|f| f.at(place))?;
                same(&other.messages, &first.messages, place)?;
                same(&other.final_evals, &first.final_evals, place)?;
            }
        }
    }
    Ok(())
}

/// Several sumchecks of different sizes in one submission give what each gives alone.
pub fn sumchecks_together_are_each_alone<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(82);
    let all = summands::<F>(&mut rng);
    for (count, hand_off) in [(2, None), (5, Some(2)), (8, None)] {
        let cases: Vec<Case<F>> = (0..count)
            .map(|i| {
                let summand = all[rng.below(all.len())].clone();
                let n = 2 + (3 * i + 1) % 6;
                let eq_vars = [0, n / 2, n][i % 3];
                Case::draw(summand, n, eq_vars, &mut rng)
            })
            .collect();
        let host = ReferenceBackend::new();
        let metrics = Metrics::default();
        let driver = Driver {
            backend,
            hand_off: hand_off.map(|n| (&host, n)),
            window: 2,
            metrics: &metrics,
        };
        let mut session = Session::new(backend)?;
        let statements = cases
            .iter()
            .map(|case| case.statement(&mut session))
            .collect::<Result<Vec<_>, _>>()?;
        let mut transcripts: Vec<_> = cases.iter().map(|_| Sha256Transcript::new()).collect();
        let outcomes = prove_batch(driver, &mut session.queue, statements, &mut transcripts)?;
        for (i, (case, outcome)) in cases.iter().zip(&outcomes).enumerate() {
            let place = format_args!("{i} of {count} together");
            let alone = case.prove(backend, 1, None)?;
            same(&outcome.messages, &alone.messages, place)?;
            case.verify(outcome).map_err(|f| f.at(place))?;
        }
    }
    Ok(())
}

/// Sumchecks in flight on queues of their own, step by step in turn, do not disturb each other.
pub fn sumchecks_on_several_queues_are_each_alone<F: ChallengeField, B: LayerBackend<F>>(
    subject: &Subject<F, B>,
) -> Law {
    let backend = subject.backend();
    let mut rng = Rng::new(83);
    let metrics = Metrics::default();
    let driver = Driver::<B> {
        backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let all = summands::<F>(&mut rng);
    let mut cases = Vec::new();
    let mut open = Vec::new();
    for i in 0..4 {
        let case = Case::draw(all[2 * i].clone(), 3 + i, i, &mut rng);
        let mut session = Session::new(backend)?;
        let statement = case.statement(&mut session)?;
        let run = SumcheckRun::<F, B>::new(driver, &mut session.queue, statement)?;
        cases.push(case);
        open.push((session, run, Sha256Transcript::new(), Progress::Continues));
    }
    while open.iter().any(|(.., p)| *p == Progress::Continues) {
        let going = |p: &Progress| *p == Progress::Continues;
        for (session, run, _, progress) in &mut open {
            if going(progress) {
                run.submit(driver, &mut session.queue)?;
            }
        }
        for (_, run, transcript, progress) in open.iter_mut().rev() {
            if going(progress) {
                *progress = run.absorb(driver, transcript)?;
            }
        }
    }
    for (i, (case, (_, run, ..))) in cases.iter().zip(open).enumerate() {
        let place = format_args!("queue {i}");
        let outcome = run.into_outcome();
        let outcome = outcome.ok_or_else(|| Failure::new("a run that is done has no outcome"))?;
        case.verify(&outcome).map_err(|f| f.at(place))?;
        let alone = case.prove(backend, 1, None)?;
        same(&outcome.messages, &alone.messages, place)?;
    }
    Ok(())
}
