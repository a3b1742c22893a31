//! `astraea demo`: Keccak-256 of a text's chunks, from the circuit to the verified proof.

use std::fmt::Write as _;
use std::time::Instant;

use astraea::circuits::gallery::{self, Entry};
use astraea::circuits::witness;
use astraea::{
    ChallengeField, Circuit, Limits, LinkedField, Outputs, Prover, Verified, VerifyOptions, file,
    verify_bytes, with_circuit,
};
use serde_json::json;

use crate::args::DemoArgs;
use crate::commands::gallery::{keccak, listing, object};
use crate::output::{Done, Failure, bytes, count, spinner, time};
use crate::report;

/// A plain text of fifteen chunks.
const TEXT: &[u8] = include_bytes!("demo.txt");

/// Times of the stages, in nanoseconds.
#[derive(Default)]
struct Stages {
    build: u64,
    compile: u64,
    verify: u64,
}

pub(crate) fn run(args: &DemoArgs) -> Result<Done, Failure> {
    let text = match &args.file {
        Some(path) => file::read(path, &Limits::default())?,
        None => TEXT.to_vec(),
    };
    let spinner = spinner("building the circuit");
    let start = Instant::now();
    let built = keccak(args.field, &text)?;
    let build = nanoseconds(start);
    spinner.finish_and_clear();
    let expected = &built.expected_outputs;
    let stages = Stages {
        build,
        ..Stages::default()
    };
    with_circuit!(built.circuit, |circuit, F| {
        prove::<F>(args, circuit, (&built.witness, expected), stages)
    })
}

fn nanoseconds(since: Instant) -> u64 {
    since.elapsed().as_nanos() as u64
}

fn prove<F: LinkedField>(
    args: &DemoArgs,
    circuit: Circuit<F::Base>,
    (witness, expected): (&[u8], &[String]),
    mut stages: Stages,
) -> Result<Done, Failure> {
    let witness = witness::decode(witness, &circuit, &Limits::default())?;
    let spinner = spinner("proving");
    let start = Instant::now();
    let prover = Prover::<F>::new(circuit, &args.engine.options())?;
    stages.compile = nanoseconds(start);
    let (proof, report) = prover.prove(&witness)?;
    spinner.finish_and_clear();
    let proof = proof.encode();
    let options = VerifyOptions {
        threads: report.threads,
        ..VerifyOptions::default()
    };
    let start = Instant::now();
    let verified = verify_bytes::<F>(prover.circuit(), &proof, &options)?;
    stages.verify = nanoseconds(start);
    let digests = digests(&verified)?;
    if digests != expected {
        return Err(Failure::invalid("the proven digests are not Keccak-256's"));
    }
    let mut json = report::json(&report);
    json.extend(object(json!({
        "valid": true,
        "build_ms": stages.build as f64 / 1e6,
        "compile_ms": stages.compile as f64 / 1e6,
        "runs": 1,
        "prove_ms_median": report.total_ns as f64 / 1e6,
        "verify_ms_median": stages.verify as f64 / 1e6,
        "proof_bytes": proof.len(),
        "digests": digests,
    })));
    Ok(Done {
        json,
        text: text(&report, &stages, proof.len(), &digests),
        ..Done::default()
    })
}

/// The digests that the proof's outputs spell.
fn digests<F: ChallengeField>(verified: &Verified<F>) -> Result<Vec<String>, Failure> {
    let entry: &Entry = gallery::list()
        .iter()
        .find(|entry| entry.name == "keccak256")
        .ok_or_else(|| Failure::invalid("the gallery has no keccak256"))?;
    let Outputs::Base(outputs) = &verified.outputs else {
        return Err(Failure::invalid("the outputs are no bits"));
    };
    let each = outputs.len() / verified.num_instances;
    let instances = outputs.chunks(each.max(1));
    Ok(instances
        .map(|bits| gallery::text_of_outputs(entry, bits))
        .collect())
}

fn text(
    report: &astraea::Report,
    stages: &Stages,
    proof_bytes: usize,
    digests: &[String],
) -> String {
    let mut text = format!(
        "Keccak-256 of {}, proven over {} and verified:\n",
        count(digests.len(), "chunk"),
        report.field
    );
    text.push_str(&listing(digests));
    let _ = writeln!(
        text,
        "\nproof of {}, {:.2} bits of soundness; {} ({}; {})",
        bytes(proof_bytes as u64),
        report.soundness_bits,
        report.backend,
        report.device,
        report.selection.reason,
    );
    text.push_str("\nstage                     time\n");
    let stages = [
        ("build the circuit", stages.build),
        ("sort its gates", stages.compile),
        ("prove", report.total_ns),
        ("verify", stages.verify),
    ];
    for (name, ns) in stages {
        let _ = writeln!(text, "{name:<18} {:>11}", time(ns));
    }
    text.push_str(&report::phase_table(report));
    text
}
