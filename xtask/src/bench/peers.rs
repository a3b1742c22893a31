//! `cargo xtask bench-peers`: other libraries beside our own figures, on the same inputs.
//!
//! The peers are in `benches/peers`, a workspace of its own that only this task builds, twice: with the
//! features of this CPU (`-C target-cpu=native`), as some of them find none out at run time, and for any
//! CPU of the architecture, where those have no vectors. Ours is forced to each level beside them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::args::Args;
use super::machine;
use super::ours::{Astraea, Setting};
use super::table::{markdown, number};
use crate::Failure;

const OPTIONS: [&str; 3] = ["--num-vars", "--runs", "--out"];

pub(crate) fn run(root: &Path, words: &[&str]) -> Result<String, Failure> {
    let args = Args::parse(words, &OPTIONS)?;
    let astraea = Astraea::build(root)?;
    let machine = machine::describe(root);
    let levels = levels(&machine);
    let mut rows = theirs(root, &args, Build::ThisCpu)?;
    rows.extend(theirs(root, &args, Build::AnyCpu)?);
    for field in ["bn254", "m31"] {
        for num_vars in &args.num_vars {
            for level in &levels {
                rows.push(ours(&astraea, (field, *num_vars), *level, args.runs)?);
            }
        }
    }
    let key = |row: &Value| {
        let text = |key: &str| row[key].to_string();
        (text("what"), text("field"), row["num_vars"].as_u64())
    };
    rows.sort_by_key(key);
    let text = format!(
        "# Peers\n\nOne thread, nanoseconds a point or a multiplication, median of {} runs, on the \
         same tables in the same run. A table shared by prover and verifier is uploaded outside our \
         clock as theirs is made outside it. Peers are built for this CPU (`-C target-cpu=native`) and \
         for any of its architecture; ours is one binary that finds the CPU's features at run time, or \
         is forced to a level.\n\n{}\n{}",
        args.runs,
        super::table::machine(&machine),
        table(&rows),
    );
    let all = json!({ "machine": machine, "runs": args.runs, "rows": rows });
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(
        args.out.join("peers.json"),
        serde_json::to_string_pretty(&all)?,
    )?;
    std::fs::write(args.out.join("peers.md"), &text)?;
    Ok(format!("{text}\nwritten to {}", args.out.display()))
}

/// The levels that ours is measured at: the best, and by force those of this CPU below AVX-512.
fn levels(machine: &Value) -> Vec<Option<&'static str>> {
    let features = machine["vector_features"].as_array();
    let has_avx2 = features.is_some_and(|features| features.iter().any(|f| f == "avx2"));
    let avx2 = has_avx2.then_some(Some("avx2"));
    [None]
        .into_iter()
        .chain(avx2)
        .chain([Some("portable")])
        .collect()
}

/// What the peers are compiled for.
#[derive(Clone, Copy)]
enum Build {
    ThisCpu,
    /// Every CPU of the architecture: scalar code, where a peer has no choice at run time.
    AnyCpu,
}

impl Build {
    fn flags(self) -> &'static str {
        match self {
            Self::ThisCpu => "-C target-cpu=native",
            Self::AnyCpu => "",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ThisCpu => "this CPU",
            Self::AnyCpu => "any CPU",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::ThisCpu => "target/peers",
            Self::AnyCpu => "target/peers-any",
        }
    }
}

/// Builds and runs the peers.
fn theirs(root: &Path, args: &Args, build: Build) -> Result<Vec<Value>, Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--release", "--quiet", "--locked", "--manifest-path"])
        .arg(root.join("benches/peers/Cargo.toml"))
        .arg("--target-dir")
        .arg(root.join(build.target()))
        .arg("--")
        .arg(args.runs.to_string())
        .args(args.num_vars.iter().map(u32::to_string))
        .env("RUSTFLAGS", build.flags());
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the peers do not build or run: {said}").into());
    }
    let mut rows: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    for row in &mut rows {
        row["built_for"] = build.name().into();
    }
    Ok(rows)
}

/// Our product sumcheck in the form of the peers' rows, at a level or at the best of this CPU.
fn ours(
    astraea: &Astraea,
    (field, num_vars): (&str, u32),
    level: Option<&str>,
    runs: u32,
) -> Result<Value, Failure> {
    let setting = Setting {
        backend: "cpu",
        threads: 1,
        simd: level,
        runs,
    };
    let size = num_vars.to_string();
    let words = ["sumcheck", "--field", field, "--num-vars", &size];
    let row = astraea.bench(&words, &setting)?;
    let ns = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    Ok(json!({
        "peer": "astraea, CPU backend",
        "what": "product sumcheck",
        "field": field,
        "num_vars": num_vars,
        "built_for": level.map_or("any CPU".to_owned(), |level| format!("any CPU, {level} forced")),
        "ns_median": ns("ns_per_point_median"),
        "ns_min": ns("ns_per_point_min"),
        "ns_spread": ns("ns_per_point_max") - ns("ns_per_point_min"),
        "command": row["command"],
    }))
}

fn table(rows: &[Value]) -> String {
    let cells = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let size = row["num_vars"].as_u64();
        let mut cells = vec![text("what"), text("field")];
        cells.push(size.map_or_else(|| "in cache".to_owned(), |size| format!("2^{size}")));
        cells.push(text("peer"));
        cells.push(text("built_for"));
        cells.extend(["ns_median", "ns_min", "ns_spread"].map(|key| number(row[key].as_f64())));
        cells
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let head = [
        "work",
        "field",
        "size",
        "library",
        "built for",
        "ns",
        "least",
        "spread",
    ];
    markdown(&head, &rows)
}
