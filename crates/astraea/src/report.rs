//! What a proof amounted to: where it ran, for how long, with how much memory.

use std::collections::BTreeMap;

use prover_core::FieldId;
use prover_gkr::MemoryPlan;
use prover_sumcheck::{Metrics, Phase};

use crate::backend::Selection;

/// Calls and time of one phase of one layer on one backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The backend's name.
    pub backend: &'static str,
    /// The layer.
    pub layer: usize,
    /// The phase.
    pub phase: Phase,
    /// Calls.
    pub calls: u64,
    /// Time, in nanoseconds.
    pub time_ns: u64,
}

/// What a proof, or several in flight together, amounted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The field.
    pub field: FieldId,
    /// Which backend worked, and why.
    pub selection: Selection,
    /// The backend's name.
    pub backend: &'static str,
    /// The device in words.
    pub device: String,
    /// Host threads of the backend.
    pub threads: usize,
    /// Variables per round operation, as asked for.
    pub window: usize,
    /// Variables of the longest round operation.
    pub longest_window: usize,
    /// Variables at which the host-side backend took over.
    pub hand_off: Option<usize>,
    /// Instances of each proof.
    pub instances: usize,
    /// Proofs in flight together.
    pub in_flight: usize,
    /// Variables of the largest table.
    pub num_vars: u32,
    /// Bits of soundness.
    pub soundness_bits: f64,
    /// Bytes at the peak, as planned for all proofs in flight.
    pub peak_bytes: u64,
    /// The most bytes that the backend's tables took since it was opened, where it counts them.
    pub measured_peak_bytes: Option<u64>,
    /// The plan of one proof.
    pub plan: MemoryPlan,
    /// What ran where.
    pub counters: Vec<Counter>,
    /// Time of the whole call, in nanoseconds.
    pub total_ns: u64,
}

/// The counters of a driver.
pub fn counters(metrics: &Metrics) -> Vec<Counter> {
    let counts = metrics.counts().into_iter();
    counts
        .map(|(backend, layer, phase, count)| Counter {
            backend,
            layer,
            phase,
            calls: count.calls,
            time_ns: count.time_ns,
        })
        .collect()
}

impl Report {
    /// Time of every phase by its name, in nanoseconds; `other` is what no phase counted.
    pub fn phases(&self) -> Vec<(&'static str, u64)> {
        phases(&self.counters, self.total_ns)
    }

    /// Calls by backend and phase.
    pub fn ops_by_backend(&self) -> BTreeMap<&'static str, Vec<(&'static str, u64)>> {
        ops_by_backend(&self.counters)
    }

    /// Time of one phase, in nanoseconds.
    pub fn phase_ns(&self, phase: Phase) -> u64 {
        let counters = self.counters.iter().filter(|c| c.phase == phase);
        counters.map(|c| c.time_ns).sum()
    }

    /// Time of every phase of each layer, in nanoseconds, layer 0 first.
    pub fn by_layer(&self) -> Vec<BTreeMap<Phase, u64>> {
        let layers = self.counters.iter().map(|c| c.layer + 1).max().unwrap_or(0);
        let mut times = vec![BTreeMap::new(); layers];
        for counter in &self.counters {
            *times[counter.layer].entry(counter.phase).or_default() += counter.time_ns;
        }
        times
    }
}

/// Time of every phase by its name; `other` is the rest of `total_ns`.
pub fn phases(counters: &[Counter], total_ns: u64) -> Vec<(&'static str, u64)> {
    let of = |phase| {
        let counted = counters.iter().filter(|c| c.phase == phase);
        counted.map(|c| c.time_ns).sum::<u64>()
    };
    let mut times: Vec<_> = Phase::ALL.map(|phase| (phase.name(), of(phase))).into();
    let counted: u64 = times.iter().map(|(_, time)| time).sum();
    times.push(("other", total_ns.saturating_sub(counted)));
    times
}

/// Calls by backend and phase.
pub fn ops_by_backend(counters: &[Counter]) -> BTreeMap<&'static str, Vec<(&'static str, u64)>> {
    let mut sums: BTreeMap<(&'static str, Phase), u64> = BTreeMap::new();
    for counter in counters {
        *sums.entry((counter.backend, counter.phase)).or_default() += counter.calls;
    }
    let mut ops: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ((backend, phase), calls) in sums {
        ops.entry(backend).or_default().push((phase.name(), calls));
    }
    ops
}
