//! The kernels of layers: ranges of rows, ready to run at a SIMD level.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{ChallengeField, GateRows, LayerCoefs, LayerWiring};

use crate::arith::{Arith, Lanes};
use crate::evaluate;
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gates::{CoefTable, Gates, constant_sums};
use crate::interpret::Blocks;
use crate::layer::{CoefBlocks, CpuCoefs};
use crate::rounds::blocks_of;
use crate::rows::{self, Rows};
use crate::shapes::Shapes;
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
    &'a CpuCoefs<F>,
);

/// Challenge-field outputs as blocks.
pub struct ExtRows<'a, F: CpuField> {
    pub(crate) layer: &'a Layer<'a, F>,
    pub(crate) shapes: &'a Shapes,
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
        let rows = self.layer.rows::<A>(self.shapes, self.width, self.range);
        let below = blocks_of::<F, A>(self.below);
        evaluate::evaluate_ext(a, rows, below, self.publics, self.out);
    }
}

/// Base-field rows as blocks.
pub struct BaseRows<'a, F: CpuField> {
    pub(crate) layer: &'a Layer<'a, F>,
    pub(crate) shapes: &'a Shapes,
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
        let rows = self.layer.rows::<A>(self.shapes, self.width, self.range);
        evaluate::evaluate_base(a, rows, self.below, self.publics, self.out);
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
            let first = block * F::WIDTH;
            if total >= F::WIDTH
                && let Some(values) = rows::bind_block(a, table, self.weights, first)
            {
                out.write(values);
                continue;
            }
            let mut values = F::Block::gather(&[F::ZERO]);
            for lane in 0..F::WIDTH.min(total) {
                let index = first + lane;
                values.set(lane, rows::bind_innermost(a, table, self.weights, index));
            }
            out.write(values);
        }
    }
}

impl<F: CpuField> Layer<'_, F> {
    pub(crate) fn rows<'a, A>(
        &'a self,
        shapes: &'a Shapes,
        width: usize,
        range: Range<usize>,
    ) -> Rows<'a, A>
    where
        A: Arith<F = F>,
    {
        Rows {
            wiring: self.wiring,
            coefs: self.coefs,
            shapes,
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

/// The const gates' part of phase one, for a range of blocks of rows.
pub struct ConstantTerm<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    pub(crate) weights: &'a [F::Block],
    pub(crate) range: Range<usize>,
}

impl<F: CpuField> Kernel<F> for ConstantTerm<'_, F> {
    type Out = F;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> F {
        let (wiring, coefs) = self.layer;
        let consts = gates::<F, A, 0>(&wiring.const_by_z, coefs, self.weights);
        a.sum_lanes(constant_sums(a, &consts, self.range))
    }
}

/// A layer's coefficients, typed for an arithmetic.
#[inline(always)]
pub(crate) fn coef_table<F: CpuField, A: ArithOf<F>>(coefs: &CpuCoefs<F>) -> CoefTable<'_, A> {
    match &coefs.table {
        CoefBlocks::Base(blocks) => CoefTable::Base(blocks),
        CoefBlocks::Ext(blocks) => CoefTable::Ext(blocks),
    }
}

/// A list of gates, typed for an arithmetic.
#[inline(always)]
pub(crate) fn gates<'a, F: CpuField, A: ArithOf<F>, const K: usize>(
    order: &'a GateRows<K>,
    coefs: &'a CpuCoefs<F>,
    weights: &'a [F::Block],
) -> Gates<'a, A, K> {
    Gates {
        order,
        coefs: coef_table::<F, A>(coefs),
        weights,
    }
}
