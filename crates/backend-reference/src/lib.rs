//! The oracle: every operation of the seam straight from its definition.
//!
//! Slow, single-threaded and short; other backends are compared with it, and it is the model to read
//! before writing one (`docs/adding-a-backend.md`). It shares no arithmetic with the host's tables in
//! [`prover_core::mle`] and walks gates in one order only.
//! Absent on purpose: vectors, threads, scratch memory, anything clever.

#![forbid(unsafe_code)]

mod backend;
mod layer;
mod memory;
mod sums;
mod table;

use std::sync::{Arc, OnceLock};

use prover_core::{BackendInfo, FieldId};

pub use layer::{Coefs, Wiring};
pub use table::{EqPoint, Mle};

use memory::Pool;

/// Computes on the host, for every field at once.
#[derive(Clone, Debug)]
pub struct ReferenceBackend {
    pool: Arc<Pool>,
    infos: [OnceLock<BackendInfo>; FieldId::ALL.len()],
}

impl ReferenceBackend {
    /// A backend without a limit on memory.
    pub fn new() -> Self {
        Self::with_memory_limit(u64::MAX)
    }

    /// A backend whose tables, wirings, coefficients and eq points take at most `bytes` together;
    /// beyond them operations return [`prover_core::BackendError::OutOfMemory`].
    pub fn with_memory_limit(bytes: u64) -> Self {
        Self {
            pool: Arc::new(Pool::new(bytes)),
            infos: Default::default(),
        }
    }

    /// Bytes in use now.
    pub fn used_bytes(&self) -> u64 {
        self.pool.used()
    }
}

impl Default for ReferenceBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// A queue has no state: every operation is done when it returns.
#[derive(Debug)]
pub struct Queue(());
