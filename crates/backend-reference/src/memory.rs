//! Memory that is counted, so that a limit can be set and met.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prover_core::BackendError;

/// What all allocations of a backend share.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: u64,
    used: AtomicU64,
}

/// Bytes taken from a pool; dropping gives them back.
#[derive(Debug)]
pub(crate) struct Reservation {
    pool: Arc<Pool>,
    bytes: u64,
}

impl Pool {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: AtomicU64::new(0),
        }
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes room for `len` values of type `T`.
    pub(crate) fn reserve<T>(self: &Arc<Self>, len: usize) -> Result<Reservation, BackendError> {
        let bytes = (len * size_of::<T>()) as u64;
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|&total| total <= self.limit)
            })
            .map_err(|used| BackendError::OutOfMemory {
                device: "reference".into(),
                requested_bytes: bytes,
                free_bytes: Some(self.limit - used),
            })?;
        Ok(Reservation {
            pool: Arc::clone(self),
            bytes,
        })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.pool.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
