//! Gathers over Mersenne-31.

use core::ops::Range;

use prover_core::Slots;

use super::blocks::{M31Ext3x16, M31x16, words_of_base, words_of_ext};
use super::lanes::M31Lanes;
use super::vector::Vector;
use crate::arith::{Arith, Lanes};
use crate::gather::{Gather, Picked, all_lanes};

/// The most bytes in which a gather addresses what it reads: its places are signed, and a word's
/// place is multiplied by four.
const MAX_BYTES: usize = 1 << 31;

/// A number of one or two bytes.
trait Short: Copy + Into<u32> {
    fn bytes(list: &[Self]) -> &[u8];
}

impl Short for u8 {
    #[inline(always)]
    fn bytes(list: &[Self]) -> &[u8] {
        list
    }
}

impl Short for u16 {
    #[inline(always)]
    fn bytes(list: &[Self]) -> &[u8] {
        // SAFETY: twice as many bytes as numbers, all of them initialised.
        unsafe { core::slice::from_raw_parts(list.as_ptr().cast(), 2 * list.len()) }
    }
}

const LANES: [u32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

impl<S: Vector> M31Lanes<S> {
    /// The words at some places; those beyond the end read the last.
    #[inline(always)]
    fn words_at(self, words: &[u32], at: S::U) -> S::U {
        let s = self.0;
        if words.is_empty() || words.len() > MAX_BYTES / 4 {
            return s.load(&one_by_one(words, &s.store(at)));
        }
        let at = s.min32(at, s.splat((words.len() - 1) as u32));
        // SAFETY: `at` is at most the last word's place.
        unsafe { s.gather(words, at) }
    }

    /// The numbers at some places of a list of short ones; those beyond the end read the last.
    #[inline(always)]
    fn numbers_at<T: Short>(self, list: &[T], at: S::U) -> S::U {
        let (s, bytes) = (self.0, T::bytes(list));
        if bytes.len() < 4 || bytes.len() > MAX_BYTES || cfg!(target_endian = "big") {
            return s.load(&numbers_one_by_one(list, &s.store(at)));
        }
        let at = s.min32(at, s.splat((list.len() - 1) as u32));
        let at = if size_of::<T>() == 2 {
            s.add32(at, at)
        } else {
            at
        };
        // The word that has the number may not reach beyond the end: it begins up to three bytes early.
        let word = s.min32(at, s.splat((bytes.len() - 4) as u32));
        // SAFETY: `word` is at most four bytes before the end.
        let words = unsafe { s.gather_bytes(bytes, word) };
        let early = s.sub32(at, word);
        let number = s.shr_bytes(words, early);
        s.and(number, s.splat(u32::MAX >> (32 - 8 * size_of::<T>())))
    }
}

impl<S: Vector> Gather for M31Lanes<S> {
    type Places = S::U;

    #[inline(always)]
    fn run(self, range: Range<usize>) -> Picked<S::U> {
        let s = self.0;
        Picked {
            at: s.add32(s.splat(range.start as u32), s.load(&LANES)),
            lanes: all_lanes(range.len()),
        }
    }
    #[inline(always)]
    fn slice(self, ends: &[u32], k: u32) -> Picked<S::U> {
        let (s, short) = (self.0, short_block(ends));
        let ends: &[u32; 17] = ends.first_chunk().unwrap_or(&short);
        let [starts @ .., _] = ends;
        let [_, ends @ ..] = ends;
        let at = s.add32(s.load(starts), s.splat(k));
        Picked {
            at,
            lanes: s.less32(at, s.load(ends)),
        }
    }
    #[inline(always)]
    fn places(self, list: &[u32]) -> S::U {
        self.0
            .load(list.first_chunk().expect("a list of 16 places"))
    }
    #[inline(always)]
    fn instance(self, wires: S::U, log: usize, instance: usize) -> S::U {
        let s = self.0;
        s.add32(s.shl(wires, log as u32), s.splat(instance as u32))
    }
    #[inline(always)]
    fn wires<const K: usize>(self, gates: &[[u32; K]], which: usize, at: S::U) -> S::U {
        let s = self.0;
        if gates.len() > MAX_BYTES / 8 {
            return s.load(&wires_one_by_one(gates, which, &s.store(at)));
        }
        let words = gates.as_flattened();
        let at = match K {
            1 => at,
            2 => s.add32(s.add32(at, at), s.splat(which as u32)),
            _ => unreachable!("a gate has one or two other wires"),
        };
        self.words_at(words, at)
    }
    #[inline(always)]
    fn slots(self, slots: &Slots, at: S::U) -> Option<S::U> {
        match slots {
            Slots::Ones => None,
            Slots::U8(slots) => Some(self.numbers_at(slots, at)),
            Slots::U16(slots) => Some(self.numbers_at(slots, at)),
            Slots::U32(slots) => Some(self.words_at(slots, at)),
        }
    }
    #[inline(always)]
    fn gather(self, table: &[M31Ext3x16], at: S::U) -> Self::V {
        let s = self.0;
        let words = words_of_ext(table);
        if words.is_empty() || words.len() > MAX_BYTES / 4 {
            return self.load(&values_one_by_one(table, &s.store(at)));
        }
        let at = s.min32(at, s.splat((16 * table.len() - 1) as u32));
        // Value i has its words at 48 (i / 16) + i mod 16, which is i + 2 (i - i mod 16), and 16 and
        // 32 words on.
        let row = s.and(at, s.splat(!15));
        let at = s.add32(at, s.add32(row, row));
        // SAFETY: `at` is at most 32 words before the last.
        let x = unsafe { s.gather(words, at) };
        // SAFETY: as above.
        let y = unsafe { s.gather(&words[16..], at) };
        // SAFETY: as above.
        let z = unsafe { s.gather(&words[32..], at) };
        [x, y, z]
    }
    #[inline(always)]
    fn gather_base(self, table: &[M31x16], at: S::U) -> S::U {
        self.words_at(words_of_base(table), at)
    }
    #[inline(always)]
    fn keep(self, [x, y, z]: Self::V, lanes: u32) -> Self::V {
        let s = self.0;
        [s.keep(x, lanes), s.keep(y, lanes), s.keep(z, lanes)]
    }
    #[inline(always)]
    fn keep_base(self, b: S::U, lanes: u32) -> S::U {
        self.0.keep(b, lanes)
    }
    #[inline(always)]
    fn prefetch(self, block: &M31x16) {
        self.0.prefetch(&block.0);
    }
}

/// Where the rows of a block end, as if empty rows followed a short one.
#[inline(always)]
fn short_block(ends: &[u32]) -> [u32; 17] {
    let mut padded = [0; 17];
    if ends.len() < 17 {
        padded = [*ends.last().expect("a block has an end"); 17];
        padded[..ends.len()].copy_from_slice(ends);
    }
    padded
}

/// The words at places of a list that is empty or too long for gathers.
#[cold]
#[inline(never)]
fn one_by_one(words: &[u32], at: &[u32; 16]) -> [u32; 16] {
    at.map(|at| words.get(at as usize).copied().unwrap_or(0))
}

/// The numbers at places of a list that is too short or too long for gathers.
#[cold]
#[inline(never)]
fn numbers_one_by_one<T: Short>(list: &[T], at: &[u32; 16]) -> [u32; 16] {
    at.map(|at| list.get(at as usize).map_or(0, |&number| number.into()))
}

/// A wire of the gates at places of a list too long for gathers.
#[cold]
#[inline(never)]
fn wires_one_by_one<const K: usize>(gates: &[[u32; K]], which: usize, at: &[u32; 16]) -> [u32; 16] {
    at.map(|at| gates.get(at as usize).map_or(0, |gate| gate[which]))
}

/// The values at places of a table too long for gathers, or of none, which panics.
#[cold]
#[inline(never)]
fn values_one_by_one(table: &[M31Ext3x16], at: &[u32; 16]) -> M31Ext3x16 {
    let mut block = table[0];
    for (lane, &at) in at.iter().enumerate() {
        let at = (at as usize).min(16 * table.len() - 1);
        block.set(lane, table[at / 16].get(at % 16));
    }
    block
}
