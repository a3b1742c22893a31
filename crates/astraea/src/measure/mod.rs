//! Measurements on a backend: whole runs, with their preparation outside the clock.
//!
//! They stand here, not in the programs that print them, so that the kernels of a backend are
//! compiled once for all programs.

mod layer;
mod plan;
mod sumcheck;

use prover_circuit::generator::{SplitMix64, WiringKind};
use prover_core::{BackendInfo, ChallengeField, Field, LayerBackend};

use crate::backend::{BackendField, BackendVisitor, Engine, LinkedField, Selection, connect};
use crate::error::Error;
use crate::options::ProveOptions;
use crate::prover::hold;
use crate::report::Counter;

use layer::Prepared;
use plan::host_is_full;
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
    /// Variables of the longest round operation.
    pub longest_window: usize,
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
    /// Bits of soundness of what is measured.
    pub soundness_bits: f64,
    /// Bytes at the peak as planned, of all proofs in flight, what is drawn on the host included.
    pub peak_bytes: u64,
    /// The most bytes that the backend's tables took at once, where it counts them.
    pub measured_peak_bytes: Option<u64>,
    /// The runs, in order.
    pub runs: Vec<Run>,
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
    /// The sumcheck of `eq (T_0 T_1 - T_2)`, which is 0, with an eq factor over all variables.
    Zerocheck {
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
/// If the plan exceeds the limit, before anything is allocated; if the host has no room for what is
/// drawn; if the backend is not there or fails.
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
        max_memory_bytes: options.config().max_memory_bytes,
        after_run,
    };
    connect::<F, _>(options, measure)
}

struct Measure<'a> {
    spec: Spec,
    runs: Runs,
    max_memory_bytes: Option<u64>,
    after_run: &'a mut dyn FnMut(),
}

impl<F: ChallengeField> BackendVisitor<F> for Measure<'_> {
    type Out = Measured;

    fn visit<B: LayerBackend<F>, H: LayerBackend<F>>(
        self,
        engine: Engine<B, H>,
    ) -> Result<Measured, Error> {
        let info = engine.info().clone();
        let peak_bytes = self.spec.peak_bytes::<F>(self.runs.in_flight, &info);
        hold(peak_bytes, self.max_memory_bytes)?;
        let soundness_bits = self.spec.soundness_bits::<F>()?;
        let mut runs = Vec::with_capacity(self.runs.runs);
        let in_flight = self.runs.in_flight;
        match self.spec {
            Spec::Sumcheck { num_vars, base } | Spec::Zerocheck { num_vars, base } => {
                let tables = match self.spec {
                    Spec::Zerocheck { .. } => Tables::<F>::zerocheck(num_vars, base)?,
                    _ => Tables::<F>::product(num_vars, base)?,
                };
                for _ in 0..self.runs.runs {
                    runs.push(sumcheck::one_run(&engine, &tables, in_flight)?);
                    (self.after_run)();
                }
            }
            Spec::Layer { .. } => {
                let gates = self.spec.gates::<F::Base>()?;
                let mut queue = engine.backend.open_queue()?;
                let layer = Prepared::new(&engine.backend, &mut queue, &gates)?;
                for _ in 0..self.runs.runs {
                    runs.push(layer::one_run(&engine, &mut queue, &layer, in_flight)?);
                    (self.after_run)();
                }
            }
        }
        Ok(Measured {
            selection: engine.selection,
            info,
            window: engine.window,
            hand_off: engine.hand_off.as_ref().map(|(_, at)| *at),
            soundness_bits,
            peak_bytes,
            measured_peak_bytes: engine.measured_peak_bytes(),
            runs,
        })
    }
}

/// A table of `2^num_vars` pseudo-random values.
fn random_table<T: Field>(random: &mut SplitMix64, num_vars: u32) -> Result<Vec<T>, Error> {
    let mut values = table_of(num_vars)?;
    values.extend((0..1usize << num_vars).map(|_| random.element::<T>()));
    Ok(values)
}

/// Room for `2^num_vars` values.
fn table_of<T>(num_vars: u32) -> Result<Vec<T>, Error> {
    let len = 1usize.checked_shl(num_vars).unwrap_or(usize::MAX);
    let mut values = Vec::new();
    values
        .try_reserve_exact(len)
        .map_err(|_| host_is_full(len.saturating_mul(size_of::<T>())))?;
    Ok(values)
}
