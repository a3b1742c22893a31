//! `astraea check`.

use std::fmt::Write as _;

use astraea::{Circuit, Limits, LinkedField, ProveOptions, Prover, Violations, file, with_circuit};
use serde_json::{Map, json};

use crate::args::CheckArgs;
use crate::files;
use crate::output::{Done, Failure, count, spinner};
use crate::report;

/// Violations that people are shown.
const SHOWN: usize = 32;

pub(crate) fn run(args: &CheckArgs) -> Result<Done, Failure> {
    let circuit = files::circuit(&args.circuit)?;
    with_circuit!(circuit, |circuit, F| check::<F>(args, circuit))
}

fn check<F: LinkedField>(args: &CheckArgs, circuit: Circuit<F::Base>) -> Result<Done, Failure> {
    let witness = file::load_witness(&args.witness, &circuit, &Limits::default())?;
    let options = ProveOptions {
        random_coefs: args.random_coefs.field(),
        ..ProveOptions::default()
    };
    let spinner = spinner("evaluating");
    let prover = Prover::<F>::new(circuit, &options)?;
    let violations = prover.check(&witness)?;
    spinner.finish_and_clear();
    let mut json = Map::new();
    json.insert("field".into(), F::ID.name().into());
    json.insert("backend".into(), prover.info().name.into());
    json.insert("instances".into(), json!(witness.num_instances()));
    json.insert("violations".into(), report::violations(&violations));
    Ok(Done {
        exit_code: u8::from(!violations.0.is_empty()),
        json,
        text: text(&violations, witness.num_instances()),
        profile: String::new(),
    })
}

fn text(violations: &Violations, instances: usize) -> String {
    let total = violations.0.len();
    if total == 0 {
        let instances = count(instances, "instance");
        return format!("the witness satisfies the circuit ({instances})\n");
    }
    let mut text = format!(
        "the witness violates the circuit: {}\n",
        count(total, "violation")
    );
    for v in violations.0.iter().take(SHOWN) {
        let _ = match v.is_output {
            true => writeln!(
                text,
                "  instance {}: output {} is not zero",
                v.instance, v.wire
            ),
            false => writeln!(
                text,
                "  instance {}: the assertion on wire {} of layer {} fails",
                v.instance, v.wire, v.layer
            ),
        };
    }
    if total > SHOWN {
        let _ = writeln!(text, "  ... ({} more; --json prints all)", total - SHOWN);
    }
    text
}
