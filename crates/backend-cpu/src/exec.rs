//! Work in parallel over contiguous chunks.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::helpers::Helpers;

/// Chunks per thread: enough that a thread that starts late takes fewer.
const CHUNKS_PER_THREAD: usize = 4;

/// The threads of a backend: the caller's and helpers of its own.
#[derive(Debug)]
pub(crate) struct Exec {
    /// None if the caller works alone.
    helpers: Option<Helpers>,
    threads: usize,
}

impl Exec {
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let helpers = match threads {
            0 | 1 => None,
            _ => Some(Helpers::new(threads - 1)?),
        };
        Ok(Self {
            helpers,
            threads: threads.max(1),
        })
    }

    /// The power of two by which to cut `len` items (a power of two) whose chunks are to have at
    /// least `min_chunk` items.
    pub(crate) fn chunk_len(&self, len: usize, min_chunk: usize) -> usize {
        if self.helpers.is_none() || len < 2 * min_chunk {
            return len;
        }
        let chunks = (self.threads * CHUNKS_PER_THREAD).next_power_of_two();
        (len / chunks).max(min_chunk.next_power_of_two())
    }

    /// Calls `work` on each of the chunks of `chunk` items; results in no particular order.
    pub(crate) fn map<T: Send>(
        &self,
        len: usize,
        chunk: usize,
        work: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let Some(helpers) = self.helpers.as_ref().filter(|_| chunk < len) else {
            return vec![work(0..len)];
        };
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        helpers.run(&|| {
            loop {
                let start = next.fetch_add(chunk, Relaxed);
                if start >= len {
                    return;
                }
                let result = work(start..len.min(start + chunk));
                results.lock().expect("no worker panics here").push(result);
            }
        });
        results.into_inner().expect("no worker panics here")
    }
}

impl Exec {
    /// Fills the spare room of `out` with `rows * width` values, `width` at a time: `work` is given
    /// chunks of rows and the values of these rows, and must write them all.
    ///
    /// # Safety
    /// `work` initialises every value that it is given.
    pub(crate) unsafe fn fill<T: Copy + Send>(
        &self,
        out: &mut Vec<T>,
        (rows, width, chunk): (usize, usize, usize),
        work: impl Fn(Range<usize>, &mut [MaybeUninit<T>]) + Sync,
    ) {
        let spare = out.spare_capacity_mut();
        assert!(spare.len() >= rows * width, "no room for the values");
        let parts: Vec<Mutex<&mut [MaybeUninit<T>]>> = (spare[..rows * width])
            .chunks_mut(chunk * width)
            .map(Mutex::new)
            .collect();
        self.map(rows, chunk, |range| {
            let first = range.start / chunk;
            // One thread runs all chunks at once if there are no helpers.
            for (part, start) in parts[first..]
                .iter()
                .zip((range.start..range.end).step_by(chunk))
            {
                let mut values = part.lock().expect("no worker panics here");
                work(start..rows.min(start + chunk), &mut values);
            }
        });
        drop(parts);
        // SAFETY: the caller's promise, over all chunks.
        unsafe { out.set_len(rows * width) };
    }
}
