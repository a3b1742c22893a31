//! The kernels' PTX: made once, held against the sources afterwards.

use std::path::Path;
use std::process::Command;

use prover_fields::{FieldId, FieldSpec};

use crate::Failure;

/// The virtual architecture: the oldest that the CUDA backend takes.
const ARCHITECTURE: &str = "compute_80";

/// Compiles every field's kernels with the NVRTC given, and writes `kernels/ptx` or compares.
///
/// Which NVRTC decides the PTX's version and so the oldest driver: `docs/kernels.md` says which.
pub(crate) fn run(root: &Path, nvrtc: &str, check: bool) -> Result<String, Failure> {
    let (folder, work) = (root.join("kernels/ptx"), root.join("target/ptx"));
    std::fs::create_dir_all(&folder)?;
    std::fs::create_dir_all(&work)?;
    for id in FieldId::ALL {
        let spec = FieldSpec::of(id);
        let source = work.join(format!("{id}.cu"));
        std::fs::write(&source, kernel_source::cuda_unit(&spec))?;
        let status = Command::new("python3")
            .arg(root.join("xtask/nvrtc.py"))
            .args([nvrtc, ARCHITECTURE])
            .arg(&source)
            .arg(kernel_source::ptx_header(&spec))
            .arg(folder.join(format!("{id}.ptx.xz")))
            .arg(if check { "check" } else { "write" })
            .status()?;
        if !status.success() {
            return Err(format!("{id}: no PTX").into());
        }
    }
    let done = if check {
        "as they should be"
    } else {
        "written"
    };
    Ok(format!("ptx: {} files {done}", FieldId::ALL.len()))
}
