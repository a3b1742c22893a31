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

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Args, Command};
use crate::output::{Done, Failure, Output};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let output = Output {
        json: args.command.json(),
    };
    let result = start_logs().and_then(|()| run(args.command));
    ExitCode::from(match result {
        Ok(done) => output.done(&done),
        Err(failure) => output.failure(&failure),
    })
}

fn run(command: Command) -> Result<Done, Failure> {
    match command {
        Command::Prove(args) => commands::prove::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Gallery(args) => commands::gallery::run(&args.what),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}

/// Prints help or what is wrong with the options.
fn usage(error: &clap::Error) -> ExitCode {
    let code = match error.print() {
        Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => 2,
        _ => error.exit_code(),
    };
    ExitCode::from(u8::try_from(code).unwrap_or(2))
}

/// Logs go to stderr; `ASTRAEA_LOG` chooses them (`info`, `prover_gkr=debug`, ...).
fn start_logs() -> Result<(), Failure> {
    let text = std::env::var_os("ASTRAEA_LOG").unwrap_or_default();
    let filter = match text.to_string_lossy().trim() {
        "" => EnvFilter::new("warn"),
        text => EnvFilter::try_new(text).map_err(|error| {
            Failure::input(format!(
                "ASTRAEA_LOG: expected levels and targets (info, prover_gkr=debug), found {text:?}: {error}"
            ))
        })?,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    Ok(())
}
