//! Work in parallel over contiguous chunks.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Chunks per thread: enough that a thread that starts late takes fewer.
const CHUNKS_PER_THREAD: usize = 4;

/// The threads of a backend: the caller's and those of a pool of its own.
#[derive(Debug)]
pub(crate) struct Exec {
    /// The other threads; none if the caller works alone.
    helpers: Option<rayon::ThreadPool>,
    threads: usize,
}

impl Exec {
    pub(crate) fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let helpers = match threads {
            0 | 1 => None,
            _ => Some(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads - 1)
                    .thread_name(|index| format!("astraea-cpu-{index}"))
                    .build()?,
            ),
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
        let Some(pool) = self.helpers.as_ref().filter(|_| chunk < len) else {
            return vec![work(0..len)];
        };
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        let run = || {
            loop {
                let start = next.fetch_add(chunk, Relaxed);
                if start >= len {
                    return;
                }
                let result = work(start..len.min(start + chunk));
                results.lock().expect("no worker panics here").push(result);
            }
        };
        let helpers = (self.threads - 1).min(len.div_ceil(chunk) - 1);
        pool.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| run());
            }
            run();
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
