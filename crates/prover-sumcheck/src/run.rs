//! One sumcheck as a state machine of submit and absorb.

use std::time::Instant;

use prover_core::{
    ChallengeField, ComputeBackend, Job, Pending, RoundJob, RoundPoly, Summand, WindowGrid,
    window_points,
};
use prover_transcript::{Transcript, TranscriptExt};

use crate::SumcheckError;
use crate::batch::submit_batch;
use crate::metrics::Phase;
use crate::shards::{self, Answer, Shard, shard_vars};
use crate::statement::{Driver, HostTerm, Outcome, Progress, Statement};

/// The tables, on the device or, after the hand-off, on the host.
enum Place<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>> {
    Device(Vec<Shard<F, B>>),
    Host {
        queue: H::Queue,
        mles: Vec<H::Mle>,
        eq: Option<H::Eq>,
    },
}

impl<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>> Place<F, B, H> {
    /// The last variables of the whole tables that number shards.
    fn shard_vars(&self) -> usize {
        match self {
            Self::Device(shards) => shard_vars(shards),
            Self::Host { .. } => 0,
        }
    }

    /// What each answer's sums count with.
    fn weights(&self) -> Vec<F> {
        match self {
            Self::Device(shards) => shards.iter().map(|shard| shard.weight).collect(),
            Self::Host { .. } => vec![F::ONE],
        }
    }
}

/// What was asked for with the last submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The sums of a window of so many variables.
    Sums(usize),
    /// The tables, to go on with them on the host.
    HandOff,
    /// The tables of no variables.
    FinalEvals,
}

impl Asked {
    /// What its time is counted as.
    pub(crate) fn phase(self) -> Phase {
        match self {
            Self::Sums(_) => Phase::RoundEvaluate,
            Self::HandOff => Phase::Transfer,
            Self::FinalEvals => Phase::Fold,
        }
    }

    /// What its values are, for errors.
    fn what(self) -> &'static str {
        match self {
            Self::Sums(_) => "sums",
            Self::HandOff => "values of tables",
            Self::FinalEvals => "final evaluations",
        }
    }
}

/// Values under way.
struct InFlight<P, Q, F> {
    asked: Asked,
    answers: Answers<P, Q, F>,
}

enum Answers<P, Q, F> {
    /// One of each shard.
    Device(Vec<Answer<P, F>>),
    Host(Answer<Q, F>),
}

impl<F, P: Pending<F>, Q: Pending<F>> Answers<P, Q, F> {
    fn poll(&mut self) -> Result<bool, SumcheckError> {
        match self {
            Self::Device(answers) => answers
                .iter_mut()
                .try_fold(true, |all, answer| Ok(answer.poll()? && all)),
            Self::Host(answer) => answer.poll(),
        }
    }

    fn wait(self) -> Result<Vec<Vec<F>>, SumcheckError> {
        match self {
            Self::Device(answers) => answers.into_iter().map(Answer::wait).collect(),
            Self::Host(answer) => Ok(vec![answer.wait()?]),
        }
    }
}

/// One sumcheck under way.
pub struct SumcheckRun<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F> = B> {
    place: Place<F, B, H>,
    summand: Summand<F>,
    eq_point: Vec<F>,
    scale: F,
    host_term: Option<Box<dyn HostTerm<F>>>,
    group: usize,
    /// The device's share of the claim.
    claim: F,
    /// Variables not yet bound by a challenge.
    num_vars: usize,
    /// Challenges drawn but not yet folded into the tables.
    unfolded: Vec<F>,
    in_flight: Option<InFlight<B::Pending, H::Pending, F>>,
    point: Vec<F>,
    messages: Vec<F>,
    final_evals: Option<Vec<F>>,
}

impl<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>> SumcheckRun<F, B, H> {
    /// Starts a run; enqueues the eq factor's preparation.
    ///
    /// # Errors
    /// If the device fails, or [`SumcheckError::ShardsNeedAHost`].
    /// # Panics
    /// If the tables differ in size, do not fit the summand or are smaller than the eq point, or if
    /// the number of shards is no power of two.
    pub fn new(
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        statement: Statement<F, B::Mle>,
    ) -> Result<Self, SumcheckError> {
        let (shards, num_vars) = shards::prepare(
            driver,
            queue,
            &statement.summand,
            statement.shards,
            &statement.eq_point,
        )?;
        Ok(Self {
            place: Place::Device(shards),
            summand: statement.summand,
            eq_point: statement.eq_point,
            scale: statement.scale,
            host_term: statement.host_term,
            group: statement.group,
            claim: statement.claim,
            num_vars,
            unfolded: Vec::new(),
            in_flight: None,
            point: Vec::with_capacity(num_vars),
            messages: Vec::new(),
            final_evals: None,
        })
    }

