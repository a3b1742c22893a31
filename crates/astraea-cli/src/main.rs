//! The astraea command: `docs/cli.md` describes it.
//!
//! Absent on purpose: anything that an application could not do through the facade.
#![forbid(unsafe_code)]

mod args;
mod bench;
mod commands;
mod files;
mod output;
mod report;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::output::{Done, Failure, Output};

fn main() -> ExitCode {
    let args = Args::parse();
    start_logs();
    let output = Output {
        json: args.command.json(),
    };
    let result = match args.command {
        Command::Prove(args) => commands::prove::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Gallery(args) => commands::gallery::run(&args.what),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match result {
        Ok(done) => finish(output, &done),
        Err(failure) => fail(output, failure),
    }
}

fn finish(output: Output, done: &Done) -> ExitCode {
    output.done(done);
    ExitCode::from(done.exit_code)
}

fn fail(output: Output, failure: Failure) -> ExitCode {
    output.failure(&failure);
    ExitCode::from(failure.kind.exit_code())
}

/// Logs go to stderr; `ASTRAEA_LOG` chooses them (`info`, `prover_gkr=debug`, ...).
fn start_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ASTRAEA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}
