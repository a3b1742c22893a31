//! One GKR proof as a state machine of submit and absorb (`docs/protocol.md`, section 7).

use std::time::Instant;

use prover_circuit::Instances;
use prover_core::{
    BackendError, ChallengeField, DeviceLayer, LayerBackend, Pending, RandomCoefs, Summand, host,
    mle,
};
use prover_proof::schedule::labels;
use prover_proof::{Outputs, Proof, ProofHeader, ProofShape, absorb_outputs, open_layer};
use prover_sumcheck::{Driver, Outcome, Phase, Progress, Statement, SumcheckRun};
use prover_transcript::{Transcript, TranscriptExt};

use crate::commitment::InputCommitment;
use crate::compile::{CompiledCircuit, CompiledLayer};
use crate::error::ProveError;
use crate::evaluate::{Evaluation, evaluate, input_table};
use crate::prove::{ProverConfig, admit};

/// The claims about a layer's outputs and the challenges that combine them.
struct LayerClaims<F> {
    /// `(1, z_0)` and, with two claims, `(alpha, z_1)`.
    points: Vec<(F, Vec<F>)>,
    /// `t`.
    instance_point: Vec<F>,
    /// `gamma` and `b`, if the layer asserts outputs.
    asserts: Option<(F, Vec<F>)>,
    /// The combined claim.
    claim: F,
}

/// Where phase one ended.
struct AfterPhaseOne<F> {
    r_x: Vec<F>,
    r_s: Vec<F>,
    v_x: F,
    /// The claim, the add gates' part included.
    claim: F,
}

enum Step<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>> {
    OpenPhaseOne(LayerClaims<F>),
    PhaseOne {
        run: Box<SumcheckRun<F, B, H>>,
        /// Taken when it has arrived, before the first message.
        constant_term: Option<B::Pending>,
        weights: B::Mle,
    },
    OpenPhaseTwo {
        after: AfterPhaseOne<F>,
        weights: B::Mle,
    },
    PhaseTwo {
        run: Box<SumcheckRun<F, B, H>>,
        add_term: Option<B::Pending>,
        after: AfterPhaseOne<F>,
    },
    /// A layer without mul gates: only the add gates' part is under way.
    AddOnly {
        add_term: B::Pending,
        after: AfterPhaseOne<F>,
    },
    Done,
    /// An error was returned.
    Failed,
}

/// One proof under way on one queue.
///
/// Alternate [`GkrRun::submit`] (enqueue, return at once) and [`GkrRun::absorb`] (wait, hash);
/// any number of runs may be in flight on a queue.
pub struct GkrRun<'c, F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F> = B> {
    compiled: &'c CompiledCircuit<F, B>,
    shape: ProofShape,
    evaluation: Evaluation<F, B>,
    random: RandomCoefs<F>,
    public: Vec<F::Base>,
    input: Vec<F::Base>,
    outputs: Outputs<F>,
    messages: Vec<F>,
    /// The layer being proven; layer 0 is the last.
    layer: usize,
    step: Step<F, B, H>,
    commitment: Box<dyn InputCommitment<F, B>>,
}

impl<'c, F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>> GkrRun<'c, F, B, H> {
    /// Opens the transcript, evaluates all layers, absorbs the outputs and draws their point.
    ///
    /// # Errors
    /// [`ProveError::Violated`] if the witness does not satisfy the circuit; a limit, a shape or the
    /// device otherwise.
    pub fn start(
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        compiled: &'c CompiledCircuit<F, B>,
        instances: &Instances<F::Base>,
        config: &ProverConfig,
        mut commitment: Box<dyn InputCommitment<F, B>>,
        transcript: &mut impl Transcript,
    ) -> Result<Self, ProveError> {
        let shape = ProofShape::new(
            compiled.shape().clone(),
            instances.num_instances(),
            config.protocol(),
        )?;
        admit(driver.backend, compiled, &shape, config)?;
        let start = Instant::now();
        let table = input_table(instances, compiled.circuit().num_inputs())?;
        let input = driver.backend.upload_base(queue, &table)?;
        drop(table);
        driver.metrics.add(
            driver.backend.info().name,
            0,
            Phase::Transfer,
            start.elapsed(),
        );
        commitment.commit(driver.backend, queue, &input)?;
        let start = Instant::now();
        let random = prover_proof::open(transcript, &shape, instances.public(), instances.inputs());
        driver
            .metrics
            .add("host", 0, Phase::FiatShamir, start.elapsed());
        let evaluation = evaluate(driver, queue, compiled, instances, &random, input)?;
        if !evaluation.violations.0.is_empty() {
            return Err(ProveError::Violated(evaluation.violations));
        }
        let claimed = claimed_outputs(&shape, &evaluation.outputs)?;
        let outputs = Outputs::new(&shape, claimed).map_err(|_| ProveError::Wrong {
            backend: driver.backend.info().name,
            what: "an output outside the base field",
        })?;
        let point = absorb_outputs(transcript, &shape, &outputs);
        let layer = compiled.layers().len() - 1;
        let opening = open_layer(transcript, &shape.circuit().layers[layer], false);
        let claims = LayerClaims {
            claim: output_claim(&shape, &evaluation.outputs, &point.z, &point.instances)?,
            points: vec![(F::ONE, point.z)],
            instance_point: point.instances,
            asserts: opening.assert,
        };
        Ok(Self {
            compiled,
            messages: host::with_capacity(shape.num_messages() as usize)?,
            shape,
            evaluation,
            random,
            public: host::copied(instances.public())?,
            input: host::copied(instances.inputs())?,
            outputs,
            layer,
            step: Step::OpenPhaseOne(claims),
            commitment,
        })
    }