    /// Enqueues the next piece of work and returns at once: a window's sums with the last challenges
    /// folded in, the tables for the hand-off when few variables remain, or the final evaluations.
    ///
    /// # Errors
    /// If the device fails.
    /// # Panics
    /// If values are already under way or the run is done.
    pub fn submit(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
    ) -> Result<(), SumcheckError> {
        submit_batch(driver, queue, &mut [self])
    }

    /// This run's next work on the device, a job for each shard; `None` if it is on the host.
    pub(crate) fn device_jobs(
        &mut self,
        driver: Driver<'_, B, H>,
    ) -> Option<(Asked, Vec<Job<'_, F, B>>)> {
        let asked = self.next(driver);
        let Place::Device(shards) = &mut self.place else {
            return None;
        };
        let (summand, fold) = (&self.summand, self.unfolded.as_slice());
        let jobs = shards.iter_mut().map(|shard| {
            let Shard { mles, eq, .. } = shard;
            match asked {
                Asked::Sums(window) => Job::Round(RoundJob {
                    summand,
                    mles,
                    eq: eq.as_ref(),
                    fold,
                    window,
                }),
                Asked::HandOff | Asked::FinalEvals => Job::Tables { mles, fold },
            }
        });
        Some((asked, jobs.collect()))
    }

    /// Takes the results of a submission on the device.
    pub(crate) fn submitted(&mut self, asked: Asked, pending: Vec<B::Pending>) {
        self.unfolded.clear();
        let answers = pending.into_iter().map(Answer::UnderWay).collect();
        self.in_flight = Some(InFlight {
            asked,
            answers: Answers::Device(answers),
        });
    }

    /// For counters.
    pub(crate) fn group(&self) -> usize {
        self.group
    }

    /// The work of [`SumcheckRun::submit`] after the hand-off.
    pub(crate) fn submit_on_host(&mut self, driver: Driver<'_, B, H>) -> Result<(), SumcheckError> {
        let start = Instant::now();
        let asked = self.next(driver);
        let Place::Host { queue, mles, eq } = &mut self.place else {
            panic!("the tables are on the device")
        };
        let (host, _) = driver
            .hand_off
            .expect("tables are on the host only after a hand-off");
        let fold = self.unfolded.as_slice();
        let pending = match asked {
            Asked::Sums(window) => {
                let (summand, eq) = (&self.summand, eq.as_ref());
                host.fold_and_sums(
                    queue,
                    &mut RoundJob {
                        summand,
                        mles,
                        eq,
                        fold,
                        window,
                    },
                )?
            }
            Asked::HandOff | Asked::FinalEvals => {
                host.fold(queue, mles, fold)?;
                host.download(queue, mles)?
            }
        };
        self.unfolded.clear();
        self.in_flight = Some(InFlight {
            asked,
            answers: Answers::Host(Answer::UnderWay(pending)),
        });
        driver
            .metrics
            .add(host.info().name, self.group, asked.phase(), start.elapsed());
        Ok(())
    }

    /// Takes a part off the claim that became known only after the first submission.
    ///
    /// # Panics
    /// If a message was absorbed already.
    pub fn subtract_from_claim(&mut self, part: F) {
        assert!(self.point.is_empty(), "the claim is already bound");
        self.claim -= part;
    }

    /// Whether [`SumcheckRun::absorb`] would not block; never blocks itself.
    ///
    /// # Errors
    /// If the device failed.
    /// # Panics
    /// If nothing was submitted.
    pub fn poll(&mut self) -> Result<bool, SumcheckError> {
        let in_flight = self.in_flight.as_mut().expect("nothing was submitted");
        in_flight.answers.poll()
    }

