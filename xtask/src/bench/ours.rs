//! Rows that the `astraea` binary measures.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Failure;

/// The binary, built for measuring.
pub(crate) struct Astraea {
    path: PathBuf,
}

/// Where and with what a row is measured.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) backend: &'a str,
    pub(crate) threads: u32,
    /// The SIMD level forced, if any.
    pub(crate) simd: Option<&'a str>,
    pub(crate) runs: u32,
}

impl Astraea {
    /// Builds it as users do.
    pub(crate) fn build(root: &Path) -> Result<Self, Failure> {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--bin", "astraea"])
            .current_dir(root)
            .status()?;
        if !status.success() {
            return Err("the astraea binary does not build".into());
        }
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let path = target.join("release").join("astraea");
        Ok(Self { path })
    }

    /// `astraea bench WORDS`; the result is its JSON, with the command that reproduces it.
    pub(crate) fn bench(&self, words: &[&str], setting: &Setting<'_>) -> Result<Value, Failure> {
        let (threads, runs) = (setting.threads.to_string(), setting.runs.to_string());
        let mut args = vec!["bench"];
        args.extend(words);
        args.extend(["--backend", setting.backend, "--threads", &threads]);
        args.extend(["--runs", &runs, "--json"]);
        let mut command = Command::new(&self.path);
        command.args(&args);
        if let Some(level) = setting.simd {
            command.env("ASTRAEA_SIMD", level);
        }
        let output = command.output()?;
        let shown = format!("astraea {}", args.join(" "));
        if !output.status.success() {
            let (out, err) = (&output.stdout, &output.stderr);
            let said = [String::from_utf8_lossy(out), String::from_utf8_lossy(err)].concat();
            return Err(format!("{shown}: {}", said.trim()).into());
        }
        let mut row: Value = serde_json::from_slice(&output.stdout)?;
        row["command"] = match setting.simd {
            Some(level) => format!("ASTRAEA_SIMD={level} {shown}").into(),
            None => shown.into(),
        };
        row["simd"] = setting.simd.unwrap_or("best").into();
        Ok(row)
    }
}
