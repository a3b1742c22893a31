//! Automation of this workspace: `cargo xtask <task>`.
//!
//! | task | what it does |
//! |---|---|
//! | `bench-matrix ...` | times our backends over fields, sizes and threads (`docs/benchmarks/cpu.md`) |
//! | `bench-peers ...` | times other libraries and ours on the same inputs |
//! | `ptx NVRTC` | compiles `kernels/` to `kernels/ptx` with that library; with `--check` compares instead |
//! | `real-proofs DATA OUT` | proves the circuits in a folder and writes canonical circuits and proofs |
//! | `tidy` | holds the architecture's invariants against the tree |
//! | `vectors` | writes `docs/vectors`; with `--check` compares instead |
#![forbid(unsafe_code)]

mod bench;
mod ptx;
mod real_proofs;
mod tidy;
mod vectors;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why a task failed, in words.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["vectors"] => vectors::run(&root(), false),
        ["vectors", "--check"] => vectors::run(&root(), true),
        ["ptx", nvrtc] => ptx::run(&root(), nvrtc, false),
        ["ptx", nvrtc, "--check"] => ptx::run(&root(), nvrtc, true),
        ["real-proofs", data, out] => real_proofs::run(Path::new(data), Path::new(out)),
        ["bench-matrix", words @ ..] => bench::matrix(&root(), words),
        ["bench-peers", words @ ..] => bench::peers(&root(), words),
        _ => Err(
            "usage: cargo xtask tidy | vectors [--check] | ptx NVRTC [--check] | real-proofs DATA OUT | \
                  bench-matrix ... | bench-peers ..."
                .into(),
        ),
    };
    let (code, text) = match result {
        Ok(text) => (ExitCode::SUCCESS, text),
        Err(failure) => (ExitCode::FAILURE, failure.to_string()),
    };
    // A closed pipe is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
    code
}

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}