    /// Waits for the submitted values, absorbs one message per variable of the window and draws its
    /// challenge; after the final evaluations checks the last claim against them.
    ///
    /// # Errors
    /// If the device failed, [`SumcheckError::WrongLength`] or [`SumcheckError::Inconsistent`].
    /// # Panics
    /// If nothing was submitted.
    pub fn absorb(
        &mut self,
        driver: Driver<'_, B, H>,
        transcript: &mut impl Transcript,
    ) -> Result<Progress, SumcheckError> {
        let start = Instant::now();
        let name = self.backend_name(driver);
        let InFlight { asked, answers } = self.in_flight.take().expect("nothing was submitted");
        let answers = answers.wait()?;
        driver
            .metrics
            .add(name, self.group, asked.phase(), start.elapsed());
        self.check_lengths(driver, asked, &answers)?;
        let start = Instant::now();
        match asked {
            Asked::Sums(window) => {
                let sums = shards::add_up(answers, &self.place.weights());
                self.absorb_window(driver, window, sums, transcript)?;
                driver
                    .metrics
                    .add("host", self.group, Phase::FiatShamir, start.elapsed());
            }
            Asked::HandOff => {
                self.hand_off(driver, &answers)?;
                let host = self.backend_name(driver);
                driver
                    .metrics
                    .add(host, self.group, Phase::Transfer, start.elapsed());
            }
            Asked::FinalEvals => return self.finish(driver, answers.concat()),
        }
        Ok(Progress::Continues)
    }

    /// The result of a finished run; `None` before [`Progress::Done`].
    pub fn into_outcome(self) -> Option<Outcome<F>> {
        let host_claim = self.host_term.as_ref().map_or(F::ZERO, |term| term.claim());
        Some(Outcome {
            point: self.point,
            final_evals: self.final_evals?,
            claim: self.claim + host_claim,
            messages: self.messages,
        })
    }

    /// What to ask for next.
    fn next(&self, driver: Driver<'_, B, H>) -> Asked {
        assert!(self.in_flight.is_none(), "values are already under way");
        assert!(self.final_evals.is_none(), "the run is done");
        let on_device = matches!(self.place, Place::Device { .. });
        if self.num_vars == 0 {
            return Asked::FinalEvals;
        }
        let shard_vars = self.place.shard_vars();
        if on_device
            && driver
                .hand_off
                .is_some_and(|(_, most)| self.num_vars <= most.max(shard_vars))
        {
            return Asked::HandOff;
        }
        let table_vars = self.num_vars - shard_vars;
        let until_boundary = match self.num_vars.checked_sub(self.eq_point.len()) {
            Some(outside) if outside > 0 => outside.min(table_vars),
            _ => table_vars,
        };
        let folds = self.unfolded.len();
        let most = match (self.summand.degree() <= 2, driver.hand_off) {
            (false, _) => 1,
            (true, Some((host, _))) if !on_device => {
                host.max_window(&self.summand, table_vars, folds)
            }
            (true, _) => driver.backend.max_window(&self.summand, table_vars, folds),
        };
        let window = driver.window.min(most).min(until_boundary).max(1);
        driver.metrics.note_window(window);
        Asked::Sums(window)
    }

    /// Checks that every answer has as many values as were asked for.
    fn check_lengths(
        &self,
        driver: Driver<'_, B, H>,
        asked: Asked,
        answers: &[Vec<F>],
    ) -> Result<(), SumcheckError> {
        let expected = match asked {
            Asked::Sums(window) => {
                let degree = self.summand.degree();
                window_points(degree, window, self.num_vars, self.eq_point.len()).0
            }
            Asked::HandOff | Asked::FinalEvals => {
                self.summand.num_tables() << (self.num_vars - self.place.shard_vars())
            }
        };
        match answers.iter().find(|values| values.len() != expected) {
            Some(values) => Err(SumcheckError::WrongLength {
                backend: self.backend_name(driver),
                what: asked.what(),
                expected,
                found: values.len(),
            }),
            None => Ok(()),
        }
    }

