//! One sumcheck as a state machine of submit and absorb.

use std::time::Instant;

use prover_core::{
    ChallengeField, ComputeBackend, DeviceMle, Job, Pending, RoundJob, RoundPoly, Summand,
    WindowGrid, window_points,
};
use prover_transcript::{Transcript, TranscriptExt};

use crate::SumcheckError;
use crate::metrics::{Metrics, Phase};

/// Where runs work and how: shared by all runs of a prover.
///
/// `B` holds the tables; `H` is the host-side backend that takes over when few variables remain
/// (the same type as `B` where there is no hand-off).
pub struct Driver<'a, B, H = B> {
    /// The backend of the tables.
    pub backend: &'a B,
    /// The backend that takes over once at most this many variables remain.
    pub hand_off: Option<(&'a H, usize)>,
    /// Variables per round operation asked for; at least 1, shortened to what the backend takes.
    pub window: usize,
    /// Counters.
    pub metrics: &'a Metrics,
}

impl<B, H> Clone for Driver<'_, B, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B, H> Copy for Driver<'_, B, H> {}

/// A polynomial that the host adds to every message (a zero-knowledge mask, say).
///
/// It contributes a sum of its own to the claim; the run keeps the two apart.
pub trait HostTerm<F>: Send {
    /// The degree of its messages.
    fn degree(&self) -> usize;
    /// Its share of the claim.
    fn claim(&self) -> F;
    /// Its round polynomial; inside the eq factor `eq_coordinate` is `t_j`, and the polynomial obeys
    /// the same rule as the summand's.
    fn round_poly(&mut self, eq_coordinate: Option<F>) -> RoundPoly<F>;
    /// Binds its next variable.
    fn bind(&mut self, challenge: F);
}

/// What is to be proven: `claim = scale * sum of eq * summand` (plus the host term's claim).
pub struct Statement<F, M> {
    /// The summand.
    pub summand: Summand<F>,
    /// Its tables, all of the same number of variables.
    pub mles: Vec<M>,
    /// The eq factor's point, over the last variables; empty for none.
    pub eq_point: Vec<F>,
    /// The claimed value, without the host term's share.
    pub claim: F,
    /// A factor of all sums (Libra's phase two carries `V(r_x)`).
    pub scale: F,
    /// A polynomial of the host's.
    pub host_term: Option<Box<dyn HostTerm<F>>>,
    /// For counters: the layer, or 0.
    pub group: usize,
}

impl<F: ChallengeField, M> Statement<F, M> {
    /// `claim = sum of eq * summand`.
    pub fn new(summand: Summand<F>, mles: Vec<M>, eq_point: Vec<F>, claim: F) -> Self {
        Self {
            summand,
            mles,
            eq_point,
            claim,
            scale: F::ONE,
            host_term: None,
            group: 0,
        }
    }
}

/// What a finished run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<F> {
    /// The challenges: the point that the tables were evaluated at.
    pub point: Vec<F>,
    /// The tables' values there.
    pub final_evals: Vec<F>,
    /// The last claim (host term included).
    pub claim: F,
    /// All message elements in order.
    pub messages: Vec<F>,
}

/// Whether a run needs another `submit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Yes.
    Continues,
    /// No: [`SumcheckRun::into_outcome`].
    Done,
}

