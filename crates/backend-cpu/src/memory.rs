//! Memory of the tables: one budget for all queues, fallible allocation, given back on drop.
//!
//! All but the smallest allocations are kept for the next table of about their size: the allocator merges
//! and splits those of some kilobytes, and for larger ones the system hands out zeroed pages one fault at
//! a time, which costs as much as a round over them. Large ones ask for huge pages.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use prover_core::BackendError;

/// The name under which errors speak of this device.
pub(crate) const DEVICE: &str = "cpu";

/// Allocations of fewer bytes come from the allocator, which keeps those at hand itself.
const MIN_SPARE_BYTES: u64 = 1 << 10;

/// The most spare allocations: each is looked at when a table is made or given back.
const MAX_SPARES: usize = 256;

/// The most bytes of all spare allocations together.
const MAX_SPARE_BYTES: u64 = 128 << 20;

/// Allocations of at least so many bytes ask for huge pages.
const MIN_HUGE_BYTES: usize = 4 << 20;

/// An allocation that nobody uses: a `Vec<T>` for some `T`.
#[derive(Debug)]
struct Spare {
    bytes: u64,
    values: Box<dyn Any + Send>,
}

/// Bytes in use, their peak and their limit.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
    spares: Mutex<Spares>,
}

/// Spare allocations; the one given back last is the last.
#[derive(Debug, Default)]
struct Spares {
    list: Vec<Spare>,
    /// Of all of them.
    bytes: u64,
}

impl Spares {
    fn push(&mut self, spare: Spare) {
        self.bytes += spare.bytes;
        self.list.push(spare);
    }

    /// Takes the newest that fits.
    fn take(&mut self, fits: impl Fn(&Spare) -> bool) -> Option<Spare> {
        let place = self.list.iter().rposition(fits)?;
        let spare = self.list.remove(place);
        self.bytes -= spare.bytes;
        Some(spare)
    }

    /// Lets the oldest go until the rest are at most `room` bytes and not too many.
    fn trim(&mut self, room: u64) {
        let mut dropped = self.list.len().saturating_sub(MAX_SPARES);
        let mut bytes = self.bytes;
        bytes -= self.list[..dropped]
            .iter()
            .map(|spare| spare.bytes)
            .sum::<u64>();
        while bytes > room {
            bytes -= self.list[dropped].bytes;
            dropped += 1;
        }
        self.list.drain(..dropped);
        self.bytes = bytes;
    }
}

impl Budget {
    pub(crate) fn new(limit: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.unwrap_or(u64::MAX),
            used: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            spares: Mutex::new(Spares::default()),
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

    /// A spare allocation of at least `bytes` and at most a quarter more, empty.
    fn spare<T: Send + 'static>(&self, bytes: u64) -> Option<Vec<T>> {
        if !(MIN_SPARE_BYTES..=MAX_SPARE_BYTES).contains(&bytes) {
            return None;
        }
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |spare: &Spare| {
            (bytes..=bytes + bytes / 4).contains(&spare.bytes) && spare.values.is::<Vec<T>>()
        };
        let values = spares.take(fits)?.values.downcast::<Vec<T>>();
        values.ok().map(|values| *values)
    }

    /// Keeps an allocation as a spare, and lets the oldest go if there are too many bytes of them.
    fn keep<T: Send + 'static>(&self, mut values: Vec<T>) {
        let bytes = (values.capacity() * size_of::<T>()) as u64;
        if !(MIN_SPARE_BYTES..=MAX_SPARE_BYTES).contains(&bytes) {
            return;
        }
        values.clear();
        let values = Box::new(values);
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        spares.push(Spare { bytes, values });
        spares.trim(MAX_SPARE_BYTES.min(self.limit.saturating_sub(self.used())));
    }

    /// Lets spares go, the oldest first, until they and what is used keep to the limit.
    fn trim(&self) {
        let room = self.limit.saturating_sub(self.used());
        if room >= MAX_SPARE_BYTES {
            return;
        }
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        spares.trim(room);
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

/// Asks the system to back an allocation with huge pages.
fn advise<T>(values: &Vec<T>) {
    let bytes = values.capacity() * size_of::<T>();
    if bytes < MIN_HUGE_BYTES {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 4096;
        let start = (values.as_ptr() as usize).next_multiple_of(PAGE);
        let end = (values.as_ptr() as usize + bytes) / PAGE * PAGE;
        // SAFETY: whole pages within an allocation of ours; the advice changes no contents.
        let _ = unsafe {
            libc::madvise(
                core::ptr::without_provenance_mut(start),
                end - start,
                libc::MADV_HUGEPAGE,
            )
        };
    }
}

/// An allocation that the budget knows of.
#[derive(Debug)]
pub(crate) struct Buffer<T: Send + 'static> {
    values: Vec<T>,
    bytes: u64,
    budget: Arc<Budget>,
}

