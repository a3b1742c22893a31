//! Gates a vector at a time: their weights `c W[z]`, gathered.
//!
//! A lane is a gate: either the next gates of a list, or one gate of each row of a block of rows.

use core::ops::Range;

use prover_core::{Field, GateRows, Slots};

use crate::arith::{Arith, Lanes};
use crate::gather::{Gather, Picked, all_lanes};

/// Rows longer than this are summed along their gates instead of side by side.
const LONG_ROW: u32 = 64;

/// A layer's coefficients by slot, in blocks.
pub(crate) enum CoefTable<'a, A: Arith> {
    /// All in the base field.
    Base(&'a [A::BaseBlock]),
    /// In the challenge field.
    Ext(&'a [A::Block]),
}

impl<A: Arith> Clone for CoefTable<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Arith> Copy for CoefTable<'_, A> {}

/// A list of gates with what their weights are made of.
///
/// Of a gate's wires the first is `z`.
pub(crate) struct Gates<'a, A: Arith, const K: usize> {
    pub(crate) order: &'a GateRows<K>,
    pub(crate) coefs: CoefTable<'a, A>,
    /// `W[z]`.
    pub(crate) weights: &'a [A::Block],
}

impl<A: Gather> CoefTable<'_, A> {
    /// `v` times the coefficients of some gates.
    #[inline(always)]
    fn times(self, a: A, v: A::V, slots: &Slots, at: A::Places) -> A::V {
        self.times_at(a, v, a.slots(slots, at))
    }

    /// `v` times the coefficients of some slots.
    #[inline(always)]
    pub(crate) fn times_at(self, a: A, v: A::V, slots: Option<A::Places>) -> A::V {
        match (slots, self) {
            (None, _) => v,
            (Some(at), Self::Base(table)) => a.mul_base(v, a.gather_base(table, at)),
            (Some(at), Self::Ext(table)) => a.mul(v, a.gather(table, at)),
        }
    }
}

impl<A: Gather, const K: usize> Gates<'_, A, K> {
    /// `c W[z]` of some gates.
    #[inline(always)]
    pub(crate) fn weights(&self, a: A, at: A::Places) -> A::V {
        let z = a.wires(&self.order.others, 0, at);
        let weight = a.gather(self.weights, z);
        self.coefs.times(a, weight, &self.order.slots, at)
    }
}

impl<A: Gather> Gates<'_, A, 1> {
    /// `sum c W[z]` over the gates of each row of a block: a lane a row.
    /// Cost: per gate of the longest row about a multiplication of a vector.
    #[inline(always)]
    pub(crate) fn row_sums(&self, a: A, block: usize) -> A::V {
        let width = A::Block::WIDTH;
        let rows = self.order.offsets.len() - 1;
        let first = block * width;
        let ends = &self.order.offsets[first..=rows.min(first + width)];
        if ends[0] == ends[ends.len() - 1] {
            return a.splat(A::F::ZERO);
        }
        if let Slots::Ones = self.order.slots
            && let Some(sums) = a.row_sums(self.weights, ends, &self.order.others)
        {
            return sums;
        }
        let longest = longest(ends);
        if longest > LONG_ROW {
            return self.long_row_sums(a, ends);
        }
        let mut sum = a.splat(A::F::ZERO);
        for k in 0..longest {
            sum = a.add(sum, self.kept(a, a.slice(ends, k)));
        }
        sum
    }

    /// The same, each row by itself and its gates side by side.
    #[inline(always)]
    fn long_row_sums(&self, a: A, ends: &[u32]) -> A::V {
        let mut block = a.store(a.splat(A::F::ZERO));
        for (lane, ends) in ends.windows(2).enumerate() {
            let mut sum = a.splat(A::F::ZERO);
            let row = ends[0] as usize..ends[1] as usize;
            for start in row.clone().step_by(A::Block::WIDTH) {
                let end = row.end.min(start + A::Block::WIDTH);
                sum = a.add(sum, self.kept(a, a.run(start..end)));
            }
            block.set(lane, a.sum_lanes(sum));
        }
        a.load(&block)
    }

    /// `c W[z]` of the gates that were picked, and zero in the other lanes.
    #[inline(always)]
    fn kept(&self, a: A, picked: Picked<A::Places>) -> A::V {
        let weight = self.weights(a, picked.at);
        match picked.lanes == all_lanes(A::Block::WIDTH) {
            true => weight,
            false => a.keep(weight, picked.lanes),
        }
    }
}

#[inline(always)]
fn longest(ends: &[u32]) -> u32 {
    let mut longest = 0;
    for ends in ends.windows(2) {
        longest = longest.max(ends[1] - ends[0]);
    }
    longest
}

/// `sum c W[z]` over const gates with a slot, `z` in the rows of a block.
#[inline(always)]
pub(crate) fn constant_sums<A: Gather>(
    a: A,
    consts: &Gates<'_, A, 0>,
    blocks: Range<usize>,
) -> A::V {
    let width = A::Block::WIDTH;
    let rows = consts.order.offsets.len() - 1;
    let mut sum = a.splat(A::F::ZERO);
    for block in blocks {
        let ends = &consts.order.offsets[block * width..=rows.min((block + 1) * width)];
        if ends[0] == ends[ends.len() - 1] {
            continue;
        }
        let weight = a.load(&consts.weights[block]);
        for k in 0..longest(ends) {
            let picked = a.slice(ends, k);
            let weight = a.keep(weight, picked.lanes);
            let term = consts
                .coefs
                .times(a, weight, &consts.order.slots, picked.at);
            sum = a.add(sum, term);
        }
    }
    sum
}
