//! `astraea verify`.

use std::fmt::Write as _;
use std::time::Instant;

use astraea::{
    ChallengeField, Circuit, Field, Limits, ProofHeader, ProofShape, Verified, VerifyOptions, file,
    soundness_bits, to_decimal, verify_bytes, with_circuit,
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
    let result = verify_bytes::<F>(circuit, &proof, &options);
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
        Err(error) => {
            let failure = Failure::from(error);
            Err(Failure {
                message: format!("{}: {}", args.proof.display(), failure.message),
                json,
                ..failure
            })
        }
    }
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
    let from_proof = args.public.is_none();
    let source = if from_proof { "proof" } else { "file" };
    json.insert("threads".into(), verified.threads.into());
    json.insert("public_source".into(), source.into());
    let mut text = format!(
        "valid: {} over {}, {:.2} bits of soundness, verified in {}\n",
        count(verified.num_instances, "instance"),
        F::ID,
        verified.bits,
        time(elapsed),
    );
    if from_proof && each > 0 {
        let public = values(&verified.public, each).collect();
        json.insert("public".into(), public);
        text.push_str("the public inputs were taken from the proof:\n");
        text.push_str(&listing(&verified.public, each));
    } else if each > 0 {
        text.push_str("the public inputs are those of the file\n");
    }
    Done {
        exit_code: 0,
        json,
        text,
        profile: String::new(),
    }
}

/// An array of decimal strings for each instance.
fn values<B: Field>(public: &[B], each: usize) -> impl Iterator<Item = Value> {
    let decimal = |&value: &B| Value::from(to_decimal(value, B::ENCODED_BYTES));
    public
        .chunks(each)
        .map(move |instance| instance.iter().map(decimal).collect())
}

/// A line for each instance, shortened where it gets long.
fn listing<B: Field>(public: &[B], each: usize) -> String {
    let mut text = String::new();
    let instances = public.len() / each;
    for (number, instance) in public.chunks(each).take(SHOWN).enumerate() {
        let _ = write!(text, "  instance {number}:");
        for &value in instance.iter().take(SHOWN) {
            let _ = write!(text, " {}", to_decimal(value, B::ENCODED_BYTES));
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
