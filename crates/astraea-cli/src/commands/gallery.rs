//! `astraea gallery list` and `astraea gallery build`.

use std::fmt::Write as _;

use astraea::circuits::gallery::{self, Built, Entry, GalleryError};
use astraea::{FieldId, Limits, file};
use serde_json::{Value, json};

use crate::args::{GalleryBuildArgs, GalleryCommand};
use crate::files;
use crate::output::{Done, Failure, bytes, count, hex, spinner};

/// Answers that people are shown.
const SHOWN: usize = 16;

pub(crate) fn run(command: &GalleryCommand) -> Result<Done, Failure> {
    match command {
        GalleryCommand::List { .. } => Ok(list()),
        GalleryCommand::Build(args) => build(args),
    }
}

fn fields(entry: &Entry) -> Vec<&'static str> {
    entry.fields.iter().map(|field| field.name()).collect()
}

fn list() -> Done {
    let mut text = String::new();
    for entry in gallery::list() {
        let _ = writeln!(text, "{}\n  {}", entry.name, entry.description);
        let _ = writeln!(text, "  fields: {}", fields(entry).join(", "));
        let (size, most) = (entry.default_size, entry.max_size);
        let _ = writeln!(
            text,
            "  --size: {} (default {size}, at most {most})",
            entry.size_meaning
        );
        if let Some(longest) = entry.max_message {
            let _ = writeln!(text, "  --input: a file, {longest} bytes an instance");
        }
    }
    let circuits: Value = gallery::list()
        .iter()
        .map(|entry| {
            json!({
                "name": entry.name,
                "description": entry.description,
                "fields": fields(entry),
                "size": entry.size_meaning,
                "default_size": entry.default_size,
                "max_size": entry.max_size,
                "max_message_bytes": entry.max_message,
            })
        })
        .collect();
    let mut done = Done {
        text,
        ..Done::default()
    };
    done.json.insert("circuits".into(), circuits);
    done
}

fn build(args: &GalleryBuildArgs) -> Result<Done, Failure> {
    let inputs: Vec<_> = args.input.iter().map(AsRef::as_ref).collect();
    files::check_output(&args.out, &inputs)?;
    files::check_output(&args.witness_out, &inputs)?;
    if args.out == args.witness_out {
        return Err(Failure::input("--out and --witness-out are the same file"));
    }
    let input = match &args.input {
        Some(path) => Some(file::read(path, &Limits::default())?),
        None => None,
    };
    let spinner = spinner("building the circuit");
    let instances = args.instances.map_or(1, |n| n as usize);
    let size = args.size.map(|n| n as usize);
    let built = gallery::build(&args.name, args.field, size, instances, input.as_deref())?;
    spinner.finish_and_clear();
    let found = built.expected_outputs.len();
    if args.instances.is_some() && found != instances {
        return Err(Failure::input(format!(
            "the input makes {}, not {instances}",
            count(found, "instance")
        )));
    }
    write(args, &built)
}

fn write(args: &GalleryBuildArgs, built: &Built) -> Result<Done, Failure> {
    let circuit = files::encode(&built.circuit);
    files::write_all(&[(&args.out, &circuit), (&args.witness_out, &built.witness)])?;
    let (field, digest) = (built.circuit.field(), hex(&built.circuit.digest()));
    let answers = &built.expected_outputs;
    let json = json!({
        "name": args.name,
        "field": field.name(),
        "digest": digest,
        "instances": answers.len(),
        "circuit_bytes": circuit.len(),
        "witness_bytes": built.witness.len(),
        "num_layers": built.report.layers,
        "gates": built.report.gates.total(),
        "relays": built.report.relays,
        "dropped_nodes": built.report.dropped_nodes,
        "outputs": answers,
    });
    let mut text = format!(
        "{} over {field}: {} layers, {} gates ({} relays, {} nodes without use dropped)\n\
         {}: {}, digest {digest}\n{}: {}, {}\n",
        args.name,
        built.report.layers,
        built.report.gates.total(),
        built.report.relays,
        built.report.dropped_nodes,
        args.out.display(),
        bytes(circuit.len() as u64),
        args.witness_out.display(),
        bytes(built.witness.len() as u64),
        count(answers.len(), "instance"),
    );
    text.push_str(&listing(answers));
    Ok(Done {
        json: object(json),
        text,
        ..Done::default()
    })
}

/// The answers of the instances, a line each, shortened where it gets long.
pub(crate) fn listing(answers: &[String]) -> String {
    const WIDTH: usize = 80;
    let mut text = String::new();
    for (instance, answer) in answers.iter().take(SHOWN).enumerate() {
        // Answers are hexadecimal: every byte is a character.
        let shown = answer.get(..WIDTH).unwrap_or(answer);
        let dots = if shown.len() < answer.len() {
            "..."
        } else {
            ""
        };
        let _ = writeln!(text, "  {instance:>4}: {shown}{dots}");
    }
    if answers.len() > SHOWN {
        let _ = writeln!(text, "  ... ({} more)", answers.len() - SHOWN);
    }
    text
}

pub(crate) fn object(json: Value) -> serde_json::Map<String, Value> {
    match json {
        Value::Object(object) => object,
        _ => serde_json::Map::new(),
    }
}

/// The entry of Keccak-256, which `demo` runs.
pub(crate) fn keccak(field: FieldId, input: &[u8]) -> Result<Built, GalleryError> {
    gallery::build("keccak256", field, None, 1, Some(input))
}
