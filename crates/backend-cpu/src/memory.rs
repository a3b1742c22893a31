//! Memory of the tables: one budget for all queues, fallible allocation, freed on drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use prover_core::BackendError;

/// The name under which errors speak of this device.
pub(crate) const DEVICE: &str = "cpu";

/// Bytes in use, their peak and their limit.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.unwrap_or(u64::MAX),
            used: AtomicU64::new(0),
            peak: AtomicU64::new(0),
        })
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    fn reserve(&self, bytes: u64) -> Result<(), BackendError> {
        let fits = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= self.limit);
        match self.used.fetch_update(Relaxed, Relaxed, fits) {
            Ok(before) => {
                self.peak.fetch_max(before + bytes, Relaxed);
                Ok(())
            }
            Err(used) => Err(self.exhausted(bytes, used)),
        }
    }

    /// Room for values on the host that the budget does not count.
    ///
    /// # Errors
    /// [`BackendError::OutOfMemory`] if the allocator refuses.
    pub(crate) fn host<T>(&self, len: usize) -> Result<Vec<T>, BackendError> {
        let mut values = Vec::new();
        let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
        match values.try_reserve_exact(len) {
            Ok(()) => Ok(values),
            Err(_) => Err(self.exhausted(bytes, self.used())),
        }
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Relaxed);
    }

    fn exhausted(&self, requested_bytes: u64, used: u64) -> BackendError {
        BackendError::OutOfMemory {
            device: DEVICE.to_owned(),
            requested_bytes,
            // Without a limit of ours only the system knows.
            free_bytes: (self.limit < u64::MAX).then(|| self.limit.saturating_sub(used)),
        }
    }
}

/// An allocation that the budget knows of.
#[derive(Debug)]
pub(crate) struct Buffer<T> {
    values: Vec<T>,
    bytes: u64,
    budget: Arc<Budget>,
}

impl<T: Copy> Buffer<T> {
    /// An empty buffer with room for `capacity` values.
    ///
    /// # Errors
    /// [`BackendError::OutOfMemory`] if the budget or the allocator refuses.
    pub(crate) fn with_capacity(
        budget: &Arc<Budget>,
        capacity: usize,
    ) -> Result<Self, BackendError> {
        let bytes = (capacity as u64).saturating_mul(size_of::<T>() as u64);
        budget.reserve(bytes)?;
        let mut buffer = Self {
            values: Vec::new(),
            bytes,
            budget: Arc::clone(budget),
        };
        if buffer.values.try_reserve_exact(capacity).is_err() {
            // Dropping the buffer gives the reservation back.
            return Err(budget.exhausted(bytes, budget.used()));
        }
        Ok(buffer)
    }

    /// The values, to fill within the capacity.
    pub(crate) fn values_mut(&mut self) -> &mut Vec<T> {
        &mut self.values
    }
}

impl<T> core::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        self.values = Vec::new();
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Buffer};
    use prover_core::BackendError;

    #[test]
    fn free_bytes_are_known_only_of_a_limit() {
        let free = |budget| match Buffer::<u64>::with_capacity(&budget, 1 << 58) {
            Err(BackendError::OutOfMemory { free_bytes, .. }) => free_bytes,
            other => panic!("{other:?}"),
        };
        assert_eq!(free(Budget::new(Some(100))), Some(100));
        assert_eq!(free(Budget::new(None)), None);
        assert!(Budget::new(None).host::<u64>(1 << 58).is_err());
    }
}
