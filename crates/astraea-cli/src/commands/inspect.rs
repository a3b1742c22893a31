//! `astraea inspect`.

use std::fmt::Write as _;

use astraea::{GateCounts, Inspection, any};
use serde_json::{Map, Value, json};

use crate::args::InspectArgs;
use crate::files;
use crate::output::{Done, Failure, bytes, hex};

pub(crate) fn run(args: &InspectArgs) -> Result<Done, Failure> {
    let circuit = files::circuit(&args.circuit)?;
    let inspection = any::inspect(&circuit, 1)?;
    Ok(Done {
        exit_code: 0,
        json: json(&inspection),
        text: text(&inspection),
        profile: String::new(),
    })
}

fn gates(counts: &GateCounts) -> Value {
    json!({
        "mul": counts.mul,
        "add": counts.add,
        "const": counts.constant,
        "total": counts.total(),
        "random": counts.random,
        "public": counts.public,
        "asserts": counts.asserts,
    })
}

fn json(inspection: &Inspection) -> Map<String, Value> {
    let layers = inspection.layers.iter().map(|layer| {
        json!({
            "input_vars": layer.input_vars,
            "output_vars": layer.output_vars,
            "gates": gates(&layer.gates),
        })
    });
    let fan_in = inspection.fan_in.iter();
    let fields = [
        ("field", json!(inspection.field.name())),
        ("digest", json!(hex(&inspection.digest))),
        ("num_layers", json!(inspection.layers.len())),
        ("num_inputs", json!(inspection.num_inputs)),
        ("num_public", json!(inspection.num_public)),
        ("num_outputs", json!(inspection.num_outputs)),
        ("num_zero_outputs", json!(inspection.num_zero_outputs)),
        ("num_wires", json!(inspection.num_wires)),
        ("num_vars", json!(inspection.num_vars)),
        ("gates", gates(&inspection.gates)),
        (
            "fan_in",
            fan_in
                .map(|&(from, to, wires)| json!({"from": from, "to": to, "wires": wires}))
                .collect(),
        ),
        ("instances", json!(inspection.instances)),
        ("soundness_bits", json!(inspection.soundness_bits.0)),
        ("soundness_bits_base", json!(inspection.soundness_bits.1)),
        ("peak_bytes", json!(inspection.plan.peak_bytes)),
        (
            "memory_plan",
            json!({
                "wiring_bytes": inspection.plan.wiring_bytes,
                "wires_bytes": inspection.plan.wires_bytes,
                "layer_bytes": inspection.plan.layer_bytes,
                "peak_bytes": inspection.plan.peak_bytes,
            }),
        ),
        ("layers", layers.collect()),
    ];
    fields
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect()
}

fn text(inspection: &Inspection) -> String {
    let Inspection { gates, plan, .. } = inspection;
    let widest = plan.layer_bytes.iter().max().copied().unwrap_or(0);
    let mut text = format!(
        "field        {}\n\
         digest       {}\n\
         inputs       {} ({} public)\n\
         outputs      {} ({} must be zero)\n\
         layers       {}, {} wires\n\
         gates        {}: {} mul, {} add, {} const; {} random, {} public\n\
         asserts      {}\n\
         soundness    {:.2} bits (random coefficients from the base field: {:.2})\n\
         memory       {} for one instance: gates {}, wires {}, largest layer {}\n",
        inspection.field,
        hex(&inspection.digest),
        inspection.num_inputs,
        inspection.num_public,
        inspection.num_outputs,
        inspection.num_zero_outputs,
        inspection.layers.len(),
        inspection.num_wires,
        gates.total(),
        gates.mul,
        gates.add,
        gates.constant,
        gates.random,
        gates.public,
        gates.asserts,
        inspection.soundness_bits.0,
        inspection.soundness_bits.1,
        bytes(plan.peak_bytes),
        bytes(plan.wiring_bytes),
        bytes(plan.wires_bytes),
        bytes(widest),
    );
    text.push_str("\nfan-in       wires\n");
    for &(from, to, wires) in &inspection.fan_in {
        let class = match from == to {
            true => from.to_string(),
            false => format!("{from}-{to}"),
        };
        let _ = writeln!(text, "{class:<12} {wires}");
    }
    text.push_str(&layers(inspection));
    text
}

/// A line for each layer; runs of layers alike share one.
fn layers(inspection: &Inspection) -> String {
    let mut text = String::from(
        "\nlayers       inputs  outputs        mul        add      const    asserts\n",
    );
    let mut first = 0;
    for run in inspection.layers.chunk_by(|a, b| a == b) {
        let last = first + run.len() - 1;
        let name = match run.len() {
            1 => first.to_string(),
            _ => format!("{first}-{last}"),
        };
        let (layer, gates) = (&run[0], &run[0].gates);
        let _ = writeln!(
            text,
            "{name:<12} {:>6}   {:>6} {:>10} {:>10} {:>10} {:>10}",
            format!("2^{}", layer.input_vars),
            format!("2^{}", layer.output_vars),
            gates.mul,
            gates.add,
            gates.constant,
            gates.asserts,
        );
        first = last + 1;
    }
    text
}
