//! Reports of proofs as JSON and as tables.

use std::fmt::Write as _;

use astraea::sumcheck::Phase;
use astraea::{Report, Violations};
use serde_json::{Map, Value, json};

use crate::output::time;

/// The keys that `prove` and `bench gkr` share.
pub(crate) fn json(report: &Report) -> Map<String, Value> {
    let hand_off = match report.hand_off {
        Some(at) => at.into(),
        None => "off".into(),
    };
    let fields = [
        ("field", json!(report.field.name())),
        ("backend", json!(report.backend)),
        ("backend_reason", json!(report.selection.reason)),
        ("device", json!(report.device)),
        ("threads", json!(report.threads)),
        ("window", json!(report.window)),
        ("longest_window", json!(report.longest_window)),
        ("hand_off", hand_off),
        ("num_vars", json!(report.num_vars)),
        ("instances", json!(report.instances)),
        ("in_flight", json!(report.in_flight)),
        ("soundness_bits", json!(report.soundness_bits)),
        ("peak_bytes", json!(report.peak_bytes)),
        ("measured_peak_bytes", json!(report.measured_peak_bytes)),
        ("ops_by_backend", ops(report.ops_by_backend())),
        ("phases", phases(&report.phases())),
    ];
    fields
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect()
}

/// Phases with their times in nanoseconds.
pub(crate) fn phases(phases: &[(&'static str, u64)]) -> Value {
    let entries = phases.iter();
    Value::Object(
        entries
            .map(|&(name, ns)| (name.to_owned(), ns.into()))
            .collect(),
    )
}

/// Counters by backend and phase.
pub(crate) fn ops<'a>(ops: impl IntoIterator<Item = (&'a str, Vec<(&'static str, u64)>)>) -> Value {
    let backends = ops.into_iter();
    Value::Object(
        backends
            .map(|(name, ops)| (name.to_owned(), phases(&ops)))
            .collect(),
    )
}

/// `{instance, output}` of each violated output; an assertion inside names its layer and wire.
pub(crate) fn violations(violations: &Violations) -> Value {
    let list = violations.0.iter().map(|v| match v.is_output {
        true => json!({"instance": v.instance, "output": v.wire}),
        false => json!({"instance": v.instance, "output": null, "layer": v.layer, "wire": v.wire}),
    });
    list.collect()
}

/// Time by phase, then by groups of layers.
pub(crate) fn profile(report: &Report) -> String {
    let mut text = phase_table(report);
    text.push_str(&layers(report));
    text
}

/// Time by phase.
pub(crate) fn phase_table(report: &Report) -> String {
    let mut text = String::from("\nphase                     time    share\n");
    for (name, ns) in report.phases() {
        let share = 100.0 * ns as f64 / report.total_ns.max(1) as f64;
        let _ = writeln!(text, "{name:<18} {:>11} {share:7.1}%", time(ns));
    }
    let _ = writeln!(text, "{:<18} {:>11}", "total", time(report.total_ns));
    text
}

/// A line for each of at most twenty groups of neighbouring layers.
fn layers(report: &Report) -> String {
    const GROUPS: usize = 20;
    let by_layer = report.by_layer();
    let size = by_layer.len().div_ceil(GROUPS).max(1);
    let mut text = String::from("\nlayers       ");
    for phase in Phase::ALL {
        let _ = write!(text, " {:>17}", phase.name());
    }
    text.push('\n');
    for (index, group) in by_layer.chunks(size).enumerate() {
        let first = index * size;
        let last = first + group.len() - 1;
        let name = match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        let _ = write!(text, "{name:<13}");
        for phase in Phase::ALL {
            let ns = group.iter().filter_map(|layer| layer.get(&phase)).sum();
            let _ = write!(text, " {:>17}", time(ns));
        }
        text.push('\n');
    }
    text
}
