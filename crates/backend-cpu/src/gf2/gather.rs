//! Gathers over GF(2) and GF(2^128): an element is a load of its own.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{LayerWiring, Slots};
use prover_fields::Gf2;

use super::blocks::{Gf2e128x8, Gf2x8, WIDTH, elements};
use super::{Gf2Lanes, Vector, rows};
use crate::gather::{Gather, Picked, all_lanes};

/// The number at a place of a list, or the last.
#[inline(always)]
fn number<T: Copy>(list: &[T], at: usize) -> T {
    list[at.min(list.len() - 1)]
}

impl<S: Vector> Gather for Gf2Lanes<S> {
    type Places = [usize; WIDTH];

    #[inline(always)]
    fn run(self, range: Range<usize>) -> Picked<Self::Places> {
        let mut at = [range.start; WIDTH];
        for (lane, at) in at.iter_mut().enumerate() {
            *at += lane;
        }
        Picked {
            at,
            lanes: all_lanes(range.len()),
        }
    }
    #[inline(always)]
    fn slice(self, ends: &[u32], k: u32) -> Picked<Self::Places> {
        let (mut at, mut lanes) = ([0; WIDTH], 0);
        for (lane, ends) in ends.windows(2).take(WIDTH).enumerate() {
            let place = ends[0] + k;
            at[lane] = place as usize;
            lanes |= u32::from(place < ends[1]) << lane;
        }
        Picked { at, lanes }
    }
    #[inline(always)]
    fn wires<const K: usize>(
        self,
        gates: &[[u32; K]],
        which: usize,
        mut at: Self::Places,
    ) -> Self::Places {
        for at in &mut at {
            *at = number(gates, *at)[which] as usize;
        }
        at
    }
    #[inline(always)]
    fn slots(self, slots: &Slots, mut at: Self::Places) -> Option<Self::Places> {
        match slots {
            Slots::Ones => return None,
            Slots::U8(slots) => {
                for at in &mut at {
                    *at = number(slots, *at).into();
                }
            }
            Slots::U16(slots) => {
                for at in &mut at {
                    *at = number(slots, *at).into();
                }
            }
            Slots::U32(slots) => {
                for at in &mut at {
                    *at = number(slots, *at) as usize;
                }
            }
        }
        Some(at)
    }
    #[inline(always)]
    fn gather(self, table: &[Gf2e128x8], mut at: Self::Places) -> S::V {
        let list = elements(table);
        for at in &mut at {
            *at = (*at).min(list.len() - 1);
        }
        self.0.pick(list, &at)
    }
    #[inline(always)]
    fn gather_base(self, table: &[Gf2x8], at: Self::Places) -> u8 {
        let mut bits = 0;
        for (lane, at) in at.into_iter().enumerate() {
            let block = number(table, at / WIDTH).0;
            bits |= (block >> (at % WIDTH) & 1) << lane;
        }
        bits
    }
    #[inline(always)]
    fn keep(self, v: S::V, lanes: u32) -> S::V {
        self.0.keep(v, lanes as u8)
    }
    #[inline(always)]
    fn prefetch(self, _block: &Gf2x8) {}
    #[inline(always)]
    fn row_sums(self, table: &[Gf2e128x8], ends: &[u32], at: &[[u32; 1]]) -> Option<S::V> {
        Some(self.0.row_sums(elements(table), ends, at.as_flattened()))
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
