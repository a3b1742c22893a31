//! One compiled circuit on one backend, for any number of proofs.

use std::sync::Arc;
use std::time::Instant;

use prover_circuit::{Circuit, Instances};
use prover_core::{BackendInfo, ChallengeField, LayerBackend};
use prover_gkr::{CompiledCircuit, MemoryPlan, ProveError, ProverConfig, Violations};
use prover_proof::{Proof, ProofShape, soundness_bits};
use prover_sumcheck::Metrics;

use crate::backend::{BackendField, BackendVisitor, Engine, LinkedField, Selection, connect};
use crate::error::Error;
use crate::options::ProveOptions;
use crate::report::{Report, counters};

/// A circuit on a backend: made once, proves any number of witnesses.
pub struct Prover<F: ChallengeField> {
    compiled: Box<dyn Compiled<F>>,
    config: ProverConfig,
}

impl<F: LinkedField> Prover<F> {
    /// Opens the backend and brings the circuit onto it.
    ///
    /// # Errors
    /// If the backend is not there or has no room for the circuit.
    pub fn new(
        circuit: impl Into<Arc<Circuit<F::Base>>>,
        options: &ProveOptions,
    ) -> Result<Self, Error> {
        let OnBackend(compiled) = F::compile(circuit.into(), options)?;
        Ok(Self {
            compiled,
            config: options.config(),
        })
    }
}

impl<F: ChallengeField> Prover<F> {
    /// The circuit.
    pub fn circuit(&self) -> &Circuit<F::Base> {
        self.compiled.circuit()
    }

    /// The backend.
    pub fn info(&self) -> &BackendInfo {
        self.compiled.info()
    }

    /// Which backend this is, and why.
    pub fn selection(&self) -> Selection {
        self.compiled.settings().selection
    }

    /// The memory that a proof of so many instances needs.
    ///
    /// # Errors
    /// If there are no proofs of so many instances.
    pub fn plan(&self, num_instances: usize) -> Result<MemoryPlan, Error> {
        Ok(self.plan_of(&self.shape(num_instances)?))
    }

    /// Bytes at the peak of proofs in flight together, of so many instances each.
    ///
    /// # Errors
    /// If there are no proofs of so many instances, or if the proofs exceed the limit.
    pub fn admit(&self, instances: impl IntoIterator<Item = usize>) -> Result<u64, Error> {
        // The gates are there once, whatever the number of proofs.
        let wiring = self.compiled.settings().wiring_bytes;
        let mut needed_bytes = wiring;
        for num_instances in instances {
            let peak_bytes = self.plan(num_instances)?.peak_bytes;
            needed_bytes = needed_bytes.saturating_add(peak_bytes - wiring);
        }
        hold(needed_bytes, self.config.max_memory_bytes)?;
        Ok(needed_bytes)
    }

    /// Proves one witness.
    ///
    /// # Errors
    /// If the witness violates the circuit, the plan exceeds the limit, or the backend fails.
    pub fn prove(&self, witness: &Instances<F::Base>) -> Result<(Proof<F>, Report), Error> {
        let (mut proofs, report) = self.prove_many(core::slice::from_ref(witness))?;
        let proof = proofs.pop().expect("one proof for one witness");
        Ok((proof, report))
    }

    /// Proves several witnesses, all in flight together; the proofs are those of
    /// [`Prover::prove`].
    ///
    /// # Errors
    /// As [`Prover::prove`]; one failing witness fails all. Also if there is none.
    pub fn prove_many(
        &self,
        witnesses: &[Instances<F::Base>],
    ) -> Result<(Vec<Proof<F>>, Report), Error> {
        let Some(first) = witnesses.first() else {
            return Err(Error::Options("there is no witness to prove".into()));
        };
        let shape = self.shape(first.num_instances())?;
        let plan = self.plan_of(&shape);
        let peak_bytes = self.admit(witnesses.iter().map(Instances::num_instances))?;
        let metrics = Metrics::default();
        let start = Instant::now();
        let proofs = self.compiled.prove(witnesses, &self.config, &metrics)?;
        let total_ns = start.elapsed().as_nanos() as u64;
        let settings = self.compiled.settings();
        let info = self.info();
        let report = Report {
            field: F::ID,
            selection: settings.selection,
            backend: info.name,
            device: info.device.clone(),
            threads: info.threads,
            window: settings.window,
            longest_window: metrics.longest_window(),
            hand_off: settings.hand_off,
            instances: first.num_instances(),
            in_flight: witnesses.len(),
            num_vars: self.circuit().max_vars() + shape.instance_vars(),
            soundness_bits: soundness_bits::<F>(&shape),
            peak_bytes,
            measured_peak_bytes: settings.measured_peak_bytes,
            plan,
            counters: counters(&metrics),
            total_ns,
        };
        tracing::debug!(backend = report.backend, total_ns, "proven");
        Ok((proofs, report))
    }

    /// Evaluates the circuit with the coefficients that [`Prover::prove`] would draw, and names the
    /// wires that had to be zero and are not.
    ///
    /// # Errors
    /// If the plan exceeds the limit or the backend fails.
    pub fn check(&self, witness: &Instances<F::Base>) -> Result<Violations, Error> {
        Ok(self
            .compiled
            .check(witness, &self.config, &Metrics::default())?)
    }

    fn shape(&self, num_instances: usize) -> Result<ProofShape, Error> {
        let protocol = self.config.protocol();
        Ok(ProofShape::of(self.circuit(), num_instances, protocol)?)
    }

    fn plan_of(&self, shape: &ProofShape) -> MemoryPlan {
        MemoryPlan::new(shape, self.compiled.settings().wiring_bytes, self.info())
    }
}

