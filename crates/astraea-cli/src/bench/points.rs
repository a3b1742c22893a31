//! `astraea bench sumcheck` and `layer`: time by point.

use astraea::circuits::WiringKind;
use astraea::fields::with_field;
use astraea::measure::{Measured, Run, Runs, Spec, measure};
use astraea::{FieldId, ops_by_backend, phases};
use serde_json::{Map, Value, json};

use crate::args::{BenchCommon, Gates, LayerArgs, SumcheckArgs, SummandKind, Wiring};
use crate::bench::{maximum, median, minimum};
use crate::output::{Done, Failure, bar};
use crate::report;

/// What is measured, for JSON and for people.
struct Bench<'a> {
    name: &'static str,
    unit: &'static str,
    field: FieldId,
    num_vars: u8,
    common: &'a BenchCommon,
}

pub(crate) fn sumcheck(args: &SumcheckArgs) -> Result<Done, Failure> {
    let bench = Bench {
        name: "sumcheck",
        unit: "point",
        field: args.field,
        num_vars: args.num_vars,
        common: &args.common,
    };
    let (num_vars, base) = (args.num_vars.into(), args.common.base);
    let (spec, summand) = match args.summand {
        SummandKind::Product => (Spec::Sumcheck { num_vars, base }, "product"),
        SummandKind::Zerocheck => (Spec::Zerocheck { num_vars, base }, "zerocheck"),
    };
    let mut done = bench.run(spec)?;
    done.json.insert("summand".into(), summand.into());
    done.json.insert("base".into(), args.common.base.into());
    Ok(done)
}

pub(crate) fn layer(args: &LayerArgs) -> Result<Done, Failure> {
    let bench = Bench {
        name: "layer",
        unit: "output wire",
        field: args.field,
        num_vars: args.num_vars,
        common: &args.common,
    };
    let (kind, wiring) = match args.wiring {
        Wiring::Local => (WiringKind::Local, "local"),
        Wiring::Random => (WiringKind::Random, "random"),
    };
    let (muls, gates) = match args.gates {
        Gates::Mul => (true, "mul"),
        Gates::Add => (false, "add"),
    };
    let mut done = bench.run(Spec::Layer {
        num_vars: args.num_vars.into(),
        wiring: kind,
        muls,
    })?;
    done.json.insert("instances".into(), 1.into());
    done.json.insert("base".into(), true.into());
    done.json.insert("wiring".into(), wiring.into());
    done.json.insert("gates".into(), gates.into());
    Ok(done)
}

impl Bench<'_> {
    fn run(&self, spec: Spec) -> Result<Done, Failure> {
        let runs = Runs {
            runs: self.common.runs.into(),
            in_flight: self.common.in_flight.into(),
        };
        let options = self.common.engine.options();
        let bar = bar(runs.runs, self.name);
        let mut after_run = || bar.inc(1);
        let measured = with_field!(self.field, |F| {
            measure::<F>(spec, runs, &options, &mut after_run)
        })?;
        bar.finish_and_clear();
        Ok(self.done(&measured))
    }

    fn done(&self, measured: &Measured) -> Done {
        let common = self.common;
        let points = (1u64 << self.num_vars) as f64 * f64::from(common.in_flight);
        let times: Vec<u64> = measured.runs.iter().map(|run| run.total_ns).collect();
        let (median, least) = (median(&times), minimum(&times));
        let per_second = f64::from(common.in_flight) * 1e9 / median.max(1.0);
        let middle = middle(&measured.runs);
        let mut json = self.place(measured);
        let fields = [
            ("runs", json!(common.runs)),
            ("ns_per_point_median", json!(median / points)),
            ("ns_per_point_min", json!(least / points)),
            ("ns_per_point_max", json!(maximum(&times) / points)),
            ("prove_ms_median", json!(median / 1e6)),
            ("proofs_per_s", json!(per_second)),
            ("soundness_bits", json!(measured.soundness_bits)),
            ("longest_window", json!(middle.longest_window)),
            ("peak_bytes", json!(measured.peak_bytes)),
            ("measured_peak_bytes", json!(measured.measured_peak_bytes)),
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
            "{} over {}, 2^{}: {:.3} ns per {} (median of {}, least {:.3}), {:.3} ms, on {} ({})\n",
            self.name,
            self.field,
            self.num_vars,
            median / points,
            self.unit,
            common.runs,
            least / points,
            median / 1e6,
            measured.info.name,
            measured.info.device,
        );
        Done {
            json,
            text,
            ..Done::default()
        }
    }

    /// The keys that say what was measured, and where.
    fn place(&self, measured: &Measured) -> Map<String, Value> {
        let hand_off = match measured.hand_off {
            Some(at) => json!(at),
            None => json!("off"),
        };
        let fields = [
            ("bench", json!(self.name)),
            ("field", json!(self.field.name())),
            ("backend", json!(measured.info.name)),
            ("backend_reason", json!(measured.selection.reason)),
            ("device", json!(measured.info.device)),
            ("threads", json!(measured.info.threads)),
            ("window", json!(measured.window)),
            ("hand_off", hand_off),
            ("num_vars", json!(self.num_vars)),
            ("in_flight", json!(self.common.in_flight)),
        ];
        fields
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect()
    }
}

/// The run whose time is the median, or the one below it.
fn middle(runs: &[Run]) -> &Run {
    let mut sorted: Vec<&Run> = runs.iter().collect();
    sorted.sort_by_key(|run| run.total_ns);
    sorted[(sorted.len() - 1) / 2]
}
