//! Gathers over Goldilocks, lane by lane.

use core::ops::Range;

use prover_core::Slots;

use super::blocks::{GoldilocksExt2x8, Goldilocksx8, WIDTH};
use super::{GoldilocksLanes, Vector};
use crate::gather::{Gather, Picked};
use crate::places::{self, Places, value_at};

impl<S: Vector> Gather for GoldilocksLanes<S> {
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
    fn gather(self, table: &[GoldilocksExt2x8], at: Places) -> Self::V {
        let (mut first, mut second) = ([0; WIDTH], [0; WIDTH]);
        for (lane, at) in at.into_iter().enumerate() {
            let block = &table[(at / WIDTH).min(table.len() - 1)];
            (first[lane], second[lane]) = (block.0[0][at % WIDTH], block.0[1][at % WIDTH]);
        }
        [self.0.load(&first), self.0.load(&second)]
    }
    #[inline(always)]
    fn gather_base(self, table: &[Goldilocksx8], at: Places) -> S::U {
        let mut lanes = [0; WIDTH];
        for (lane, at) in lanes.iter_mut().zip(at) {
            *lane = value_at(table, at / WIDTH).0[at % WIDTH];
        }
        self.0.load(&lanes)
    }
    #[inline(always)]
    fn keep(self, [x, y]: Self::V, lanes: u32) -> Self::V {
        [self.0.keep(x, lanes as u8), self.0.keep(y, lanes as u8)]
    }
    #[inline(always)]
    fn keep_base(self, b: S::U, lanes: u32) -> S::U {
        self.0.keep(b, lanes as u8)
    }
    #[inline(always)]
    fn prefetch(self, _block: &Goldilocksx8) {}
}