    /// Enqueues the next piece of work.
    ///
    /// # Errors
    /// If the device fails; the run cannot go on then.
    /// # Panics
    /// If values are under way already or the run is done.
    pub fn submit(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
    ) -> Result<(), ProveError> {
        self.step = match core::mem::replace(&mut self.step, Step::Failed) {
            Step::OpenPhaseOne(claims) => self.open_phase_one(driver, queue, claims)?,
            Step::OpenPhaseTwo { after, weights } => {
                self.open_phase_two(driver, queue, after, &weights)?
            }
            Step::PhaseOne {
                mut run,
                constant_term,
                weights,
            } => {
                run.submit(driver, queue)?;
                Step::PhaseOne {
                    run,
                    constant_term,
                    weights,
                }
            }
            Step::PhaseTwo {
                mut run,
                add_term,
                after,
            } => {
                run.submit(driver, queue)?;
                Step::PhaseTwo {
                    run,
                    add_term,
                    after,
                }
            }
            Step::AddOnly { .. } => panic!("values are already under way"),
            Step::Done | Step::Failed => panic!("the run is done or failed"),
        };
        Ok(())
    }

    /// The sumcheck whose next round may be submitted together with other runs' rounds.
    pub(crate) fn open_sumcheck(&mut self) -> Option<&mut SumcheckRun<F, B, H>> {
        match &mut self.step {
            Step::PhaseOne { run, .. } | Step::PhaseTwo { run, .. } => Some(run),
            _ => None,
        }
    }

    /// Whether [`GkrRun::absorb`] would not block on a round; never blocks itself.
    ///
    /// # Errors
    /// If the device failed.
    pub fn poll(&mut self) -> Result<bool, ProveError> {
        match self.open_sumcheck() {
            Some(run) => Ok(run.poll()?),
            None => Ok(true),
        }
    }

    /// Waits for what was submitted, absorbs messages and draws challenges.
    ///
    /// # Errors
    /// If the device failed or computed a wrong value; the run cannot go on then.
    /// # Panics
    /// If nothing was submitted.
    pub fn absorb(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        transcript: &mut impl Transcript,
    ) -> Result<Progress, ProveError> {
        self.step = match core::mem::replace(&mut self.step, Step::Failed) {
            Step::PhaseOne {
                mut run,
                constant_term,
                weights,
            } => {
                if let Some(pending) = constant_term {
                    run.subtract_from_claim(single(driver, pending)?);
                }
                match run.absorb(driver, transcript)? {
                    Progress::Continues => Step::PhaseOne {
                        run,
                        constant_term: None,
                        weights,
                    },
                    Progress::Done => {
                        let after = self.close_phase_one(outcome(*run), transcript);
                        Step::OpenPhaseTwo { after, weights }
                    }
                }
            }
            Step::PhaseTwo {
                mut run,
                add_term,
                after,
            } => {
                if let Some(pending) = add_term {
                    run.subtract_from_claim(single(driver, pending)? * after.v_x);
                }
                match run.absorb(driver, transcript)? {
                    Progress::Continues => Step::PhaseTwo {
                        run,
                        add_term: None,
                        after,
                    },
                    Progress::Done => {
                        self.close_phase_two(driver, queue, after, outcome(*run), transcript)?
                    }
                }
            }
            Step::AddOnly { add_term, after } => {
                if single(driver, add_term)? * after.v_x != after.claim {
                    return Err(ProveError::Wrong {
                        backend: driver.backend.info().name,
                        what: "the claim of a layer without mul gates does not hold",
                    });
                }
                self.next_layer(
                    driver,
                    queue,
                    vec![(after.r_x, after.v_x)],
                    after.r_s,
                    transcript,
                )?
            }
            Step::OpenPhaseOne(_) | Step::OpenPhaseTwo { .. } => panic!("nothing was submitted"),
            Step::Done | Step::Failed => panic!("the run is done or failed"),
        };
        Ok(if self.is_done() {
            Progress::Done
        } else {
            Progress::Continues
        })
    }

