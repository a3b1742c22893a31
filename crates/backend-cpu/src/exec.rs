//! Work in parallel over contiguous chunks.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::helpers::Helpers;

/// Chunks per thread: enough that a thread that starts late takes fewer.
const CHUNKS_PER_THREAD: usize = 8;

/// The longest part of a round, in blocks: about 40 us of work for M31. Each part starts and sums up for
/// itself, and breaks into what a core fetches ahead.
const PART: usize = 512;

/// The threads of a backend: the caller's and helpers of its own.
#[derive(Debug)]
pub(crate) struct Exec {
    /// None if the caller works alone.
    helpers: Option<Helpers>,
}

impl Exec {
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let helpers = match threads {
            0 | 1 => None,
            _ => Some(Helpers::new(threads - 1)?),
        };
        Ok(Self { helpers })
    }

    /// By how many to cut `len` items of which `min_chunk` are worth a thread's while, a power of two if
    /// `len` is one; all of them if there is nobody to share with or nothing to share.
    pub(crate) fn chunk_len(&self, len: usize, min_chunk: usize) -> usize {
        match &self.helpers {
            Some(helpers) if len >= 2 * min_chunk => {
                let chunks = (helpers.threads() * CHUNKS_PER_THREAD).next_power_of_two();
                (len / chunks).max(min_chunk.next_power_of_two())
            }
            _ => len,
        }
    }

    /// The same for positions of a round: a part for each thread, or more if they are long.
    pub(crate) fn part_len(&self, len: usize, min_chunk: usize) -> usize {
        match &self.helpers {
            Some(helpers) if len >= 2 * min_chunk => {
                let share = len / helpers.threads().next_power_of_two();
                share.clamp(min_chunk.next_power_of_two(), PART)
            }
            _ => len,
        }
    }

    /// [`Exec::map`], its results added up in the order of the chunks; no list of them where there is one.
    pub(crate) fn sum<T: Send>(
        &self,
        len: usize,
        chunk: usize,
        work: impl Fn(Range<usize>) -> T + Sync,
        add: impl Fn(T, T) -> T,
    ) -> T {
        if chunk >= len {
            return work(0..len);
        }
        let sums = self.map(len, chunk, work).into_iter().reduce(add);
        sums.expect("there is a chunk")
    }

    /// [`Exec::sum`] over as many parts, cut so that each costs the same: `cost` is that of all items before
    /// one, and parts begin at multiples of `unit`.
    pub(crate) fn sum_even<T: Send>(
        &self,
        (len, chunk, unit): (usize, usize, usize),
        cost: impl Fn(usize) -> usize,
        work: impl Fn(Range<usize>) -> T + Sync,
        add: impl Fn(T, T) -> T,
    ) -> T {
        if chunk >= len {
            return work(0..len);
        }
        let parts = len.div_ceil(chunk);
        let total = cost(len);
        let cuts: Vec<usize> = (0..=parts)
            .map(|part| match part == parts {
                true => len,
                false => unit * first(len / unit, |at| cost(unit * at) >= total * part / parts),
            })
            .collect();
        let work = |parts: Range<usize>| work(cuts[parts.start]..cuts[parts.end]);
        self.sum(parts, 1, work, add)
    }

    /// Calls `work` on each of the chunks of `chunk` items; results in the order of the chunks.
    /// Neighbouring chunks belong to one thread; who is done with its own takes from others.
    pub(crate) fn map<T: Send>(
        &self,
        len: usize,
        chunk: usize,
        work: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let Some(helpers) = self.helpers.as_ref().filter(|_| chunk < len) else {
            return vec![work(0..len)];
        };
        let chunks = len.div_ceil(chunk);
        let mut results = Vec::with_capacity(chunks);
        let slots = Values(results.spare_capacity_mut().as_mut_ptr());
        let ran = helpers.run(chunks, &|index| {
            let start = index * chunk;
            let result = work(start..len.min(start + chunk));
            // SAFETY: there are `chunks` slots, and the helpers call for each index once.
            let [slot] = (unsafe { slots.part(index, 1) }) else {
                unreachable!("a part of one");
            };
            slot.write(result);
        });
        if !ran {
            return vec![work(0..len)];
        }
        // SAFETY: every chunk was called for, or `run` would not have returned.
        unsafe { results.set_len(chunks) };
        results
    }
}

/// The first of `0..end` for which a condition holds that holds from somewhere on; `end` if for none.
fn first(end: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low.midpoint(high);
        match holds(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

impl Exec {
    /// Fills the spare room of `out` with `rows * width` values, `width` at a time: `work` is given
    /// chunks of rows and the values of these rows, and must write them all. Results in no particular
    /// order.
    ///
    /// # Safety
    /// `work` initialises every value that it is given.
    pub(crate) unsafe fn fill<T: Copy + Send, R: Send>(
        &self,
        out: &mut Vec<T>,
        (rows, width, chunk): (usize, usize, usize),
        work: impl Fn(Range<usize>, &mut [MaybeUninit<T>]) -> R + Sync,
    ) -> Vec<R> {
        let spare = out.spare_capacity_mut();
        assert!(spare.len() >= rows * width, "no room for the values");
        let values = Values(spare.as_mut_ptr());
        let results = self.map(rows, chunk, |range| {
            // SAFETY: the chunks that `map` hands out are disjoint ranges of the rows.
            let values = unsafe { values.part(range.start * width, range.len() * width) };
            work(range, values)
        });
        // SAFETY: the caller's promise, over all chunks.
        unsafe { out.set_len(rows * width) };
        results
    }
}

/// The start of values that several threads fill, each a part of its own.
struct Values<T>(*mut MaybeUninit<T>);

// SAFETY: parts are disjoint by the promise of `part`, and their values may be sent.
unsafe impl<T: Send> Sync for Values<T> {}

impl<T> Values<T> {
    /// # Safety
    /// The part lies within the values, and no other part that overlaps it is alive.
    #[expect(clippy::mut_from_ref, reason = "parts are disjoint")]
    unsafe fn part(&self, start: usize, len: usize) -> &mut [MaybeUninit<T>] {
        // SAFETY: the part lies within one allocation.
        let start = unsafe { self.0.add(start) };
        // SAFETY: nobody else has these values.
        unsafe { core::slice::from_raw_parts_mut(start, len) }
    }
}

#[cfg(test)]
mod tests {
    use super::Exec;

    #[test]
    fn parts_of_one_cost_are_all_of_the_items() {
        let exec = Exec::new(3).unwrap();
        for (len, chunk, unit) in [
            (64, 16, 1),
            (64, 16, 4),
            (60, 7, 1),
            (64, 64, 8),
            (64, 1, 2),
        ] {
            // Nothing, everything before a place, and more and more.
            for cost in [|_| 0, |at| usize::from(at > 10), |at| at * at] {
                let list = |range: core::ops::Range<usize>| {
                    assert_eq!(range.start % unit, 0);
                    range.collect::<Vec<_>>()
                };
                let all = exec.sum_even((len, chunk, unit), cost, list, |x, y| [x, y].concat());
                assert_eq!(all, (0..len).collect::<Vec<_>>());
            }
        }
    }
}
