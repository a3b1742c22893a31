//! Gathers over GF(2) and GF(2^128): an element is a load of its own.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{LayerWiring, Slots};
use prover_fields::Gf2;

use super::blocks::{Gf2e128x8, Gf2x8, WIDTH, elements};
use super::{Gf2Lanes, Vector, rows};
use crate::gather::{Gather, Picked};
use crate::places::{self, Places, value_at};

impl<S: Vector> Gather for Gf2Lanes<S> {
    type Places = Places;

    #[inline(always)]
    fn run(self, range: Range<usize>) -> Picked<Places> {
        places::run(range)
    }
    #[inline(always)]
    fn slice(self, ends: &[u32], k: u32) -> Picked<Places> {
        places::slice(ends, k)
    }
    #[inline(always)]
    fn places(self, list: &[u32]) -> Places {
        places::places(list)
    }
    #[inline(always)]
    fn instance(self, wires: Places, log: usize, instance: usize) -> Places {
        places::instance(wires, log, instance)
    }
    #[inline(always)]
    fn wires<const K: usize>(self, gates: &[[u32; K]], which: usize, at: Places) -> Places {
        places::wires(gates, which, at)
    }
    #[inline(always)]
    fn slots(self, slots: &Slots, at: Places) -> Option<Places> {
        places::slots(slots, at)
    }
    #[inline(always)]
    fn gather(self, table: &[Gf2e128x8], mut at: Places) -> S::V {
        let list = elements(table);
        for at in &mut at {
            *at = (*at).min(list.len() - 1);
        }
        self.0.pick(list, &at)
    }
    #[inline(always)]
    fn gather_base(self, table: &[Gf2x8], at: Places) -> u8 {
        let mut bits = 0;
        for (lane, at) in at.into_iter().enumerate() {
            let block = value_at(table, at / WIDTH).0;
            bits |= (block >> (at % WIDTH) & 1) << lane;
        }
        bits
    }
    #[inline(always)]
    fn keep(self, v: S::V, lanes: u32) -> S::V {
        self.0.keep(v, lanes as u8)
    }
    #[inline(always)]
    fn keep_base(self, b: u8, lanes: u32) -> u8 {
        b & lanes as u8
    }
    #[inline(always)]
    fn prefetch(self, _block: &Gf2x8) {}
    #[inline(always)]
    fn row_sums(self, table: &[Gf2e128x8], ends: &[u32], at: &[[u32; 1]]) -> Option<S::V> {
        let mut sums = [0; WIDTH];
        let (list, at) = (elements(table), at.as_flattened());
        self.0.row_sums(list, ends, at, &mut sums);
        Some(self.0.load(&sums))
    }
    #[inline(always)]
    fn evaluate_base(
        self,
        wiring: &LayerWiring<Gf2>,
        coefs: &[Gf2],
        (below, publics): (&[Gf2x8], &[Gf2x8]),
        range: Range<usize>,
        out: &mut [MaybeUninit<Gf2x8>],
    ) -> bool {
        rows::evaluate(wiring, coefs, below, publics, range, out)
    }
}