    /// Whether the proof is complete.
    pub fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    /// The proof of a finished run; `None` before [`Progress::Done`] and after an error.
    pub fn into_proof(self) -> Option<Proof<F>> {
        self.is_done().then(|| Proof {
            header: ProofHeader::of(&self.shape),
            public: self.public,
            input: self.input,
            outputs: self.outputs,
            messages: self.messages,
        })
    }

    fn current(&self) -> &'c CompiledLayer<F, B> {
        &self.compiled.layers()[self.layer]
    }

    fn device_layer(&self) -> DeviceLayer<'_, F, B> {
        DeviceLayer {
            wiring: &self.current().device,
            coefs: &self.evaluation.coefs[self.layer],
        }
    }

    fn open_phase_one(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        claims: LayerClaims<F>,
    ) -> Result<Step<F, B, H>, ProveError> {
        let backend = driver.backend;
        let start = Instant::now();
        let points: Vec<(F, &[F])> = claims
            .points
            .iter()
            .map(|(scale, point)| (*scale, point.as_slice()))
            .collect();
        let asserts = claims
            .asserts
            .as_ref()
            .map(|(scale, point)| (*scale, point.as_slice()));
        let weights = backend.layer_weights(queue, &self.current().device, &points, asserts)?;
        let publics_at = match self.current().host.publics.is_empty() {
            true => Vec::new(),
            false => publics_at(&self.shape, &self.public, &claims.instance_point)?,
        };
        let below = self.wires_below().clone();
        let one = backend.phase_one(queue, self.device_layer(), &weights, &below, &publics_at)?;
        driver.metrics.add(
            backend.info().name,
            self.layer,
            Phase::PreparePhaseOne,
            start.elapsed(),
        );
        let tables = vec![below, one.table];
        let (point, claim) = (claims.instance_point, claims.claim);
        let mut statement = Statement::new(Summand::product(), tables, point, claim);
        statement.group = self.layer;
        let mut run = Box::new(SumcheckRun::new(driver, queue, statement)?);
        run.submit(driver, queue)?;
        Ok(Step::PhaseOne {
            run,
            constant_term: Some(one.constant_term),
            weights,
        })
    }

    fn close_phase_one(
        &mut self,
        outcome: Outcome<F>,
        transcript: &mut impl Transcript,
    ) -> AfterPhaseOne<F> {
        self.messages.extend(outcome.messages);
        let mut r_x = outcome.point;
        let r_s = r_x.split_off(self.current().host.input_vars as usize);
        let v_x = outcome.final_evals[0];
        transcript.absorb_elements(labels::EVAL_X, &[v_x]);
        self.messages.push(v_x);
        AfterPhaseOne {
            r_x,
            r_s,
            v_x,
            claim: outcome.claim,
        }
    }

    fn open_phase_two(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        after: AfterPhaseOne<F>,
        weights: &B::Mle,
    ) -> Result<Step<F, B, H>, ProveError> {
        let backend = driver.backend;
        let start = Instant::now();
        let eq_x = backend.eq_mle(queue, &[(F::ONE, &after.r_x)])?;
        let two = backend.phase_two(queue, self.device_layer(), weights, &eq_x)?;
        drop(eq_x);
        let Some(table) = two.table else {
            let elapsed = start.elapsed();
            driver.metrics.add(
                backend.info().name,
                self.layer,
                Phase::PreparePhaseTwo,
                elapsed,
            );
            return Ok(Step::AddOnly {
                add_term: two.add_term,
                after,
            });
        };
        let wires = match after.r_s.is_empty() {
            true => self.wires_below().clone(),
            false => backend.bind_innermost(queue, self.wires_below(), &after.r_s)?,
        };
        self.evaluation.wires[self.layer] = None;
        driver.metrics.add(
            backend.info().name,
            self.layer,
            Phase::PreparePhaseTwo,
            start.elapsed(),
        );
        let tables = vec![wires, table];
        let mut statement = Statement::new(Summand::product(), tables, Vec::new(), after.claim);
        statement.scale = after.v_x;
        statement.group = self.layer;
        let mut run = Box::new(SumcheckRun::new(driver, queue, statement)?);
        run.submit(driver, queue)?;
        Ok(Step::PhaseTwo {
            run,
            add_term: Some(two.add_term),
            after,
        })
    }

    fn close_phase_two(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        after: AfterPhaseOne<F>,
        outcome: Outcome<F>,
        transcript: &mut impl Transcript,
    ) -> Result<Step<F, B, H>, ProveError> {
        self.messages.extend(outcome.messages);
        let v_y = outcome.final_evals[0];
        transcript.absorb_elements(labels::EVAL_Y, &[v_y]);
        self.messages.push(v_y);
        let claims = vec![(after.r_x, after.v_x), (outcome.point, v_y)];
        self.next_layer(driver, queue, claims, after.r_s, transcript)
    }

    /// Hands the claims down: to the next layer, or, below layer 0, to the commitment.
    fn next_layer(
        &mut self,
        driver: Driver<'_, B, H>,
        queue: &mut B::Queue,
        claims: Vec<(Vec<F>, F)>,
        instance_point: Vec<F>,
        transcript: &mut impl Transcript,
    ) -> Result<Step<F, B, H>, ProveError> {
        self.evaluation.wires[self.layer] = None;
        let Some(next) = self.layer.checked_sub(1) else {
            let points: Vec<Vec<F>> = claims
                .into_iter()
                .map(|(x, _)| {
                    x.into_iter()
                        .chain(instance_point.iter().copied())
                        .collect()
                })
                .collect();
            self.commitment
                .open(driver.backend, queue, &points, transcript)?;
            return Ok(Step::Done);
        };
        self.layer = next;
        let opening = open_layer(
            transcript,
            &self.shape.circuit().layers[next],
            claims.len() == 2,
        );
        let scales = core::iter::once(F::ONE).chain(opening.combine);
        let mut claim = F::ZERO;
        let mut points = Vec::with_capacity(claims.len());
        for (scale, (point, value)) in scales.zip(claims) {
            claim += scale * value;
            points.push((scale, point));
        }
        Ok(Step::OpenPhaseOne(LayerClaims {
            points,
            instance_point,
            asserts: opening.assert,
            claim,
        }))
    }

    fn wires_below(&self) -> &B::Mle {
        self.evaluation.wires[self.layer]
            .as_ref()
            .expect("a layer's wires are held until its phase two")
    }

    /// The random coefficients of the proof.
    pub fn random_coefs(&self) -> &RandomCoefs<F> {
        &self.random
    }
}

