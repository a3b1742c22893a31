//! The always-on loop: every target with its mutations, each case within its budget of memory.
//!
//! The cases run in a process of their own, so that one that aborts can be named. More of them:
//! `ASTRAEA_MUTATIONS=10` times as many, `ASTRAEA_MUTATIONS_SEED=2` others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use cap::Cap;
use hostile_input::{Mutator, Outcome, TARGETS, Target};
use peak_alloc::PeakAlloc;

/// Bytes of the whole process beyond which an allocation fails, which aborts.
const HARD_LIMIT: usize = 256 << 20;
/// Failures after which the loop gives up.
const MOST_FAILURES: usize = 5;
/// Case numbers from here on are the seeds themselves.
const FIRST_SEED: u64 = 1 << 63;

#[global_allocator]
static MEMORY: Cap<PeakAlloc> = Cap::new(PeakAlloc, HARD_LIMIT);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.as_slice() {
        [flag, place] if flag == "--worker" => worker(Path::new(place)),
        _ if args.iter().any(|arg| arg == "--list") || filtered_out(&args) => Ok(true),
        _ => supervise(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "mutations: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether `cargo test NAME` asks for tests of other names.
fn filtered_out(args: &[String]) -> bool {
    let names = args
        .iter()
        .filter(|arg| !arg.starts_with('-') && arg.parse::<u64>().is_err());
    names.clone().count() > 0
        && !names
            .clone()
            .any(|name| "mutations".contains(name.as_str()))
}

fn from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn run_number() -> u64 {
    from_environment("ASTRAEA_MUTATIONS_SEED", 1) << 40
}

/// Runs the worker and names the case that it stopped in, if it did not come to its end.
fn supervise() -> io::Result<bool> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("case-{}", std::process::id()));
    let status = Command::new(std::env::current_exe()?)
        .arg("--worker")
        .arg(&place)
        .status()?;
    let mut case = Vec::new();
    File::open(&place)?.read_to_end(&mut case)?;
    std::fs::remove_file(&place)?;
    // The worker empties the file when it is done.
    if let Some((index, number)) = decode_case(&case) {
        let target = &TARGETS[index];
        let input = input(&Mutator::new((target.seeds)(), target.repair), number);
        let reason = format!("the process stopped: {status}");
        io::stderr().write_all(describe(target, number, &input, &reason).as_bytes())?;
        return Ok(false);
    }
    Ok(status.success())
}

fn decode_case(case: &[u8]) -> Option<(usize, u64)> {
    let (index, number) = case.split_first_chunk::<8>()?;
    let number = u64::from_le_bytes(number.try_into().ok()?);
    Some((usize::try_from(u64::from_le_bytes(*index)).ok()?, number))
}

fn describe(target: &Target, number: u64, input: &[u8], reason: &str) -> String {
    let mut hex = String::new();
    for byte in input {
        let _ = write!(hex, "{byte:02x}");
    }
    let (name, seed) = (target.name, run_number() >> 40);
    let case = match number.checked_sub(FIRST_SEED) {
        Some(seed) => format!("unchanged seed {seed}"),
        None => format!("case {number}"),
    };
    format!("FAILED {name}, ASTRAEA_MUTATIONS_SEED={seed}, {case}: {reason}\n  input: {hex}\n")
}

/// What became of a target's mutations.
#[derive(Default)]
struct Tally {
    accepted: u64,
    panicked: u64,
    refused: BTreeMap<String, u64>,
    /// The largest allocation of a case, and the length of its input.
    largest: (u64, usize),
    longest: usize,
}

impl Tally {
    fn tried(&self) -> u64 {
        self.accepted + self.panicked + self.refused.values().sum::<u64>()
    }
}

fn worker(place: &Path) -> io::Result<bool> {
    let mut progress = File::create(place)?;
    let mut out = io::stdout();
    let times = from_environment("ASTRAEA_MUTATIONS", 1);
    let (mut failures, mut total, start) = (0, 0, Instant::now());
    for (index, target) in TARGETS.iter().enumerate() {
        let mutator = Mutator::new((target.seeds)(), target.repair);
        let seeds = mutator.seeds().len() as u64;
        let (mut tally, mut of_seeds) = (Tally::default(), Tally::default());
        let begin = Instant::now();
        for number in (FIRST_SEED..FIRST_SEED + seeds).chain(0..target.cases * times) {
            progress.seek(SeekFrom::Start(0))?;
            progress.write_all(&[index as u64, number].map(u64::to_le_bytes).concat())?;
            let input = input(&mutator, number);
            let tally = if number < FIRST_SEED {
                &mut tally
            } else {
                &mut of_seeds
            };
            if let Err(reason) = one(target, &input, tally) {
                io::stderr().write_all(describe(target, number, &input, &reason).as_bytes())?;
                failures += 1;
            }
            if failures >= MOST_FAILURES {
                break;
            }
        }
        let (tried, good) = (tally.tried(), of_seeds.accepted);
        total += tried;
        writeln!(
            out,
            "{}: {tried} mutations of {seeds} seeds ({good} accepted) in {:.1?}",
            target.name,
            begin.elapsed()
        )?;
        print_tally(&mut out, target, &tally)?;
    }
    progress.set_len(0)?;
    let elapsed = start.elapsed();
    writeln!(
        out,
        "{total} mutations in {elapsed:.1?}: {failures} panics or allocations beyond the limit"
    )?;
    Ok(failures == 0)
}

/// The bytes of a case.
fn input(mutator: &Mutator, number: u64) -> Vec<u8> {
    match number.checked_sub(FIRST_SEED) {
        Some(seed) => mutator.seeds()[seed as usize].clone(),
        None => mutator.case(run_number(), number),
    }
}

/// Runs a case; an error says what was wrong.
fn one(target: &Target, input: &[u8], tally: &mut Tally) -> Result<(), String> {
    PeakAlloc.reset_peak_usage();
    let before = PeakAlloc.current_usage();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let peak = (PeakAlloc.peak_usage() - before) as u64;
    tally.largest = tally.largest.max((peak, input.len()));
    tally.longest = tally.longest.max(input.len());
    match outcome {
        Ok(Outcome::Accepted) => tally.accepted += 1,
        Ok(Outcome::Refused(reason)) => *tally.refused.entry(reason).or_default() += 1,
        Err(_) => {
            tally.panicked += 1;
            return Err("panicked".into());
        }
    }
    let budget = target.budget(input.len());
    if peak > budget {
        return Err(format!("allocated {peak} bytes, at most {budget}"));
    }
    Ok(())
}

fn print_tally(out: &mut impl Write, target: &Target, tally: &Tally) -> io::Result<()> {
    let refused: u64 = tally.refused.values().sum();
    writeln!(out, "  accepted {}, refused {refused}", tally.accepted)?;
    let reasons: Vec<String> = tally
        .refused
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    writeln!(out, "  {}", reasons.join(", "))?;
    let (peak, len) = tally.largest;
    writeln!(
        out,
        "  largest allocation {peak} bytes for an input of {len} (limit {} + {} x length); \
         longest input {}",
        target.flat_bytes,
        Target::PER_BYTE,
        tally.longest
    )
}
