//! Errors of the seam.
//!
//! A [`BackendError`] is something a caller cannot foresee. Wrong shapes are programmer errors and
//! are asserted. What a backend cannot do is [`Unsupported`], and said before proving starts.

use crate::field::FieldId;

/// What went wrong on a device while it worked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The device, or the limit set for it, has too little memory.
    #[error("{device}: out of memory: {requested_bytes} bytes requested, {} free", shown(*free_bytes))]
    OutOfMemory {
        /// Which device.
        device: String,
        /// Size of the allocation that failed.
        requested_bytes: u64,
        /// What was left, if the device tells.
        free_bytes: Option<u64>,
    },
    /// The device went away.
    #[error("{device}: device lost")]
    DeviceLost {
        /// Which device.
        device: String,
    },
    /// A kernel did not compile.
    #[error("kernel {kernel}: {log}")]
    KernelCompile {
        /// Which kernel.
        kernel: String,
        /// The compiler's words.
        log: String,
    },
    /// Anything else the device or its driver reported.
    #[error("{device}: {op}: {message}")]
    Device {
        /// Which device.
        device: String,
        /// What was asked of it.
        op: &'static str,
        /// What it said.
        message: String,
    },
}

fn shown(free_bytes: Option<u64>) -> String {
    free_bytes.map_or_else(|| "unknown how many".into(), |bytes| bytes.to_string())
}

/// A job that a backend cannot do, found out before any work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{backend} cannot take {field} with {num_vars} variables: {reason}")]
pub struct Unsupported {
    /// Which backend.
    pub backend: String,
    /// The job's field.
    pub field: FieldId,
    /// The job's largest table, as its number of variables.
    pub num_vars: u32,
    /// Why not.
    pub reason: String,
}

/// Why a backend cannot be had at all on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("backend {backend} is not available: {reason}")]
pub struct Unavailable {
    /// Which backend.
    pub backend: String,
    /// Why not, and what would help.
    pub reason: String,
}
