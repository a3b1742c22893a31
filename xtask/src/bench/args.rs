//! The arguments of the benchmark tasks.

use std::path::PathBuf;

use prover_core::FieldId;

use crate::Failure;

pub(crate) const USAGE: &str = "\
cargo xtask bench-matrix [--backends cpu,reference] [--fields bn254,m31,gf2,goldilocks]
    [--num-vars 16,20,22] [--threads 1,2] [--simd portable,avx2,avx512] [--runs R]
    [--data FOLDER] [--out FOLDER]
cargo xtask bench-peers [--num-vars 16,20] [--runs R] [--out FOLDER]";

/// The backends that `astraea` knows the names of; whether one is there, it finds out itself.
const BACKENDS: [&str; 4] = ["cpu", "reference", "cuda", "wgpu"];
const LEVELS: [&str; 3] = ["portable", "avx2", "avx512"];
/// Tables of more variables do not fit any machine.
const MAX_VARS: u32 = 30;
const MAX_THREADS: u32 = 1024;

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) backends: Vec<String>,
    pub(crate) fields: Vec<String>,
    pub(crate) num_vars: Vec<u32>,
    pub(crate) threads: Vec<u32>,
    /// None: the best that the CPU has.
    pub(crate) simd: Vec<String>,
    pub(crate) runs: u32,
    /// The folder with the real circuits.
    pub(crate) data: Option<PathBuf>,
    pub(crate) out: PathBuf,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            backends: vec!["cpu".to_owned(), "reference".to_owned()],
            fields: FieldId::ALL.map(|id| id.name().to_owned()).to_vec(),
            num_vars: vec![16, 20],
            threads: vec![1],
            simd: Vec::new(),
            runs: 5,
            data: None,
            out: PathBuf::from("target/bench"),
        }
    }
}

impl Args {
    /// Reads pairs of option and value; `allowed` are the task's options.
    pub(crate) fn parse(words: &[&str], allowed: &[&str]) -> Result<Self, Failure> {
        let mut args = Self::default();
        for pair in words.chunks(2) {
            let &[option, value] = pair else {
                return Err(usage(&format!("{} needs a value", pair[0])));
            };
            if !allowed.contains(&option) {
                return Err(usage(&format!("unknown option {option}")));
            }
            args.set(option, value)?;
        }
        Ok(args)
    }

    fn set(&mut self, option: &str, value: &str) -> Result<(), Failure> {
        match option {
            "--backends" => self.backends = names(value, "backend", &BACKENDS)?,
            "--fields" => {
                self.fields = names(value, "field", &FieldId::ALL.map(FieldId::name))?;
            }
            "--simd" => self.simd = names(value, "SIMD level", &LEVELS)?,
            "--num-vars" => self.num_vars = numbers(value, option, MAX_VARS)?,
            "--threads" => self.threads = numbers(value, option, MAX_THREADS)?,
            "--runs" => match numbers(value, option, u32::from(u16::MAX))?.as_slice() {
                &[runs] => self.runs = runs,
                _ => return Err(usage("--runs takes one number")),
            },
            "--data" => self.data = Some(PathBuf::from(value)),
            _ => self.out = PathBuf::from(value),
        }
        Ok(())
    }
}

/// A usage error.
pub(crate) fn usage(what: &str) -> Failure {
    format!("{what}\n{USAGE}").into()
}

fn names(value: &str, what: &str, known: &[&str]) -> Result<Vec<String>, Failure> {
    let name = |name: &str| match known.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(usage(&format!(
            "unknown {what} `{name}`; there are {}",
            known.join(", ")
        ))),
    };
    value.split(',').map(name).collect()
}

fn numbers(value: &str, option: &str, most: u32) -> Result<Vec<u32>, Failure> {
    let number = |word: &str| match word.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(usage(&format!(
            "{option}: `{word}` is no number from 1 to {most}"
        ))),
    };
    value.split(',').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 4] = ["--backends", "--fields", "--runs", "--num-vars"];

    #[test]
    fn lists_are_read() {
        let words = ["--fields", "m31,gf2", "--num-vars", "16,22", "--runs", "3"];
        let args = Args::parse(&words, &ALL).unwrap();
        assert_eq!(args.fields, ["m31", "gf2"]);
        assert_eq!((args.num_vars, args.runs), (vec![16, 22], 3));
        assert_eq!(args.backends, Args::default().backends);
    }

    #[test]
    fn unknown_names_and_numbers_are_usage_errors() {
        for words in [
            ["--fields", "m32"],
            ["--fields", ""],
            ["--backends", "gpu"],
            ["--num-vars", "31"],
            ["--num-vars", "0"],
            ["--runs", "1,2"],
            ["--simd", "avx2"],
            ["--nothing", "1"],
        ] {
            let failure = Args::parse(&words, &ALL).unwrap_err().to_string();
            assert!(failure.contains("cargo xtask bench-matrix"), "{words:?}");
        }
        assert!(Args::parse(&["--runs"], &ALL).is_err());
    }
}