/// Holds a plan against the limit.
pub(crate) fn hold(needed_bytes: u64, limit_bytes: Option<u64>) -> Result<(), ProveError> {
    match limit_bytes {
        Some(limit_bytes) if needed_bytes > limit_bytes => Err(ProveError::Memory {
            needed_bytes,
            limit_bytes,
        }),
        _ => Ok(()),
    }
}

/// What is fixed while a circuit stays on a backend, and the backend's own count of memory.
struct Settings {
    selection: Selection,
    window: usize,
    hand_off: Option<usize>,
    wiring_bytes: u64,
    measured_peak_bytes: Option<u64>,
}

/// A compiled circuit without the types of its backends: proofs are coarse enough for `dyn`.
trait Compiled<F: ChallengeField>: Send + Sync {
    fn circuit(&self) -> &Circuit<F::Base>;
    fn info(&self) -> &BackendInfo;
    fn settings(&self) -> Settings;
    fn prove(
        &self,
        witnesses: &[Instances<F::Base>],
        config: &ProverConfig,
        metrics: &Metrics,
    ) -> Result<Vec<Proof<F>>, ProveError>;
    fn check(
        &self,
        witness: &Instances<F::Base>,
        config: &ProverConfig,
        metrics: &Metrics,
    ) -> Result<Violations, ProveError>;
}

struct Typed<F: ChallengeField, B: LayerBackend<F>, H> {
    engine: Engine<B, H>,
    compiled: CompiledCircuit<F, B>,
}

impl<F: ChallengeField, B: LayerBackend<F>, H: LayerBackend<F>> Compiled<F> for Typed<F, B, H> {
    fn circuit(&self) -> &Circuit<F::Base> {
        self.compiled.circuit()
    }

    fn info(&self) -> &BackendInfo {
        self.engine.info()
    }

    fn settings(&self) -> Settings {
        Settings {
            selection: self.engine.selection,
            window: self.engine.window,
            hand_off: self.engine.hand_off.as_ref().map(|(_, at)| *at),
            wiring_bytes: self.compiled.wiring_bytes(),
            measured_peak_bytes: self.engine.measured_peak_bytes(),
        }
    }

    fn prove(
        &self,
        witnesses: &[Instances<F::Base>],
        config: &ProverConfig,
        metrics: &Metrics,
    ) -> Result<Vec<Proof<F>>, ProveError> {
        let driver = self.engine.driver(metrics);
        match witnesses {
            [witness] => {
                let proof = prover_gkr::prove(driver, &self.compiled, witness, config)?;
                Ok(vec![proof])
            }
            _ => prover_gkr::prove_many(driver, &self.compiled, witnesses, config),
        }
    }

    fn check(
        &self,
        witness: &Instances<F::Base>,
        config: &ProverConfig,
        metrics: &Metrics,
    ) -> Result<Violations, ProveError> {
        let driver = self.engine.driver(metrics);
        prover_gkr::check(driver, &self.compiled, witness, config)
    }
}

/// A circuit on a backend, without the backend's type.
pub struct OnBackend<F: ChallengeField>(Box<dyn Compiled<F>>);

impl<F: BackendField> OnBackend<F> {
    pub(crate) fn open(
        circuit: Arc<Circuit<F::Base>>,
        options: &ProveOptions,
    ) -> Result<Self, Error> {
        let max_memory_bytes = options.config().max_memory_bytes;
        connect(
            options,
            Compile {
                circuit,
                max_memory_bytes,
            },
        )
    }
}

struct Compile<F: ChallengeField> {
    circuit: Arc<Circuit<F::Base>>,
    max_memory_bytes: Option<u64>,
}

impl<F: ChallengeField> BackendVisitor<F> for Compile<F> {
    type Out = OnBackend<F>;

    fn visit<B: LayerBackend<F>, H: LayerBackend<F>>(
        self,
        engine: Engine<B, H>,
    ) -> Result<Self::Out, Error> {
        let span = tracing::info_span!("compile");
        let _entered = span.enter();
        let compiled = CompiledCircuit::new(&engine.backend, self.circuit, self.max_memory_bytes)?;
        Ok(OnBackend(Box::new(Typed { engine, compiled })))
    }
}

/// Proves one witness of a circuit; [`Prover`] is for more than one.
///
/// # Errors
/// As [`Prover::new`] and [`Prover::prove`].
pub fn prove<F: LinkedField>(
    circuit: impl Into<Arc<Circuit<F::Base>>>,
    witness: &Instances<F::Base>,
    options: &ProveOptions,
) -> Result<(Proof<F>, Report), Error> {
    Prover::new(circuit, options)?.prove(witness)
}

/// Proves several witnesses of a circuit, all in flight together.
///
/// # Errors
/// As [`Prover::new`] and [`Prover::prove_many`].
pub fn prove_many<F: LinkedField>(
    circuit: impl Into<Arc<Circuit<F::Base>>>,
    witnesses: &[Instances<F::Base>],
    options: &ProveOptions,
) -> Result<(Vec<Proof<F>>, Report), Error> {
    Prover::new(circuit, options)?.prove_many(witnesses)
}

/// Names the wires of a witness that had to be zero and are not.
///
/// # Errors
/// As [`Prover::new`] and [`Prover::check`].
pub fn check<F: LinkedField>(
    circuit: impl Into<Arc<Circuit<F::Base>>>,
    witness: &Instances<F::Base>,
    options: &ProveOptions,
) -> Result<Violations, Error> {
    Prover::<F>::new(circuit, options)?.check(witness)
}