    /// Goes on with the tables' values on the host-side backend.
    fn hand_off(
        &mut self,
        driver: Driver<'_, B, H>,
        answers: &[Vec<F>],
    ) -> Result<(), SumcheckError> {
        let (host, _) = driver
            .hand_off
            .expect("asked for only with a host-side backend");
        let mut queue = host.open_queue()?;
        let mles = shards::interleave(answers, self.summand.num_tables())
            .iter()
            .map(|table| host.upload(&mut queue, table))
            .collect::<Result<Vec<_>, _>>()?;
        let rest = &self.eq_point[self.eq_point.len().saturating_sub(self.num_vars)..];
        let eq = match rest.is_empty() {
            true => None,
            false => Some(host.prepare_eq(&mut queue, rest)?),
        };
        let (from, to) = (driver.backend.info().name, host.info().name);
        tracing::debug!(from, to, num_vars = self.num_vars, "hand-off");
        self.place = Place::Host { queue, mles, eq };
        Ok(())
    }

    fn absorb_window(
        &mut self,
        driver: Driver<'_, B, H>,
        window: usize,
        mut values: Vec<F>,
        transcript: &mut impl Transcript,
    ) -> Result<(), SumcheckError> {
        let degree = self.summand.degree();
        let (_, implied) = window_points(degree, window, self.num_vars, self.eq_point.len());
        if !self.scale.is_one() {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
        let mut grid = match implied {
            true => WindowGrid::from_implied(degree, window, values, self.claim),
            false => WindowGrid::from_full(degree, window, values),
        };
        for round in 0..window {
            let eq = (!implied).then(|| {
                let next = self.eq_point.len() - self.num_vars;
                let (t, rest) = (self.eq_point[next], &self.eq_point[next + 1..]);
                (t, &rest[..grid.window() - 1])
            });
            let poly = grid.first_round(eq.map(|(_, rest)| rest));
            let eq_coordinate = eq.map(|(t, _)| t);
            if let Some(t) = eq_coordinate
                && poly.at_zero() + t * (poly.at_one() - poly.at_zero()) != self.claim
            {
                return Err(self.inconsistent(driver));
            }
            let r = self.exchange(&poly, eq_coordinate, transcript);
            if round + 1 < window {
                grid = grid.bind(r);
            }
        }
        Ok(())
    }

    /// Absorbs one message, draws its challenge and moves the claim on.
    fn exchange(
        &mut self,
        poly: &RoundPoly<F>,
        eq_coordinate: Option<F>,
        transcript: &mut impl Transcript,
    ) -> F {
        let masked = self.host_term.as_mut();
        let masked = masked.map(|term| poly.plus(&term.round_poly(eq_coordinate)));
        let sent = masked.as_ref().unwrap_or(poly);
        let from = self.messages.len();
        match eq_coordinate {
            Some(_) => self.messages.push(sent.at_one() - sent.at_zero()),
            None => self.messages.push(sent.at_zero()),
        }
        self.messages.extend(sent.values().iter().skip(2));
        transcript.absorb_elements("round", &self.messages[from..]);
        let r: F = transcript.challenge("challenge");
        if let Some(term) = &mut self.host_term {
            term.bind(r);
        }
        self.claim = poly.evaluate(r);
        self.point.push(r);
        self.unfolded.push(r);
        self.num_vars -= 1;
        r
    }

    fn finish(
        &mut self,
        driver: Driver<'_, B, H>,
        values: Vec<F>,
    ) -> Result<Progress, SumcheckError> {
        if self.scale * self.summand.evaluate(&values) != self.claim {
            return Err(self.inconsistent(driver));
        }
        self.final_evals = Some(values);
        Ok(Progress::Done)
    }

    fn inconsistent(&self, driver: Driver<'_, B, H>) -> SumcheckError {
        SumcheckError::Inconsistent {
            backend: self.backend_name(driver),
            bound_vars: self.point.len(),
        }
    }

    fn backend_name(&self, driver: Driver<'_, B, H>) -> &'static str {
        match (&self.place, driver.hand_off) {
            (Place::Host { .. }, Some((host, _))) => host.info().name,
            _ => driver.backend.info().name,
        }
    }
}

/// Proves one statement: alternates submit and absorb until the final evaluations are checked.
///
/// # Errors
/// If a device fails or the claim is false.
pub fn prove<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    statement: Statement<F, B::Mle>,
    transcript: &mut impl Transcript,
) -> Result<Outcome<F>, SumcheckError> {
    let mut run = SumcheckRun::new(driver, queue, statement)?;
    loop {
        run.submit(driver, queue)?;
        if run.absorb(driver, transcript)? == Progress::Done {
            return Ok(run
                .into_outcome()
                .expect("a run that is done has an outcome"));
        }
    }
}
