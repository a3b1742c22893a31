//! One sumcheck as a state machine of submit and absorb.

use std::time::{Duration, Instant};

use prover_core::{ChallengeField, ComputeBackend, Job, RoundJob, Summand, window_points};
use prover_transcript::Transcript;

use crate::SumcheckError;
use crate::answers::{Answer, Answers, Asked, InFlight, Values};
use crate::batch::submit_batch;
use crate::metrics::{Phase, Tally, Worker};
use crate::shards::{self, Shard, shard_vars};
use crate::statement::{Driver, HostTerm, Outcome, Progress, Statement};

mod messages;

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
    fn weights(&self) -> impl Iterator<Item = F> {
        let shards: &[Shard<F, B>] = match self {
            Self::Device(shards) => shards,
            Self::Host { .. } => &[],
        };
        shards.iter().map(|shard| shard.weight)
    }

    /// Who works on the tables.
    fn worker(&self) -> Worker {
        match self {
            Self::Device(_) => Worker::Device,
            Self::Host { .. } => Worker::Host,
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
    tally: Tally,
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
        let num_elements = num_vars * statement.summand.degree();
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
            messages: Vec::with_capacity(num_elements),
            final_evals: None,
            tally: Tally::default(),
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
        self.submit_since(Instant::now(), driver, queue)?;
        Ok(())
    }

    /// Makes every round that is left, from the next to be submitted, and leaves the final evaluations
    /// under way: a loop of [`SumcheckRun::submit`] and [`SumcheckRun::absorb`] for a run that shares
    /// its queue with no other.
    ///
    /// # Errors
    /// As both.
    /// # Panics
    /// As [`SumcheckRun::submit`].
    pub fn make_rounds(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        transcript: &mut impl Transcript,
    ) -> Result<(), SumcheckError> {
        let mut now = Instant::now();
        loop {
            let (asked, submitted) = self.submit_since(now, driver, queue)?;
            if asked == Asked::FinalEvals {
                return Ok(());
            }
            (_, now) = self.absorb_since(submitted, driver, transcript)?;
        }
    }

    /// [`SumcheckRun::submit`] at a time that the caller has just read: the clock is a part of a small
    /// round's cost. Returns what was asked for and the time at the end.
    fn submit_since(
        &mut self,
        start: Instant,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
    ) -> Result<(Asked, Instant), SumcheckError> {
        let asked = self.next(driver);
        if let (Asked::Sums(window), Place::Device(shards)) = (asked, &mut self.place)
            && let [Shard { mles, eq, .. }] = shards.as_mut_slice()
        {
            // Nearly every submission is such: no vectors of jobs and of answers for it.
            let mut job = RoundJob {
                summand: &self.summand,
                mles,
                eq: eq.as_ref(),
                fold: &self.unfolded,
                window,
            };
            let pending = driver.backend.fold_and_sums(queue, &mut job)?;
            let end = Instant::now();
            let answers = Answers::Device(Answer::UnderWay(pending));
            self.submitted(asked, answers, end - start);
            return Ok((asked, end));
        }
        submit_batch(driver, queue, &mut [self])?;
        Ok((asked, Instant::now()))
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

    /// Takes the results of a submission of [`SumcheckRun::device_jobs`].
    pub(crate) fn submitted_jobs(
        &mut self,
        asked: Asked,
        pending: Vec<B::Pending>,
        time: Duration,
    ) {
        let answers = pending.into_iter().map(Answer::UnderWay).collect();
        self.submitted(asked, Answers::Shards(answers), time);
    }

    fn submitted(
        &mut self,
        asked: Asked,
        answers: Answers<B::Pending, H::Pending, F>,
        time: Duration,
    ) {
        self.unfolded.clear();
        self.in_flight = Some(InFlight { asked, answers });
        self.tally.add(self.place.worker(), asked.phase(), time);
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
        let answers = Answers::Host(Answer::UnderWay(pending));
        self.submitted(asked, answers, start.elapsed());
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
        let (progress, _) = self.absorb_since(Instant::now(), driver, transcript)?;
        Ok(progress)
    }

    /// [`SumcheckRun::absorb`] with times as in [`SumcheckRun::submit_since`].
    fn absorb_since(
        &mut self,
        start: Instant,
        driver: Driver<'_, B, H>,
        transcript: &mut impl Transcript,
    ) -> Result<(Progress, Instant), SumcheckError> {
        let InFlight { asked, mut answers } = self.in_flight.take().expect("nothing was submitted");
        // A backend that computes at once is not waited for: the clock is a part of a small round's cost.
        let is_there = answers.poll()?;
        let values = answers.wait()?;
        let arrived = if is_there { start } else { Instant::now() };
        let worker = self.place.worker();
        self.tally.add(worker, asked.phase(), arrived - start);
        self.check_lengths(driver, asked, values.answers())?;
        let (worker, phase) = match asked {
            Asked::Sums(window) => {
                let sums = match values {
                    Values::Whole(sums) => sums,
                    Values::Shards(answers) => shards::add_up(answers, self.place.weights()),
                };
                self.absorb_window(driver, window, sums, transcript)?;
                (Worker::Transcript, Phase::FiatShamir)
            }
            Asked::HandOff => {
                self.hand_off(driver, values.answers())?;
                (Worker::Host, Phase::Transfer)
            }
            Asked::FinalEvals => {
                self.finish(driver, values.answers().concat())?;
                return Ok((Progress::Done, arrived));
            }
        };
        let end = Instant::now();
        self.tally.add(worker, phase, end - arrived);
        Ok((Progress::Continues, end))
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

    fn finish(&mut self, driver: Driver<'_, B, H>, values: Vec<F>) -> Result<(), SumcheckError> {
        if self.scale * self.summand.evaluate(&values) != self.claim {
            return Err(self.inconsistent(driver));
        }
        self.final_evals = Some(values);
        let device = driver.backend.info().name;
        let names = [device, self.backend_name(driver), "host"];
        driver.metrics.add_run(self.group, names, &self.tally);
        Ok(())
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
    run.make_rounds(driver, queue, transcript)?;
    run.absorb(driver, transcript)?;
    Ok(run
        .into_outcome()
        .expect("a run is done after its final evaluations"))
}
