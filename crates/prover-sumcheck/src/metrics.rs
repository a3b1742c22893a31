//! What ran where, and for how long: the host's view.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A phase of the prover, for time segmentation.
///
/// A fused fold and evaluation counts as `RoundEvaluate`; `Fold` is folding on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Layer evaluation.
    Evaluate,
    /// Weights and phase one's table.
    PreparePhaseOne,
    /// Eq tables, binding of instances and phase two's table.
    PreparePhaseTwo,
    /// Sums of rounds, with the fold fused into them.
    RoundEvaluate,
    /// Folding alone, and final evaluations.
    Fold,
    /// Hashing and the host's share of a round.
    FiatShamir,
    /// Uploads and downloads.
    Transfer,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] = [
        Self::Evaluate,
        Self::PreparePhaseOne,
        Self::PreparePhaseTwo,
        Self::RoundEvaluate,
        Self::Fold,
        Self::FiatShamir,
        Self::Transfer,
    ];

    /// The name in JSON and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::PreparePhaseOne => "prepare_phase_one",
            Self::PreparePhaseTwo => "prepare_phase_two",
            Self::RoundEvaluate => "round_evaluate",
            Self::Fold => "fold",
            Self::FiatShamir => "fiat_shamir",
            Self::Transfer => "transfer",
        }
    }
}

/// Calls and time of one phase on one backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCount {
    /// Calls.
    pub calls: u64,
    /// Time from call to return, waiting for values included, in nanoseconds.
    pub time_ns: u64,
}

type ByGroup = BTreeMap<usize, [OpCount; Phase::ALL.len()]>;

/// Counters of a prover's work, by backend, group and phase. A group is a layer for GKR, else 0.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By backend; there are few, and a round counts twice.
    counts: Mutex<Vec<(&'static str, ByGroup)>>,
    longest_window: AtomicUsize,
}

impl Metrics {
    /// Runs `work` and counts it.
    pub fn time<T>(
        &self,
        backend: &'static str,
        group: usize,
        phase: Phase,
        work: impl FnOnce() -> T,
    ) -> T {
        let start = Instant::now();
        let result = work();
        self.add(backend, group, phase, start.elapsed());
        result
    }

    /// Counts one call that took `time`.
    pub fn add(&self, backend: &'static str, group: usize, phase: Phase, time: Duration) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = counts.iter().position(|&(name, _)| name == backend);
        let place = place.unwrap_or_else(|| {
            counts.push((backend, ByGroup::new()));
            counts.len() - 1
        });
        let count = &mut counts[place].1.entry(group).or_default()[phase as usize];
        count.calls += 1;
        count.time_ns += u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    }

    /// Notes a round operation of so many variables.
    pub(crate) fn note_window(&self, window: usize) {
        self.longest_window.fetch_max(window, Ordering::Relaxed);
    }

    /// Variables of the longest round operation so far.
    pub fn longest_window(&self) -> usize {
        self.longest_window.load(Ordering::Relaxed)
    }

    /// Every counter that counted: backend, group, phase, count; backends in the order of their names.
    pub fn counts(&self) -> Vec<(&'static str, usize, Phase, OpCount)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for (backend, groups) in counts.iter() {
            for (&group, by_phase) in groups {
                let counted = Phase::ALL
                    .into_iter()
                    .zip(by_phase)
                    .filter(|(_, c)| c.calls > 0);
                all.extend(counted.map(|(phase, &count)| (*backend, group, phase, count)));
            }
        }
        all.sort_by_key(|&(backend, ..)| backend);
        all
    }
}
