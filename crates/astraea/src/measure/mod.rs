//! Measurements on a backend: whole runs, with their preparation outside the clock.
//!
//! They stand here, not in the programs that print them, so that the kernels of a backend are
//! compiled once for all programs.

mod layer;
mod sumcheck;

use prover_circuit::generator::{WiringKind, add_layer, mul_layer};
use prover_core::{BackendInfo, ChallengeField, LayerBackend};

use crate::backend::{BackendField, BackendVisitor, Engine, LinkedField, Selection, connect};
use crate::error::Error;
use crate::options::ProveOptions;
use crate::report::Counter;

use layer::Prepared;
use sumcheck::Tables;

/// How often and how a measurement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Runs.
    pub runs: usize,
    /// Proofs in flight together in each run.
    pub in_flight: usize,
}

/// One run: the time of all proofs in flight, and what it was spent on.
#[derive(Clone, Debug)]
pub struct Run {
    /// Time, in nanoseconds.
    pub total_ns: u64,
    /// What ran where.
    pub counters: Vec<Counter>,
}

/// Runs on one backend.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Which backend, and why.
    pub selection: Selection,
    /// The backend.
    pub info: BackendInfo,
    /// Variables per round operation, as asked for.
    pub window: usize,
    /// Variables at which the host-side backend took over.
    pub hand_off: Option<usize>,
    /// The most bytes that the backend's tables took at once, where it counts them.
    pub measured_peak_bytes: Option<u64>,
    /// The runs, in order.
    pub runs: Vec<Run>,
}

impl Measured {
    fn new<F: ChallengeField, B: LayerBackend<F>, H>(
        engine: &Engine<B, H>,
        runs: Vec<Run>,
    ) -> Self {
        Self {
            selection: engine.selection,
            info: engine.info().clone(),
            window: engine.window,
            hand_off: engine.hand_off.as_ref().map(|(_, at)| *at),
            measured_peak_bytes: engine.measured_peak_bytes(),
            runs,
        }
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// The whole proof of `sum of T_0 * T_1` over two random tables, transcript included.
    Sumcheck {
        /// Variables of the tables.
        num_vars: u32,
        /// Whether the tables are in the base field.
        base: bool,
    },
    /// Weights, both phases and their sumchecks for a layer with one gate for each output wire.
    Layer {
        /// Base-2 logarithm of the input and output wires.
        num_vars: u32,
        /// Which inputs the gates read.
        wiring: WiringKind,
        /// Mul gates, or add gates, which have no phase two.
        muls: bool,
    },
}

/// Measures; `after_run` is called after each run.
///
/// # Errors
/// If the backend is not there or fails.
pub fn measure<F: LinkedField>(
    spec: Spec,
    runs: Runs,
    options: &ProveOptions,
    after_run: &mut dyn FnMut(),
) -> Result<Measured, Error> {
    F::measure(spec, runs, options, after_run)
}

/// [`measure`], compiled in this crate.
pub(crate) fn on_backend<F: BackendField>(
    spec: Spec,
    runs: Runs,
    options: &ProveOptions,
    after_run: &mut dyn FnMut(),
) -> Result<Measured, Error> {
    let measure = Measure {
        spec,
        runs,
        after_run,
    };
    connect::<F, _>(options, measure)
}

struct Measure<'a> {
    spec: Spec,
    runs: Runs,
    after_run: &'a mut dyn FnMut(),
}

impl<F: ChallengeField> BackendVisitor<F> for Measure<'_> {
    type Out = Measured;

    fn visit<B: LayerBackend<F>, H: LayerBackend<F>>(
        self,
        engine: Engine<B, H>,
    ) -> Result<Measured, Error> {
        let mut runs = Vec::with_capacity(self.runs.runs);
        match self.spec {
            Spec::Sumcheck { num_vars, base } => {
                let tables = Tables::<F>::random(num_vars, base);
                for _ in 0..self.runs.runs {
                    runs.push(sumcheck::one_run(&engine, &tables, self.runs.in_flight)?);
                    (self.after_run)();
                }
            }
            Spec::Layer {
                num_vars,
                wiring,
                muls,
            } => {
                let gates = match muls {
                    true => mul_layer(num_vars, wiring, 2),
                    false => add_layer(num_vars, wiring, 2),
                };
                let mut queue = engine.backend.open_queue()?;
                let layer = Prepared::new(&engine.backend, &mut queue, &gates)?;
                for _ in 0..self.runs.runs {
                    let in_flight = self.runs.in_flight;
                    runs.push(layer::one_run(&engine, &mut queue, &layer, in_flight)?);
                    (self.after_run)();
                }
            }
        }
        Ok(Measured::new(&engine, runs))
    }
}
