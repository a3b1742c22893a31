//! What a command leaves: one JSON object, or a few lines for people.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use astraea::{Error, ErrorKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

/// A command that came to its end.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) exit_code: u8,
    /// Printed with `--json`.
    pub(crate) json: Map<String, Value>,
    /// Printed without.
    pub(crate) text: String,
    /// Tables for people; on stderr with `--json`.
    pub(crate) profile: String,
}

/// A command that did not.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// What is known nevertheless, with `--json`.
    pub(crate) json: Map<String, Value>,
}

impl Failure {
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            json: Map::new(),
        }
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let mut json = Map::new();
        if let Error::Prove(astraea::ProveError::Violated(violations)) = &error {
            json.insert("violations".into(), crate::report::violations(violations));
        }
        Self {
            kind: error.kind(),
            message: error.to_string(),
            json,
        }
    }
}

impl Output {
    // A reader that went away (`astraea inspect F | head`) is no reason to fail; a full disk is.
    fn stdout(text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes());
        match written.and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    fn stderr(text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Prints the results; without them a command is not done, whatever it found out.
    pub(crate) fn done(self, done: &Done) -> u8 {
        let written = if self.json {
            Self::stderr(&done.profile);
            Self::stdout(&line(&done.json))
        } else {
            Self::stdout(&done.text).and_then(|()| Self::stdout(&done.profile))
        };
        match written {
            Ok(()) => done.exit_code,
            Err(error) => {
                Self::stderr(&format!("error: standard output: {error}\n"));
                ErrorKind::Input.exit_code()
            }
        }
    }

    pub(crate) fn failure(self, failure: &Failure) -> u8 {
        Self::stderr(&format!("error: {}\n", failure.message));
        if self.json {
            let mut json = failure.json.clone();
            json.insert("error".into(), failure.message.as_str().into());
            json.insert("kind".into(), failure.kind.name().into());
            if let Err(error) = Self::stdout(&line(&json)) {
                Self::stderr(&format!("error: standard output: {error}\n"));
            }
        }
        failure.kind.exit_code()
    }
}

fn line(json: &Map<String, Value>) -> String {
    let mut text = serde_json::to_string(json).unwrap_or_default();
    text.push('\n');
    text
}

/// A spinner on stderr, hidden when that is no terminal.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar.with_message(message)
}

/// A bar of so many steps on stderr, hidden when that is no terminal.
pub(crate) fn bar(steps: usize, message: &'static str) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.with_message(message)
}

/// Bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|&(unit, _)| count >= unit) {
        Some((unit, name)) => format!("{:.1} {name}", count as f64 / unit as f64),
        None => format!("{count} bytes"),
    }
}

/// A time for people.
pub(crate) fn time(nanoseconds: u64) -> String {
    let ns = nanoseconds as f64;
    match nanoseconds {
        0..=9_999 => format!("{nanoseconds} ns"),
        10_000..=9_999_999 => format!("{:.1} us", ns / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} ms", ns / 1e6),
        _ => format!("{:.2} s", ns / 1e9),
    }
}

/// A digest in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `1 instance`, `2 instances`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
