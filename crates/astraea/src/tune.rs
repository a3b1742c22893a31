//! Tuning within a limit of memory.

use prover_circuit::{Circuit, TuneReport, tune_bytes};
use prover_core::Field;

use crate::Error;
use crate::memory::available_bytes;

/// [`prover_circuit::tune()`] if it needs at most `max_memory_bytes` ([`tune_bytes`]); without a limit, the
/// memory that the system says this process may have.
///
/// # Errors
/// [`Error::Memory`], before anything is done.
pub fn tune<B: Field>(
    circuit: &Circuit<B>,
    max_memory_bytes: Option<u64>,
) -> Result<(Circuit<B>, TuneReport), Error> {
    let needed_bytes = tune_bytes(circuit);
    match max_memory_bytes.or_else(available_bytes) {
        Some(limit_bytes) if needed_bytes > limit_bytes => Err(Error::Memory {
            what: "tuning",
            needed_bytes,
            limit_bytes,
        }),
        _ => prover_circuit::tune(circuit).map_err(Error::Circuit),
    }
}
