//! The kernels of layers: ranges of rows, ready to run at a SIMD level.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{ChallengeField, LayerCoefs, LayerWiring};

use crate::arith::{Arith, Lanes, MAX_WIDTH};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::interpret::Blocks;
use crate::rounds::blocks_of;
use crate::rows::{self, Rows};
use crate::table::CpuMle;

/// One call's layer, with the table below as the kernels of its number of instances want it.
pub(crate) struct Layer<'a, F: CpuField> {
    pub(crate) wiring: &'a LayerWiring<F::Base>,
    pub(crate) coefs: &'a LayerCoefs<F>,
    /// Base-2 logarithm of the number of instances.
    pub(crate) instance_vars: usize,
}

/// A layer's gates and coefficients.
pub(crate) type Parts<'a, F> = (
    &'a LayerWiring<<F as ChallengeField>::Base>,
    &'a LayerCoefs<F>,
);

/// What to compute for a range of rows.
pub(crate) enum Work<'a, F: CpuField> {
    Evaluate,
    PhaseOne { weights: &'a [F::Entry] },
}

/// Challenge-field rows as blocks.
pub struct ExtRows<'a, F: CpuField> {
    pub(crate) layer: &'a Layer<'a, F>,
    pub(crate) work: &'a Work<'a, F>,
    pub(crate) below: &'a CpuMle<F>,
    pub(crate) publics: &'a [F::BaseBlock],
    pub(crate) width: usize,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for ExtRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let rows = self.layer.rows::<A>(self.width, self.range);
        let below = blocks_of::<F, A>(self.below);
        match *self.work {
            Work::Evaluate => rows::evaluate_ext(a, rows, below, self.publics, self.out),
            Work::PhaseOne { weights } => rows::phase_one(a, rows, weights, below, self.out),
        }
    }
}

/// Base-field rows as blocks.
pub struct BaseRows<'a, F: CpuField> {
    pub(crate) layer: &'a Layer<'a, F>,
    pub(crate) below: &'a [F::BaseBlock],
    pub(crate) publics: &'a [F::BaseBlock],
    pub(crate) width: usize,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::BaseBlock>],
}

impl<F: CpuField> Kernel<F> for BaseRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let rows = self.layer.rows::<A>(self.width, self.range);
        rows::evaluate_base(a, rows, self.below, self.publics, self.out);
    }
}

/// Binds the innermost variables of a range of outputs.
pub struct BindRows<'a, F: CpuField> {
    pub(crate) table: &'a CpuMle<F>,
    pub(crate) weights: &'a [F::Block],
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for BindRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let table = blocks_of::<F, A>(self.table);
        let total = match table {
            Blocks::Base(blocks) => blocks.len(),
            Blocks::Ext(blocks) => blocks.len(),
        } / self.weights.len();
        for (block, out) in self.range.zip(self.out) {
            if let Blocks::Base(blocks) = table
                && total >= F::WIDTH
            {
                out.write(rows::bind_block(a, blocks, self.weights, block * F::WIDTH));
                continue;
            }
            let mut values = F::Block::gather(&[F::ZERO]);
            for lane in 0..F::WIDTH.min(total) {
                let index = block * F::WIDTH + lane;
                values.set(lane, rows::bind_innermost(a, table, self.weights, index));
            }
            out.write(values);
        }
    }
}

impl<F: CpuField> Layer<'_, F> {
    pub(crate) fn rows<A>(&self, width: usize, range: Range<usize>) -> Rows<'_, A>
    where
        A: Arith<F = F>,
    {
        Rows {
            wiring: self.wiring,
            coefs: self.coefs,
            width,
            range,
        }
    }

    /// Blocks a wire; `None` if a block has several wires.
    pub(crate) fn width(&self) -> Option<usize> {
        let width = (1usize << self.instance_vars) / F::WIDTH;
        (width > 0).then_some(width)
    }
}

/// A challenge-field table's values apart.
pub struct Unpack<'a, F: CpuField> {
    pub(crate) blocks: &'a [F::Block],
    pub(crate) len: usize,
    pub(crate) out: &'a mut Vec<F::Entry>,
}

impl<F: CpuField> Kernel<F> for Unpack<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        for block in self.blocks {
            let mut lanes = [a.entry(F::ZERO); MAX_WIDTH];
            a.entries(block, &mut lanes[..F::WIDTH]);
            self.out.extend_from_slice(&lanes[..F::WIDTH.min(self.len)]);
        }
    }
}

/// Entries as field elements.
pub struct EntryValues<'a, F: CpuField>(pub(crate) &'a [F::Entry]);

impl<F: CpuField> Kernel<F> for EntryValues<'_, F> {
    type Out = Vec<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Vec<F> {
        let mut values = Vec::with_capacity(self.0.len());
        for entry in self.0 {
            values.push(a.factor_value(a.factor(entry)));
        }
        values
    }
}

/// The const gates' part of phase one.
pub struct ConstantTerm<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) weights: &'a [F::Entry],
    pub(crate) publics_at: &'a [F],
}

impl<F: CpuField> Kernel<F> for ConstantTerm<'_, F> {
    type Out = F;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> F {
        let (wiring, coefs) = self.layer;
        rows::constant_term(a, wiring, coefs, self.weights, self.publics_at)
    }
}

/// The add gates' part of phase two, for a range of rows.
pub struct AddTerm<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) weights: &'a [F::Entry],
    pub(crate) eq_x: &'a [F::Entry],
    pub(crate) range: Range<usize>,
}

impl<F: CpuField> Kernel<F> for AddTerm<'_, F> {
    type Out = F;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> F {
        let (wiring, coefs) = self.layer;
        rows::add_term(a, wiring, coefs, self.weights, self.eq_x, self.range)
    }
}

/// Phase two's table for a range of blocks.
pub struct PhaseTwoRows<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) weights: &'a [F::Entry],
    pub(crate) eq_x: &'a [F::Entry],
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for PhaseTwoRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let (wiring, coefs) = self.layer;
        let lanes = F::WIDTH.min(self.eq_x.len());
        for (block, out) in self.range.zip(self.out) {
            let mut values = F::Block::gather(&[F::ZERO]);
            for lane in 0..lanes {
                let y = block * F::WIDTH + lane;
                values.set(
                    lane,
                    rows::phase_two(a, wiring, coefs, self.weights, self.eq_x, y),
                );
            }
            out.write(values);
        }
    }
}
