//! Gathers over BN254: eight places as an array, values word by word.

use core::ops::Range;

use prover_core::Slots;

use super::blocks::Bn254x8;
#[cfg(target_arch = "x86_64")]
use super::blocks::words_of;
#[cfg(target_arch = "x86_64")]
use super::lanes::Ifma;
use super::scalar::OneByOne;
use crate::arith::Arith;
use crate::gather::{Gather, Picked, all_lanes};

/// A place in every lane.
type Places = [u32; 8];

/// The most blocks in which a gather addresses words: its places are signed.
#[cfg(target_arch = "x86_64")]
const MAX_BLOCKS: usize = (1 << 31) / 32;

#[inline(always)]
fn run(range: Range<usize>) -> Picked<Places> {
    let start = range.start as u32;
    let mut at = [0; 8];
    let mut lane = 0;
    while lane < 8 {
        at[lane] = start.wrapping_add(lane as u32);
        lane += 1;
    }
    Picked {
        at,
        lanes: all_lanes(range.len()),
    }
}

#[inline(always)]
fn slice(ends: &[u32], k: u32) -> Picked<Places> {
    // Empty rows follow a short block.
    let last = ends.len() - 1;
    let (mut at, mut lanes) = ([0; 8], 0);
    let mut lane = 0;
    while lane < 8 {
        at[lane] = ends[lane.min(last)].wrapping_add(k);
        lanes |= u32::from(at[lane] < ends[(lane + 1).min(last)]) << lane;
        lane += 1;
    }
    Picked { at, lanes }
}

/// The numbers at some places of a list; those beyond the end read the last, those of none zero.
#[inline(always)]
fn numbers_at<T: Copy + Into<u32>>(list: &[T], at: Places) -> Places {
    let mut numbers = [0; 8];
    if let Some(last) = list.len().checked_sub(1) {
        let mut lane = 0;
        while lane < 8 {
            numbers[lane] = list[(at[lane] as usize).min(last)].into();
            lane += 1;
        }
    }
    numbers
}

#[inline(always)]
fn of_instance(wires: Places, log: usize, instance: usize) -> Places {
    let mut at = [0; 8];
    let mut lane = 0;
    while lane < 8 {
        at[lane] = (wires[lane] << log) + instance as u32;
        lane += 1;
    }
    at
}

#[inline(always)]
fn wires<const K: usize>(gates: &[[u32; K]], which: usize, at: Places) -> Places {
    let mut wires = [0; 8];
    if let Some(last) = gates.len().checked_sub(1) {
        let mut lane = 0;
        while lane < 8 {
            wires[lane] = gates[(at[lane] as usize).min(last)][which];
            lane += 1;
        }
    }
    wires
}

#[inline(always)]
fn slots(slots: &Slots, at: Places) -> Option<Places> {
    match slots {
        Slots::Ones => None,
        Slots::U8(slots) => Some(numbers_at(slots, at)),
        Slots::U16(slots) => Some(numbers_at(slots, at)),
        Slots::U32(slots) => Some(numbers_at(slots, at)),
    }
}

/// The values at some places of a table; those beyond the end read the last.
#[inline(always)]
fn values_at(table: &[Bn254x8], at: Places) -> Bn254x8 {
    let last = 8 * table.len() - 1;
    let mut values = Bn254x8::ZERO;
    let mut lane = 0;
    while lane < 8 {
        let at = (at[lane] as usize).min(last);
        values.set_words(lane, table[at / 8].words(at % 8));
        lane += 1;
    }
    values
}

/// Methods that are the same at every level.
macro_rules! places {
    () => {
        type Places = Places;

        #[inline(always)]
        fn run(self, range: Range<usize>) -> Picked<Places> {
            run(range)
        }
        #[inline(always)]
        fn slice(self, ends: &[u32], k: u32) -> Picked<Places> {
            slice(ends, k)
        }
        #[inline(always)]
        fn places(self, list: &[u32]) -> Places {
            *list.first_chunk().expect("a list of eight places")
        }
        #[inline(always)]
        fn instance(self, wires: Places, log: usize, instance: usize) -> Places {
            of_instance(wires, log, instance)
        }
        #[inline(always)]
        fn wires<const K: usize>(self, gates: &[[u32; K]], which: usize, at: Places) -> Places {
            wires(gates, which, at)
        }
        #[inline(always)]
        fn slots(self, list: &Slots, at: Places) -> Option<Places> {
            slots(list, at)
        }
        #[inline(always)]
        fn gather_base(self, table: &[Bn254x8], at: Places) -> Self::B {
            self.gather(table, at)
        }
        #[inline(always)]
        fn keep_base(self, b: Self::B, lanes: u32) -> Self::B {
            self.keep(b, lanes)
        }
    };
}

impl Gather for OneByOne {
    places!();

    #[inline(always)]
    fn gather(self, table: &[Bn254x8], at: Places) -> Bn254x8 {
        values_at(table, at)
    }
    #[inline(always)]
    fn keep(self, mut v: Bn254x8, lanes: u32) -> Bn254x8 {
        let mut lane = 0;
        while lane < 8 {
            if lanes >> lane & 1 == 0 {
                v.set_words(lane, [0; 4]);
            }
            lane += 1;
        }
        v
    }
    #[inline(always)]
    fn prefetch(self, _block: &Bn254x8) {}
}

#[cfg(target_arch = "x86_64")]
impl Gather for Ifma {
    places!();

    #[inline(always)]
    fn gather(self, table: &[Bn254x8], mut at: Places) -> Self::V {
        let words = words_of(table);
        if table.is_empty() || table.len() > MAX_BLOCKS {
            return self.load(&values_one_by_one(table, at));
        }
        let last = (8 * table.len() - 1) as u32;
        let mut lane = 0;
        while lane < 8 {
            // Value i has its words at 32 (i / 8) + i mod 8, which is i + 3 (i - i mod 8), and 8, 16 and 24
            // words on.
            at[lane] = at[lane].min(last);
            at[lane] += 3 * (at[lane] & !7);
            lane += 1;
        }
        // SAFETY: `at` is at most 24 words before the last, and below 2^31.
        let w0 = unsafe { self.gather_words(words, &at) };
        // SAFETY: as above.
        let w1 = unsafe { self.gather_words(&words[8..], &at) };
        // SAFETY: as above.
        let w2 = unsafe { self.gather_words(&words[16..], &at) };
        // SAFETY: as above.
        let w3 = unsafe { self.gather_words(&words[24..], &at) };
        self.limbs([w0, w1, w2, w3])
    }
    #[inline(always)]
    fn keep(self, v: Self::V, lanes: u32) -> Self::V {
        let [v0, v1, v2, v3, v4] = v;
        [
            self.keep_lanes(v0, lanes),
            self.keep_lanes(v1, lanes),
            self.keep_lanes(v2, lanes),
            self.keep_lanes(v3, lanes),
            self.keep_lanes(v4, lanes),
        ]
    }
    #[inline(always)]
    fn prefetch(self, block: &Bn254x8) {
        let [w0, w1, w2, w3] = &block.0;
        self.prefetch_line(w0);
        self.prefetch_line(w1);
        self.prefetch_line(w2);
        self.prefetch_line(w3);
    }
}

/// The values at places of a table too long for gathers, or of none, which panics.
#[cfg(target_arch = "x86_64")]
#[cold]
#[inline(never)]
fn values_one_by_one(table: &[Bn254x8], at: Places) -> Bn254x8 {
    values_at(table, at)
}