fn outcome<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>>(
    run: SumcheckRun<F, B, H>,
) -> Outcome<F> {
    run.into_outcome()
        .expect("a run that is done has an outcome")
}

fn single<F: ChallengeField, B: LayerBackend<F>, H>(
    driver: Driver<'_, B, H>,
    pending: B::Pending,
) -> Result<F, ProveError> {
    match pending.wait()?.as_slice() {
        &[value] => Ok(value),
        _ => Err(ProveError::Wrong {
            backend: driver.backend.info().name,
            what: "a term of other than one value",
        }),
    }
}

/// The outputs behind the declared-zero ones, instance after instance.
fn claimed_outputs<F: ChallengeField>(
    shape: &ProofShape,
    outputs: &[F],
) -> Result<Vec<F>, BackendError> {
    let circuit = shape.circuit();
    let (all, zeros) = (
        circuit.num_outputs as usize,
        circuit.num_zero_outputs as usize,
    );
    let mut claimed = host::with_capacity(shape.num_instances() * (all - zeros))?;
    for instance in outputs.chunks(all) {
        claimed.extend_from_slice(&instance[zeros..]);
    }
    Ok(claimed)
}

/// `sum eq(z, z') eq(t, s) out[z'][min(s, N - 1)]`.
fn output_claim<F: ChallengeField>(
    shape: &ProofShape,
    outputs: &[F],
    point: &[F],
    instance_point: &[F],
) -> Result<F, BackendError> {
    let num_outputs = shape.circuit().num_outputs as usize;
    let eq_z = mle::try_eq_table(point, F::ONE)?;
    let eq_s = mle::try_eq_table(instance_point, F::ONE)?;
    Ok((0..eq_s.len()).fold(F::ZERO, |sum, s| {
        let from = s.min(shape.num_instances() - 1) * num_outputs;
        let inner = outputs[from..from + num_outputs]
            .iter()
            .zip(&eq_z)
            .fold(F::ZERO, |sum, (&value, &weight)| sum + weight * value);
        sum + eq_s[s] * inner
    }))
}

/// Each public input's extension at the instance point.
fn publics_at<F: ChallengeField>(
    shape: &ProofShape,
    public: &[F::Base],
    instance_point: &[F],
) -> Result<Vec<F>, BackendError> {
    let each = shape.circuit().num_public as usize;
    let eq_s = mle::try_eq_table(instance_point, F::ONE)?;
    Ok((0..each)
        .map(|i| {
            eq_s.iter().enumerate().fold(F::ZERO, |sum, (s, &weight)| {
                sum + weight * public[s.min(shape.num_instances() - 1) * each + i]
            })
        })
        .collect())
}