/// The tables, on the device or, after the hand-off, on the host.
enum Place<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>> {
    Device {
        mles: Vec<B::Mle>,
        eq: Option<B::Eq>,
    },
    Host {
        queue: H::Queue,
        mles: Vec<H::Mle>,
        eq: Option<H::Eq>,
    },
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

/// Values under way.
struct InFlight<P, Q, F> {
    asked: Asked,
    values: Values<P, Q, F>,
}

enum Values<P, Q, F> {
    /// One partial result per shard; summed before absorbing. Today there is one shard.
    Device(Vec<P>),
    Host(Q),
    Arrived(Vec<F>),
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
    /// If the device fails.
    /// # Panics
    /// If the tables differ in size, do not fit the summand or are smaller than the eq point.
    pub fn new(
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        statement: Statement<F, B::Mle>,
    ) -> Result<Self, SumcheckError> {
        let Statement {
            summand,
            mles,
            eq_point,
            claim,
            scale,
            host_term,
            group,
        } = statement;
        assert_eq!(
            mles.len(),
            summand.num_tables(),
            "tables do not fit the summand"
        );
        let num_vars = mles[0].num_vars();
        assert!(
            mles.iter().all(|m| m.num_vars() == num_vars),
            "tables differ in size"
        );
        assert!(
            eq_point.len() <= num_vars,
            "eq point longer than the tables"
        );
        let eq = match eq_point.is_empty() {
            true => None,
            false => Some(driver.backend.prepare_eq(queue, &eq_point)?),
        };
        Ok(Self {
            place: Place::Device { mles, eq },
            summand,
            eq_point,
            scale,
            host_term,
            group,
            claim,
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
        let start = Instant::now();
        let Some((asked, mut job)) = self.device_job(driver) else {
            return self.submit_on_host(driver);
        };
        let backend = driver.backend;
        let pending = backend
            .submit(queue, core::slice::from_mut(&mut job))?
            .pop()
            .expect("a backend answers every job");
        self.submitted(asked, pending);
        let phase = self.phase(asked);
        driver
            .metrics
            .add(backend.info().name, self.group, phase, start.elapsed());
        Ok(())
    }

    /// This run's next work as a member of a batched submission; `None` if it is on the host.
    pub(crate) fn device_job(
        &mut self,
        driver: Driver<'_, B, H>,
    ) -> Option<(Asked, Job<'_, F, B>)> {
        let asked = self.next(driver);
        let Place::Device { mles, eq } = &mut self.place else {
            return None;
        };
        let fold = self.unfolded.as_slice();
        let job = match asked {
            Asked::Sums(window) => {
                let (summand, eq) = (&self.summand, eq.as_ref());
                Job::Round(RoundJob {
                    summand,
                    mles,
                    eq,
                    fold,
                    window,
                })
            }
            Asked::HandOff | Asked::FinalEvals => Job::Tables { mles, fold },
        };
        Some((asked, job))
    }

    /// Takes the result of a submission on the device.
    pub(crate) fn submitted(&mut self, asked: Asked, pending: B::Pending) {
        self.unfolded.clear();
        self.in_flight = Some(InFlight {
            asked,
            values: Values::Device(vec![pending]),
        });
    }

    /// [`SumcheckRun::submit`] after the hand-off.
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
            values: Values::Host(pending),
        });
        let phase = self.phase(asked);
        driver
            .metrics
            .add(host.info().name, self.group, phase, start.elapsed());
        Ok(())
    }

    fn phase(&self, asked: Asked) -> Phase {
        match asked {
            Asked::Sums(_) => Phase::RoundEvaluate,
            Asked::HandOff => Phase::Transfer,
            Asked::FinalEvals => Phase::Fold,
        }
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
        let arrived = match &mut in_flight.values {
            Values::Arrived(_) => return Ok(true),
            // Partial results of several shards are waited for in `absorb`.
            Values::Device(partials) => match partials.as_mut_slice() {
                [only] => only.poll()?,
                _ => None,
            },
            Values::Host(pending) => pending.poll()?,
        };
        Ok(match arrived {
            Some(values) => {
                in_flight.values = Values::Arrived(values);
                true
            }
            None => false,
        })
    }

