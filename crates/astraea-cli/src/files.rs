//! Files in, and files out without ever leaving half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use astraea::circuits::format;
use astraea::{AnyCircuit, Limits, file, with_circuit};

use crate::output::{Failure, spinner};

/// Reads a circuit of either format.
pub(crate) fn circuit(path: &Path) -> Result<AnyCircuit, Failure> {
    let spinner = spinner("reading the circuit");
    let circuit = file::load_any(path, &Limits::default())?;
    spinner.finish_and_clear();
    Ok(circuit)
}

/// A circuit file in the canonical format.
pub(crate) fn encode(circuit: &AnyCircuit) -> Vec<u8> {
    with_circuit!(circuit, |circuit| format::encode(circuit))
}

/// Refuses an output that is one of the inputs, that readers would take for something else, or that
/// cannot be created; what is there stays as it is.
pub(crate) fn check_output(out: &Path, inputs: &[&Path]) -> Result<(), Failure> {
    if out
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("xz"))
    {
        let message = format!(
            "{}: outputs are not compressed, choose another name",
            out.display()
        );
        return Err(Failure::input(message));
    }
    if let Ok(target) = fs::canonicalize(out) {
        let same = |input: &&Path| fs::canonicalize(input).is_ok_and(|input| input == target);
        if let Some(input) = inputs.iter().find(|input| same(input)) {
            return Err(Failure::input(format!(
                "{}: the output would replace the input {}",
                out.display(),
                input.display()
            )));
        }
    }
    let target = Target::of(out)?;
    target.create().map_err(|error| failed(out, &error))?;
    Ok(())
}

/// Writes a file: under another name first, then renamed, so that readers see all of it or none.
pub(crate) fn write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_all(&[(out, bytes)])
}

/// Writes several files as [`write()`]; none of them appears before all are complete.
pub(crate) fn write_all(files: &[(&Path, &[u8])]) -> Result<(), Failure> {
    let mut targets = Vec::with_capacity(files.len());
    for &(out, bytes) in files {
        let target = Target::of(out)?;
        let written = target.write(bytes).map_err(|error| failed(out, &error));
        targets.push((out, written?));
    }
    for (out, part) in targets {
        part.finish().map_err(|error| failed(out, &error))?;
    }
    Ok(())
}

fn failed(out: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("{}: {error}", out.display()))
}

/// What an output's name stands for.
enum Target {
    /// A device or a pipe is written to, not replaced.
    Device(PathBuf),
    /// A file, there or not yet.
    File(PathBuf),
}

impl Target {
    fn of(out: &Path) -> Result<Self, Failure> {
        let target = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
        match fs::metadata(&target) {
            Ok(meta) if meta.is_dir() => Err(Failure::input(format!(
                "{}: expected the name of a file, this is a folder",
                out.display()
            ))),
            Ok(meta) if !meta.is_file() => Ok(Self::Device(target)),
            _ => Ok(Self::File(target)),
        }
    }

    /// An empty part of a file, removed when dropped.
    fn create(&self) -> io::Result<(Part, Option<File>)> {
        let Self::File(target) = self else {
            return Ok((Part(None), None));
        };
        let part = part_name(target);
        let file = File::create_new(&part)?;
        Ok((Part(Some((part, target.clone()))), Some(file)))
    }

    /// Writes a device, or the part of a file.
    fn write(&self, bytes: &[u8]) -> io::Result<Part> {
        let (part, file) = self.create()?;
        match (self, file) {
            (_, Some(mut file)) => {
                file.write_all(bytes)?;
                file.sync_all()?;
            }
            (Self::Device(path) | Self::File(path), None) => OpenOptions::new()
                .write(true)
                .open(path)?
                .write_all(bytes)?,
        }
        Ok(part)
    }
}

/// A file under another name than the one it will have; removed unless it is finished.
struct Part(Option<(PathBuf, PathBuf)>);

impl Part {
    fn finish(mut self) -> io::Result<()> {
        if let Some((part, target)) = &self.0 {
            fs::rename(part, target)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.0 {
            // The part is ours; when it cannot be removed either, the first error says more.
            let _ = fs::remove_file(part);
        }
    }
}

fn part_name(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".part-{}", std::process::id()));
    target.with_file_name(name)
}
