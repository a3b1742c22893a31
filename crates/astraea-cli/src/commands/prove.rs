//! `astraea prove`.

use astraea::{Circuit, Limits, Prover, Report, file, with_circuit};
use astraea::{LinkedField, Proof};

use crate::args::ProveArgs;
use crate::files;
use crate::output::{Done, Failure, bytes, count, spinner, time};
use crate::report;

pub(crate) fn run(args: &ProveArgs) -> Result<Done, Failure> {
    files::check_output(&args.out, &[&args.circuit, &args.witness])?;
    let circuit = files::circuit(&args.circuit)?;
    with_circuit!(circuit, |circuit, F| prove::<F>(args, circuit))
}

fn prove<F: LinkedField>(args: &ProveArgs, circuit: Circuit<F::Base>) -> Result<Done, Failure> {
    let witness = file::load_witness(&args.witness, &circuit, &Limits::default())?;
    let spinner = spinner("proving");
    let prover = Prover::<F>::new(circuit, &args.engine.options())?;
    let (proof, report) = prover.prove(&witness)?;
    spinner.finish_and_clear();
    drop(prover);
    finish(args, &proof, &report)
}

fn finish<F: LinkedField>(
    args: &ProveArgs,
    proof: &Proof<F>,
    report: &Report,
) -> Result<Done, Failure> {
    let file = proof.encode();
    files::write(&args.out, &file)?;
    let mut json = report::json(report);
    let prove_ms = report.total_ns as f64 / 1e6;
    json.insert("runs".into(), 1.into());
    json.insert("prove_ms_median".into(), prove_ms.into());
    json.insert("proof_bytes".into(), file.len().into());
    let text = format!(
        "proved {} over {} in {} on {} ({}; {})\n\
         {}: {}, {:.2} bits of soundness, planned peak {}\n",
        count(report.instances, "instance"),
        report.field,
        time(report.total_ns),
        report.backend,
        report.device,
        report.selection.reason,
        args.out.display(),
        bytes(file.len() as u64),
        report.soundness_bits,
        bytes(report.peak_bytes),
    );
    Ok(Done {
        exit_code: 0,
        json,
        text,
        profile: match args.profile {
            true => report::profile(report),
            false => String::new(),
        },
    })
}
