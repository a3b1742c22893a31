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

/// Refuses an output that is one of the inputs, or that readers would take for something else.
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
    let Ok(target) = fs::canonicalize(out) else {
        return Ok(());
    };
    let same = |input: &&Path| fs::canonicalize(input).is_ok_and(|input| input == target);
    match inputs.iter().find(|input| same(input)) {
        Some(input) => Err(Failure::input(format!(
            "{}: the output would replace the input {}",
            out.display(),
            input.display()
        ))),
        None => Ok(()),
    }
}

/// Writes a file: under another name first, then renamed, so that readers see all of it or none.
pub(crate) fn write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::input(format!("{}: {error}", out.display()));
    let target = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    // A device or a pipe is written to, not replaced.
    if fs::metadata(&target).is_ok_and(|meta| !meta.is_file()) {
        let device = OpenOptions::new().write(true).open(&target);
        return device
            .and_then(|mut device| device.write_all(bytes))
            .map_err(failed);
    }
    let part = part_name(&target);
    let written = write_new(&part, bytes).and_then(|()| fs::rename(&part, &target));
    written.map_err(|error| {
        // The part is ours; when it cannot be removed either, the first error says more.
        let _ = fs::remove_file(&part);
        failed(error)
    })
}

fn write_new(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn part_name(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".part-{}", std::process::id()));
    target.with_file_name(name)
}