impl<T: Copy + Send + 'static> Buffer<T> {
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
        if let Some(spare) = budget.spare(bytes) {
            buffer.values = spare;
            return Ok(buffer);
        }
        budget.trim();
        if buffer.values.try_reserve_exact(capacity).is_err() {
            // Dropping the buffer gives the reservation back.
            return Err(budget.exhausted(bytes, budget.used()));
        }
        advise(&buffer.values);
        Ok(buffer)
    }

    /// The values, to fill within the capacity.
    pub(crate) fn values_mut(&mut self) -> &mut Vec<T> {
        &mut self.values
    }
}

impl<T: Send + 'static> core::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values
    }
}

impl<T: Send + 'static> Drop for Buffer<T> {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
        self.budget.keep(core::mem::take(&mut self.values));
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Buffer};
    use prover_core::BackendError;

    #[test]
    #[cfg_attr(miri, ignore = "asks for more than there is, at which Miri ends")]
    fn free_bytes_are_known_only_of_a_limit() {
        let free = |budget| match Buffer::<u64>::with_capacity(&budget, 1 << 58) {
            Err(BackendError::OutOfMemory { free_bytes, .. }) => free_bytes,
            other => panic!("{other:?}"),
        };
        assert_eq!(free(Budget::new(Some(100))), Some(100));
        assert_eq!(free(Budget::new(None)), None);
        assert!(Budget::new(None).host::<u64>(1 << 58).is_err());
    }

    #[test]
    fn spares_are_used_again_and_keep_to_the_limit() {
        let words = 1 << 13;
        let bytes = 8 * words as u64;
        let budget = Budget::new(Some(3 * bytes));
        let buffer = |capacity| Buffer::<u64>::with_capacity(&budget, capacity).unwrap();
        let spare_bytes = || {
            let spares = budget.spares.lock().unwrap();
            let bytes = spares.list.iter().map(|spare| spare.bytes).sum::<u64>();
            assert_eq!(bytes, spares.bytes);
            bytes
        };
        let first = buffer(words);
        let address = first.as_ptr();
        drop(first);
        assert_eq!((budget.used(), spare_bytes()), (0, bytes));
        // Of another type, too small and too large, then as it was and a little smaller.
        drop(Buffer::<u32>::with_capacity(&budget, 2 * words).unwrap());
        assert_ne!(buffer(words / 2).as_ptr(), address);
        drop(buffer(2 * words));
        assert!(spare_bytes() <= 3 * bytes);
        let again = Buffer::<u64>::with_capacity(&budget, words).unwrap();
        let other = again.as_ptr();
        drop(again);
        assert_eq!(buffer(words - 100).as_ptr(), other);
        // What is used pushes spares out.
        let large = buffer(5 * words / 2);
        assert!(budget.used() + spare_bytes() <= 3 * bytes);
        drop(large);
        assert!(spare_bytes() <= 3 * bytes && budget.used() == 0);
        assert_eq!(budget.peak(), 5 * bytes / 2);
        // Small ones are the allocator's.
        let budget = Budget::new(None);
        drop(Buffer::<u64>::with_capacity(&budget, 100).unwrap());
        assert!(budget.spares.lock().unwrap().list.is_empty());
    }
}
