//! Reading tables and lists of gates at places that differ from lane to lane.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{ChallengeField, Field, LayerWiring, Slots};

use crate::arith::{Arith, Plain};

/// Places that were picked in a list, a lane each; only the lanes whose bits are set count.
#[derive(Clone, Copy)]
pub struct Picked<P> {
    pub(crate) at: P,
    pub(crate) lanes: u32,
}

/// All lanes of a block of `width`.
pub(crate) const fn all_lanes(width: usize) -> u32 {
    u32::MAX >> (32 - width)
}

/// Arithmetic that gathers.
///
/// Places beyond the end of what is read are allowed in lanes that do not count: some value of it
/// stands there.
pub trait Gather: Arith {
    /// A place in every lane.
    type Places: Copy;

    /// The places of a range of at most `WIDTH`.
    fn run(self, range: Range<usize>) -> Picked<Self::Places>;
    /// Place `k` of each row of a block, if the row has it. A row ends where the next begins: `ends`
    /// is one longer than the block has rows.
    fn slice(self, ends: &[u32], k: u32) -> Picked<Self::Places>;
    /// The places in a list of `WIDTH`.
    fn places(self, list: &[u32]) -> Self::Places;
    /// The places of wires of a table with `2^log` instances: `wire 2^log + instance`.
    fn instance(self, wires: Self::Places, log: usize, instance: usize) -> Self::Places;
    /// A wire of the gates at some places, as places.
    fn wires<const K: usize>(
        self,
        gates: &[[u32; K]],
        which: usize,
        at: Self::Places,
    ) -> Self::Places;
    /// The slots of the gates at some places, as places; `None` if all coefficients are one.
    fn slots(self, slots: &Slots, at: Self::Places) -> Option<Self::Places>;
    /// The values at some places of a table.
    fn gather(self, table: &[Self::Block], at: Self::Places) -> Self::V;
    /// The same for a base-field table.
    fn gather_base(self, table: &[Self::BaseBlock], at: Self::Places) -> Self::B;
    /// The lanes whose bits are set, and zero in the others.
    fn keep(self, v: Self::V, lanes: u32) -> Self::V;
    /// The same in the base field.
    fn keep_base(self, b: Self::B, lanes: u32) -> Self::B;
    /// Asks for a block that will be read soon.
    fn prefetch(self, block: &Self::BaseBlock);
    /// In lane `i` the sum of the values at places `at[ends[i]..ends[i + 1]]` of a table: `None` if the
    /// field has nothing better than gathers.
    #[inline(always)]
    fn row_sums(self, _table: &[Self::Block], _ends: &[u32], _at: &[[u32; 1]]) -> Option<Self::V> {
        None
    }
    /// The outputs of a range of a base-field layer with one block a wire: false, and nothing is done,
    /// if the field has nothing better for it than the rows' own kernel.
    #[inline(always)]
    fn evaluate_base(
        self,
        _wiring: &LayerWiring<BaseOf<Self>>,
        _coefs: &[BaseOf<Self>],
        (_below, _publics): (&[Self::BaseBlock], &[Self::BaseBlock]),
        _range: Range<usize>,
        _out: &mut [MaybeUninit<Self::BaseBlock>],
    ) -> bool {
        false
    }
}

/// The base field of an arithmetic.
pub(crate) type BaseOf<A> = <<A as Arith>::F as ChallengeField>::Base;

impl<F: ChallengeField> Gather for Plain<F> {
    type Places = usize;

    #[inline(always)]
    fn run(self, range: Range<usize>) -> Picked<usize> {
        Picked {
            at: range.start,
            lanes: 1,
        }
    }
    #[inline(always)]
    fn slice(self, ends: &[u32], k: u32) -> Picked<usize> {
        Picked {
            at: (ends[0] + k) as usize,
            lanes: u32::from(ends[0] + k < ends[1]),
        }
    }
    #[inline(always)]
    fn places(self, list: &[u32]) -> usize {
        list[0] as usize
    }
    #[inline(always)]
    fn instance(self, wires: usize, log: usize, instance: usize) -> usize {
        (wires << log) + instance
    }
    #[inline(always)]
    fn wires<const K: usize>(self, gates: &[[u32; K]], which: usize, at: usize) -> usize {
        gates[at][which] as usize
    }
    #[inline(always)]
    fn slots(self, slots: &Slots, at: usize) -> Option<usize> {
        slots.get(at)
    }
    #[inline(always)]
    fn gather(self, table: &[F], at: usize) -> F {
        table[at]
    }
    #[inline(always)]
    fn gather_base(self, table: &[F::Base], at: usize) -> F::Base {
        table[at]
    }
    #[inline(always)]
    fn keep(self, v: F, lanes: u32) -> F {
        if lanes & 1 == 1 { v } else { F::ZERO }
    }
    #[inline(always)]
    fn keep_base(self, b: F::Base, lanes: u32) -> F::Base {
        if lanes & 1 == 1 { b } else { F::Base::ZERO }
    }
    #[inline(always)]
    fn prefetch(self, _block: &F::Base) {}
}
