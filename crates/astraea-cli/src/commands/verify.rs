//! `astraea verify`.

use std::fmt::Write as _;
use std::time::Instant;

use astraea::{
    ChallengeField, Circuit, Field, Limits, ProofHeader, ProofShape, PublicInputs, Verified,
    VerifyError, VerifyOptions, any, file, output_decimal, soundness_bits, to_decimal,
    verify_bytes, with_circuit,
};
use serde_json::{Map, Value, json};

use crate::args::VerifyArgs;
use crate::commands::gallery::object;
use crate::files;
use crate::output::{Done, Failure, count, spinner, time};

/// Instances, and values of each, that people are shown.
const SHOWN: usize = 16;

pub(crate) fn run(args: &VerifyArgs) -> Result<Done, Failure> {
    let circuit = files::circuit(&args.circuit)?;
    with_circuit!(circuit, |circuit, F| verify::<F>(args, &circuit))
}

fn verify<F: ChallengeField>(
    args: &VerifyArgs,
    circuit: &Circuit<F::Base>,
) -> Result<Done, Failure> {
    let limits = Limits::default();
    let proof = file::read(&args.proof, &limits)?;
    let public = match &args.public {
        Some(path) => Some(file::load_public(path, circuit, &limits)?),
        None => None,
    };
    let options = VerifyOptions {
        min_bits: args.min_bits,
        public: public.as_ref().map(|public| public.values()),
        threads: args.threads.into(),
    };
    let spinner = spinner("verifying");
    let start = Instant::now();
    let result = compare::<F>(circuit, &proof, public.as_ref(), &options);
    let elapsed = start.elapsed().as_nanos() as u64;
    spinner.finish_and_clear();
    let mut json = object(json!({
        "valid": result.is_ok(),
        "field": F::ID.name(),
        // The verifier links no backend: it works on the host, as the hashing of a proof does.
        "backend": "host",
        "threads": args.threads,
        "runs": 1,
        "verify_ms_median": elapsed as f64 / 1e6,
        "proof_bytes": proof.len(),
        "min_bits": args.min_bits,
    }));
    if let Some((instances, bits)) = claimed::<F>(circuit, &proof) {
        json.insert("instances".into(), instances.into());
        json.insert("soundness_bits".into(), bits.into());
    }
    match result {
        Ok(verified) => Ok(done(args, circuit, &verified, json, elapsed)),
        Err(error) => Err(refused(args, error, json)),
    }
}

/// The proof's file goes before the reason, and the public file where the two contradict each other.
fn refused(args: &VerifyArgs, error: VerifyError, json: Map<String, Value>) -> Failure {
    let proof = args.proof.display();
    let place = match (&error, &args.public) {
        (
            VerifyError::OtherInstances { .. }
            | VerifyError::PublicLength { .. }
            | VerifyError::OtherPublic { .. },
            Some(public),
        ) => format!("{proof} compared with {}", public.display()),
        _ => proof.to_string(),
    };
    let failure = Failure::from(error);
    Failure {
        message: format!("{place}: {}", failure.message),
        json,
        ..failure
    }
}

/// Verifies, and names the numbers of instances where it is they that make the public inputs differ.
fn compare<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    proof: &[u8],
    public: Option<&PublicInputs<F::Base>>,
    options: &VerifyOptions<'_, F::Base>,
) -> Result<Verified<F>, VerifyError> {
    let result = verify_bytes::<F>(circuit, proof, options);
    let instances = match &result {
        Ok(verified) => verified.num_instances,
        Err(VerifyError::PublicLength { .. }) => ProofHeader::peek(proof)?.num_instances,
        Err(_) => return result,
    };
    if let Some(public) = public {
        any::same_instances(instances, public.num_instances())?;
    }
    result
}

/// The instances and the bits of soundness that the head of a proof of this circuit speaks of,
/// whether the proof holds or not.
fn claimed<F: ChallengeField>(circuit: &Circuit<F::Base>, proof: &[u8]) -> Option<(usize, f64)> {
    let header = ProofHeader::peek(proof).ok()?;
    if header.field != F::ID || header.digest != circuit.digest() {
        return None;
    }
    let shape = ProofShape::of(circuit, header.num_instances, header.config).ok()?;
    Some((header.num_instances, soundness_bits::<F>(&shape)))
}

fn done<F: ChallengeField>(
    args: &VerifyArgs,
    circuit: &Circuit<F::Base>,
    verified: &Verified<F>,
    mut json: Map<String, Value>,
    elapsed: u64,
) -> Done {
    let each = circuit.num_public() as usize;
    let claimed = (circuit.num_outputs() - circuit.num_zero_outputs()) as usize;
    let instances = verified.num_instances;
    let public = |at: usize| to_decimal(verified.public[at], F::Base::ENCODED_BYTES);
    let output = |at: usize| output_decimal(&verified.outputs, at);
    let from_proof = args.public.is_none();
    let source = if from_proof { "proof" } else { "file" };
    json.insert("threads".into(), verified.threads.into());
    json.insert("public_source".into(), source.into());
    if args.json && from_proof {
        json.insert("public".into(), values(instances, each, public));
    }
    if args.json {
        json.insert("outputs".into(), values(instances, claimed, output));
    }
    let mut text = format!(
        "valid: {} over {}, {:.2} bits of soundness, verified in {}\n",
        count(instances, "instance"),
        F::ID,
        verified.bits,
        time(elapsed),
    );
    if from_proof && each > 0 {
        text.push_str("the public inputs were taken from the proof:\n");
        text.push_str(&listing(instances, each, public));
    } else if each > 0 {
        text.push_str("the public inputs are those of the file\n");
    }
    match claimed {
        0 => text.push_str("no outputs are claimed: all must be zero, and are\n"),
        _ => text.push_str("the outputs are, as the proof claims them:\n"),
    }
    text.push_str(&listing(instances, claimed, output));
    Done {
        exit_code: 0,
        json,
        text,
        profile: String::new(),
    }
}

/// An array of decimal strings for each instance.
fn values(instances: usize, each: usize, at: impl Fn(usize) -> String) -> Value {
    let instance = |s: usize| -> Value { (s * each..(s + 1) * each).map(&at).collect() };
    (0..instances).map(instance).collect()
}

/// A line for each instance with values, shortened where it gets long.
fn listing(instances: usize, each: usize, at: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    if each == 0 {
        return text;
    }
    for instance in 0..instances.min(SHOWN) {
        let _ = write!(text, "  instance {instance}:");
        for place in 0..each.min(SHOWN) {
            let _ = write!(text, " {}", at(instance * each + place));
        }
        if each > SHOWN {
            let _ = write!(text, " ... and {} more", each - SHOWN);
        }
        text.push('\n');
    }
    if instances > SHOWN {
        let more = instances - SHOWN;
        let _ = writeln!(text, "  ... and {more} more instances (--json prints all)");
    }
    text
}
