//! `astraea bench gkr`: whole proofs of a circuit file, and their verification.

use std::iter;
use std::time::Instant;

use astraea::{
    Circuit, Instances, Limits, LinkedField, Proof, Prover, Report, VerifyOptions, file,
    verify_bytes, with_circuit,
};
use serde_json::json;

use crate::args::GkrArgs;
use crate::bench::{maximum, median, minimum};
use crate::files;
use crate::output::{Done, Failure, bar, count};
use crate::report;

pub(crate) fn run(args: &GkrArgs) -> Result<Done, Failure> {
    if args.common.base {
        return Err(Failure::input(
            "--base has no meaning for gkr: inputs are in the base field, and what lies above follows \
             from the random coefficients (--random-coefs base)",
        ));
    }
    let circuit = files::circuit(&args.circuit)?;
    with_circuit!(circuit, |circuit, F| measure::<F>(args, circuit))
}

/// Times in nanoseconds, and the report of the run whose proving time is the median.
struct Times {
    prove: Vec<u64>,
    verify: Vec<u64>,
    report: Report,
    proof_bytes: usize,
}

fn measure<F: LinkedField>(args: &GkrArgs, circuit: Circuit<F::Base>) -> Result<Done, Failure> {
    let witness = file::load_witness(&args.witness, &circuit, &Limits::default())?;
    let prover = Prover::<F>::new(circuit, &args.common.engine.options())?;
    let (instances, in_flight) = (args.instances, usize::from(args.common.in_flight));
    let instances = instances.map_or(witness.num_instances(), |n| n as usize);
    // Before the witnesses are multiplied: what they make may be too much.
    prover.admit(iter::repeat_n(instances, in_flight))?;
    let witness = match args.instances {
        Some(_) => repeat(prover.circuit(), &witness, instances)?,
        None => witness,
    };
    let witnesses = vec![witness; in_flight];
    let times = runs(args, &prover, &witnesses)?;
    Ok(done(args, &times))
}

/// As many instances, the file's witnesses in turn.
fn repeat<B: astraea::Field>(
    circuit: &Circuit<B>,
    witness: &Instances<B>,
    instances: usize,
) -> Result<Instances<B>, Failure> {
    let turns = || (0..instances).map(|s| s % witness.num_instances());
    let inputs = turns().flat_map(|s| witness.input_of(s)).copied().collect();
    let public = turns()
        .flat_map(|s| witness.public_of(s))
        .copied()
        .collect();
    Instances::new(circuit, instances, inputs, public).map_err(|e| Failure::input(e.to_string()))
}

fn runs<F: LinkedField>(
    args: &GkrArgs,
    prover: &Prover<F>,
    witnesses: &[Instances<F::Base>],
) -> Result<Times, Failure> {
    let bar = bar(args.common.runs.into(), "gkr");
    let (mut reports, mut verify) = (Vec::new(), Vec::new());
    let mut proof_bytes = 0;
    for _ in 0..args.common.runs {
        let (proofs, report) = prover.prove_many(witnesses)?;
        let encoded: Vec<_> = proofs.iter().map(Proof::encode).collect();
        let options = VerifyOptions {
            // Comparisons on equal terms use base-field coefficients, with few bits.
            min_bits: 0.0,
            public: None,
            threads: report.threads,
        };
        let start = Instant::now();
        verify_bytes::<F>(prover.circuit(), &encoded[0], &options)?;
        verify.push(start.elapsed().as_nanos() as u64);
        proof_bytes = encoded[0].len();
        reports.push(report);
        bar.inc(1);
    }
    bar.finish_and_clear();
    reports.sort_by_key(|report| report.total_ns);
    let prove = reports.iter().map(|report| report.total_ns).collect();
    Ok(Times {
        prove,
        verify,
        report: reports.swap_remove((reports.len() - 1) / 2),
        proof_bytes,
    })
}

fn done(args: &GkrArgs, times: &Times) -> Done {
    let report = &times.report;
    let (prove, verify) = (median(&times.prove), median(&times.verify));
    let per_second = report.in_flight as f64 * 1e9 / prove.max(1.0);
    let mut json = serde_json::Map::new();
    json.insert("bench".into(), "gkr".into());
    json.extend(report::json(report));
    let fields = [
        ("runs", json!(args.common.runs)),
        ("prove_ms_median", json!(prove / 1e6)),
        ("prove_ms_min", json!(minimum(&times.prove) / 1e6)),
        ("prove_ms_max", json!(maximum(&times.prove) / 1e6)),
        ("verify_ms_median", json!(verify / 1e6)),
        ("verify_ms_min", json!(minimum(&times.verify) / 1e6)),
        ("verify_ms_max", json!(maximum(&times.verify) / 1e6)),
        ("proofs_per_s", json!(per_second)),
        ("proof_bytes", json!(times.proof_bytes)),
    ];
    json.extend(fields.map(|(key, value)| (key.to_owned(), value)));
    let text = format!(
        "gkr over {}, {}, {} in flight: prove {:.3} ms (median of {}), {:.2} proofs/s, \
         {:.2} instances/s, verify {:.3} ms, {} bytes, {:.2} bits, on {}\n",
        report.field,
        count(report.instances, "instance"),
        report.in_flight,
        prove / 1e6,
        args.common.runs,
        per_second,
        per_second * report.instances as f64,
        verify / 1e6,
        times.proof_bytes,
        report.soundness_bits,
        report.device,
    );
    Done {
        json,
        text,
        profile: match args.profile {
            true => report::profile(report),
            false => String::new(),
        },
        exit_code: 0,
    }
}
