//! `astraea bench`: medians of whole runs; preparation stays outside the clock.

mod gkr;
mod layer;
mod sumcheck;

use astraea::core::{ChallengeField, LayerBackend};
use astraea::{Counter, Engine, ops_by_backend, phases};
use serde_json::{Map, Value, json};

use crate::args::{BenchArgs, BenchCommand, BenchCommon};
use crate::output::{Done, Failure};
use crate::report;

pub(crate) fn run(args: &BenchArgs) -> Result<Done, Failure> {
    match &args.what {
        BenchCommand::Sumcheck(args) => sumcheck::run(args),
        BenchCommand::Layer(args) => layer::run(args),
        BenchCommand::Gkr(args) => gkr::run(args),
    }
}

/// One run: the time of all proofs in flight, and what it was spent on.
#[derive(Clone, Debug)]
struct Run {
    total_ns: u64,
    counters: Vec<Counter>,
}

/// Runs on one backend.
struct Measured {
    /// The keys that say where.
    place: Map<String, Value>,
    runs: Vec<Run>,
    peak_bytes: Option<u64>,
}

impl Measured {
    fn new<F: ChallengeField, B: LayerBackend<F>, H>(
        engine: &Engine<B, H>,
        runs: Vec<Run>,
    ) -> Self {
        let info = engine.info();
        let hand_off = match &engine.hand_off {
            Some((_, at)) => json!(at),
            None => json!("off"),
        };
        let place = [
            ("field", json!(F::ID.name())),
            ("backend", json!(info.name)),
            ("backend_reason", json!(engine.selection.reason)),
            ("device", json!(info.device)),
            ("threads", json!(info.threads)),
            ("window", json!(engine.window)),
            ("hand_off", hand_off),
        ];
        Self {
            place: place.map(|(k, v)| (k.to_owned(), v)).into_iter().collect(),
            runs,
            peak_bytes: engine.measured_peak_bytes(),
        }
    }

    /// JSON and text of a benchmark whose unit is one of `2^num_vars` points.
    fn per_point(self, name: &str, unit: &str, num_vars: u8, common: &BenchCommon) -> Done {
        let points = (1u64 << num_vars) as f64 * f64::from(common.in_flight);
        let per_point = |ns: f64| ns / points;
        let times: Vec<u64> = self.runs.iter().map(|run| run.total_ns).collect();
        let (median, least) = (median(&times), minimum(&times));
        let per_second = f64::from(common.in_flight) * 1e9 / median.max(1.0);
        let middle = middle(&self.runs);
        let mut json = Map::new();
        json.insert("bench".into(), name.into());
        json.extend(self.place.clone());
        let fields = [
            ("num_vars", json!(num_vars)),
            ("in_flight", json!(common.in_flight)),
            ("runs", json!(common.runs)),
            ("ns_per_point_median", json!(per_point(median))),
            ("ns_per_point_min", json!(per_point(least))),
            ("prove_ms_median", json!(median / 1e6)),
            ("proofs_per_s", json!(per_second)),
            ("peak_bytes", json!(self.peak_bytes)),
            (
                "ops_by_backend",
                report::ops(ops_by_backend(&middle.counters)),
            ),
            (
                "phases",
                report::phases(&phases(&middle.counters, middle.total_ns)),
            ),
        ];
        json.extend(fields.map(|(key, value)| (key.to_owned(), value)));
        let text = format!(
            "{name} over {}, 2^{num_vars}: {:.3} ns per {unit} (median of {}, least {:.3}), \
             {:.3} ms, on {}\n",
            text_of(&self.place, "field"),
            per_point(median),
            common.runs,
            per_point(least),
            median / 1e6,
            text_of(&self.place, "device"),
        );
        Done {
            json,
            text,
            ..Done::default()
        }
    }
}

fn text_of<'a>(place: &'a Map<String, Value>, key: &str) -> &'a str {
    place.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The median; of an even number, the mean of the two in the middle.
fn median(values: &[u64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[half] as f64,
        _ => (sorted[half - 1] as f64 + sorted[half] as f64) / 2.0,
    }
}

fn minimum(values: &[u64]) -> f64 {
    values.iter().min().copied().unwrap_or(0) as f64
}

/// The run whose time is the median, or the one below it.
fn middle(runs: &[Run]) -> &Run {
    let mut sorted: Vec<&Run> = runs.iter().collect();
    sorted.sort_by_key(|run| run.total_ns);
    sorted[(sorted.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[3, 1, 2]), 2.0);
        assert_eq!(median(&[4, 1, 2, 3]), 2.5);
        assert_eq!(median(&[7]), 7.0);
    }
}
