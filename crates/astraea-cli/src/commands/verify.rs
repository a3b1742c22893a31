//! `astraea verify`.

use std::fmt::Write as _;
use std::time::Instant;

use astraea::{
    ChallengeField, Circuit, Field, Limits, Verified, VerifyOptions, file, to_decimal,
    verify_bytes, with_circuit,
};
use serde_json::{Value, json};

use crate::args::VerifyArgs;
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
    let verified = result.map_err(|error| {
        let mut failure = Failure::from(error);
        failure.message = format!("{}: {}", args.proof.display(), failure.message);
        failure.json.insert("valid".into(), false.into());
        failure
    })?;
    Ok(done(args, circuit, &verified, (proof.len(), elapsed)))
}

fn done<F: ChallengeField>(
    args: &VerifyArgs,
    circuit: &Circuit<F::Base>,
    verified: &Verified<F>,
    (proof_bytes, elapsed): (usize, u64),
) -> Done {
    let each = circuit.num_public() as usize;
    let from_proof = args.public.is_none();
    let source = if from_proof { "proof" } else { "file" };
    let mut json = json!({
        "valid": true,
        "field": F::ID.name(),
        "instances": verified.num_instances,
        "soundness_bits": verified.bits,
        "min_bits": args.min_bits,
        "threads": verified.threads,
        "verify_ms": elapsed as f64 / 1e6,
        "proof_bytes": proof_bytes,
        "public_source": source,
    });
    let mut text = format!(
        "valid: {} over {}, {:.2} bits of soundness, verified in {}\n",
        count(verified.num_instances, "instance"),
        F::ID,
        verified.bits,
        time(elapsed),
    );
    if from_proof && each > 0 {
        json["public"] = values(&verified.public, each).collect();
        text.push_str("the public inputs were taken from the proof:\n");
        text.push_str(&listing(&verified.public, each));
    } else if each > 0 {
        text.push_str("the public inputs are those of the file\n");
    }
    let json = match json {
        Value::Object(json) => json,
        _ => serde_json::Map::new(),
    };
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
            let _ = write!(text, " ... ({each} values)");
        }
        text.push('\n');
    }
    if instances > SHOWN {
        let _ = writeln!(text, "  ... ({instances} instances; --json prints all)");
    }
    text
}