    /// Waits for the submitted values, absorbs one message per variable of the window and draws its
    /// challenge; after the final evaluations checks the last claim against them.
    ///
    /// # Errors
    /// If the device failed, or [`SumcheckError::Inconsistent`].
    /// # Panics
    /// If nothing was submitted.
    pub fn absorb(
        &mut self,
        driver: Driver<'_, B, H>,
        transcript: &mut impl Transcript,
    ) -> Result<Progress, SumcheckError> {
        let start = Instant::now();
        let name = self.backend_name(driver);
        let in_flight = self.in_flight.take().expect("nothing was submitted");
        let values = match in_flight.values {
            Values::Arrived(values) => values,
            Values::Device(partials) => sum_partials(partials)?,
            Values::Host(pending) => pending.wait()?,
        };
        driver.metrics.add(
            name,
            self.group,
            self.phase(in_flight.asked),
            start.elapsed(),
        );
        let start = Instant::now();
        match in_flight.asked {
            Asked::Sums(window) => {
                self.absorb_window(driver, window, values, transcript)?;
                driver
                    .metrics
                    .add("host", self.group, Phase::FiatShamir, start.elapsed());
            }
            Asked::HandOff => {
                self.hand_off(driver, &values)?;
                driver
                    .metrics
                    .add(name, self.group, Phase::Transfer, start.elapsed());
            }
            Asked::FinalEvals => return self.finish(driver, values),
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
        if on_device
            && driver
                .hand_off
                .is_some_and(|(_, most)| self.num_vars <= most)
        {
            return Asked::HandOff;
        }
        let until_boundary = match self.num_vars.checked_sub(self.eq_point.len()) {
            Some(outside) if outside > 0 => outside,
            _ => self.num_vars,
        };
        let folds = self.unfolded.len();
        let most = match (self.summand.degree() <= 2, driver.hand_off) {
            (false, _) => 1,
            (true, Some((host, _))) if !on_device => {
                host.max_window(&self.summand, self.num_vars, folds)
            }
            (true, _) => driver
                .backend
                .max_window(&self.summand, self.num_vars, folds),
        };
        Asked::Sums(driver.window.min(most).min(until_boundary).max(1))
    }

    /// Goes on with the tables' values on the host-side backend.
    fn hand_off(&mut self, driver: Driver<'_, B, H>, values: &[F]) -> Result<(), SumcheckError> {
        let (host, _) = driver
            .hand_off
            .expect("asked for only with a host-side backend");
        assert_eq!(
            values.len(),
            self.summand.num_tables() << self.num_vars,
            "the backend returned tables of the wrong size"
        );
        let mut queue = host.open_queue()?;
        let mles = values
            .chunks(1 << self.num_vars)
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
        let (points, implied) = window_points(degree, window, self.num_vars, self.eq_point.len());
        assert_eq!(
            values.len(),
            points,
            "the backend returned a grid of the wrong size"
        );
        if !self.scale.is_one() {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
        let mut grid = match implied {
            true => WindowGrid::from_implied(degree, window, values, self.claim),
            false => WindowGrid::from_full(degree, window, values),
        };
        for _ in 0..window {
            let eq_rest = (!implied).then(|| {
                let next = self.eq_point.len() - self.num_vars;
                self.eq_point[next..next + grid.window()].to_vec()
            });
            let poly = grid.first_round(eq_rest.as_ref().map(|coordinates| &coordinates[1..]));
            let eq_coordinate = eq_rest.map(|coordinates| coordinates[0]);
            if let Some(t) = eq_coordinate
                && poly.at_zero() + t * (poly.at_one() - poly.at_zero()) != self.claim
            {
                return Err(self.inconsistent(driver));
            }
            let r = self.exchange(&poly, eq_coordinate, transcript);
            grid = grid.bind(r);
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
        let sent = match &mut self.host_term {
            Some(term) => poly.plus(&term.round_poly(eq_coordinate)),
            None => poly.clone(),
        };
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

/// Adds up the shards' partial sums.
fn sum_partials<F: ChallengeField, P: Pending<F>>(
    partials: Vec<P>,
) -> Result<Vec<F>, SumcheckError> {
    let mut total: Option<Vec<F>> = None;
    for partial in partials {
        let values = partial.wait()?;
        total = Some(match total {
            None => values,
            Some(sum) => sum.into_iter().zip(values).map(|(a, b)| a + b).collect(),
        });
    }
    Ok(total.unwrap_or_default())
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
