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

impl OpCount {
    fn call(time: Duration) -> Self {
        Self {
            calls: 1,
            time_ns: u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.time_ns += other.time_ns;
    }
}

type ByPhase = [OpCount; Phase::ALL.len()];
type ByGroup = BTreeMap<usize, ByPhase>;

/// Who did a part of a run's work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Worker {
    /// The backend of the tables.
    Device,
    /// The host-side backend, after a hand-off.
    Host,
    /// The driver itself.
    Transcript,
}

/// What one run counts by worker until it is done: a round counts three times, and [`Metrics`] are
/// behind a lock.
#[derive(Debug, Default)]
pub(crate) struct Tally([ByPhase; 3]);

impl Tally {
    /// Counts one call that took `time`.
    pub(crate) fn add(&mut self, worker: Worker, phase: Phase, time: Duration) {
        self.0[worker as usize][phase as usize].add(OpCount::call(time));
    }
}

/// Counters of a prover's work, by backend, group and phase. A group is a layer for GKR, else 0.
///
/// A sumcheck counts once it is done: the work of one that is under way or failed is not in here.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By backend; there are few.
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
        let mut counted = ByPhase::default();
        counted[phase as usize] = OpCount::call(time);
        self.add_counts(backend, group, &counted);
    }

    /// Counts what a run did; the names are those of its workers, in the order of [`Worker`].
    pub(crate) fn add_run(&self, group: usize, names: [&'static str; 3], tally: &Tally) {
        for (name, counted) in names.into_iter().zip(&tally.0) {
            if counted.iter().any(|count| count.calls > 0) {
                self.add_counts(name, group, counted);
            }
        }
    }

    fn add_counts(&self, backend: &'static str, group: usize, more: &ByPhase) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = counts.iter().position(|&(name, _)| name == backend);
        let place = place.unwrap_or_else(|| {
            counts.push((backend, ByGroup::new()));
            counts.len() - 1
        });
        let counts = counts[place].1.entry(group).or_default();
        for (count, &more) in counts.iter_mut().zip(more) {
            count.add(more);
        }
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
