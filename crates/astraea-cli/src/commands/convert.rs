//! `astraea convert`.

use astraea::circuits::{TuneReport, format};
use astraea::{Circuit, Field, with_circuit};
use serde_json::json;

use crate::args::ConvertArgs;
use crate::commands::gallery::object;
use crate::files;
use crate::output::{Done, Failure, bytes, hex, spinner};

pub(crate) fn run(args: &ConvertArgs) -> Result<Done, Failure> {
    files::check_output(&args.out, &[&args.circuit])?;
    let circuit = files::circuit(&args.circuit)?;
    with_circuit!(circuit, |circuit, F| {
        convert::<<F as astraea::ChallengeField>::Base>(args, circuit)
    })
}

fn convert<B: Field>(args: &ConvertArgs, circuit: Circuit<B>) -> Result<Done, Failure> {
    let mut text = String::new();
    let circuit = match args.tune {
        false => circuit,
        true => {
            let spinner = spinner("tuning");
            let (tuned, report) = astraea::tune(&circuit, args.max_memory)?;
            spinner.finish_and_clear();
            text = tuned_text(&report);
            tuned
        }
    };
    let file = format::encode(&circuit);
    files::write(&args.out, &file)?;
    text.push_str(&format!(
        "{}: {}, digest {}\n",
        args.out.display(),
        bytes(file.len() as u64),
        hex(&circuit.digest())
    ));
    let json = json!({
        "field": circuit.field().name(),
        "digest": hex(&circuit.digest()),
        "bytes": file.len(),
        "num_layers": circuit.layers().len(),
        "gates": circuit.gate_counts().total(),
        "tuned": args.tune,
    });
    Ok(Done {
        json: object(json),
        text,
        ..Done::default()
    })
}

fn tuned_text(report: &TuneReport) -> String {
    let (before, after) = &report.gates;
    format!(
        "layers {} -> {} ({} of relays fused), gates {} -> {}, wires {} -> {}, jumps {} -> {}\n",
        report.layers.0,
        report.layers.1,
        report.fused_layers,
        before.total(),
        after.total(),
        report.wires.0,
        report.wires.1,
        report.jumps.0,
        report.jumps.1,
    )
}
