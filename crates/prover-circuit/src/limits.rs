//! Bounds on what a file may ask for.

use crate::error::DecodeErrorKind;
use crate::model::{MAX_INSTANCES, MAX_LAYERS, MAX_VARS};

/// What a decoder accepts at most; exceeding one ends in [`DecodeErrorKind::Limit`].
///
/// The defaults admit every circuit that a single machine can prove and keep the memory that a
/// small hostile file can claim far below that of a large honest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file, after decompression.
    pub max_file_bytes: u64,
    /// Gates of all layers after flattening.
    pub max_gates: u64,
    /// Layers after flattening.
    pub max_layers: u64,
    /// Wires of all layers after flattening, the input included.
    pub max_wires: u64,
    /// Base-2 logarithm of the wires of one layer.
    pub max_vars: u32,
    /// Instances of a witness file.
    pub max_instances: u64,
    /// Public inputs of an instance.
    pub max_public: u64,
    /// Bytes of a JSON file: its tree in memory is an order of magnitude larger.
    pub max_json_bytes: u64,
    /// KiB that the xz decoder may use.
    pub max_xz_kib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 4 << 30,
            max_gates: 1 << 28,
            max_layers: MAX_LAYERS as u64,
            max_wires: 1 << 34,
            max_vars: MAX_VARS,
            max_instances: MAX_INSTANCES as u64,
            max_public: 1 << 28,
            max_json_bytes: 64 << 20,
            max_xz_kib: 256 << 10,
        }
    }
}

impl Limits {
    /// Refuses `found` above `limit`.
    pub(crate) fn hold(what: &'static str, found: u64, limit: u64) -> Result<(), DecodeErrorKind> {
        if found > limit {
            return Err(DecodeErrorKind::Limit { what, found, limit });
        }
        Ok(())
    }
}
