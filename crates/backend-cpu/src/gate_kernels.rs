//! Kernels over rows of gates: their weights, round 0, and the fold after it.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::GateRows;

use crate::arith::{Arith, Lanes};
use crate::below::{BaseBelow, Below, ExtBelow, GateSum};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gather::Gather;
use crate::interpret::Blocks;
use crate::layer_kernels::{Parts, gates};
use crate::product::{self, Source, Sums};
use crate::rounds::{Destination, blocks_of};
use crate::rows::{AHEAD, ExtSum, Run};
use crate::table::CpuMle;

/// Weights of mul gates and sums of add gates, by row: `2^log_width` blocks of instances a row.
pub(crate) struct WeightedRows<'a, F: CpuField> {
    /// By `x`; wires `[z, y]`.
    pub(crate) muls: &'a GateRows<2>,
    /// `x` of each of them.
    pub(crate) xs: &'a [u32],
    /// By `x`.
    pub(crate) adds: &'a GateRows<1>,
    /// Of the mul gates, a gate a lane.
    pub(crate) weights: &'a [F::Block],
    /// Of the add gates, a row a lane; empty if there is none.
    pub(crate) constants: &'a [F::Block],
    pub(crate) log_width: u32,
}

impl<F: CpuField> Clone for WeightedRows<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: CpuField> Copy for WeightedRows<'_, F> {}

impl<'a, F: CpuField> WeightedRows<'a, F> {
    /// A block of a wire.
    #[inline(always)]
    pub(crate) fn at(self, wire: usize, block: usize) -> usize {
        (wire << self.log_width) + block
    }

    /// Asks for a wire of a gate further on.
    #[inline(always)]
    pub(crate) fn prefetch<A: ArithOf<F>, T: Below<A>>(
        self,
        a: A,
        below: T,
        gate: usize,
        block: usize,
    ) {
        if let Some([_, y]) = self.muls.others.get(gate + AHEAD) {
            below.prefetch(a, self.at(*y as usize, block));
        }
    }

    /// A mul gate's `x`.
    #[inline(always)]
    pub(crate) fn x(self, gate: usize) -> usize {
        self.xs[gate] as usize
    }

    /// A mul gate's `y` and weight.
    #[inline(always)]
    pub(crate) fn gate(self, gate: usize) -> (usize, (&'a F::Block, usize)) {
        let [_, y] = self.muls.others[gate];
        let weight = (&self.weights[gate / F::WIDTH], gate % F::WIDTH);
        (y as usize, weight)
    }

    /// Whether a gate is in a row.
    #[inline(always)]
    fn has_gates(self, x: usize) -> bool {
        let is_empty = self.muls.row(x).is_empty() && self.adds.row(x).is_empty();
        !is_empty
    }

    /// A block of instances of the sum of some rows, the constants being those of the first.
    /// Cost: a product per mul gate, reduced once.
    #[inline(always)]
    fn sum<A: ArithOf<F>, T: Below<A>, const N: usize>(
        self,
        a: A,
        below: T,
        rows: [usize; N],
        block: usize,
    ) -> A::V {
        // Where the layer has add gates at all, a sum of zero costs less than to look for each row's.
        let has_adds = !self.constants.is_empty();
        let (at, lane) = (rows[0] / F::WIDTH, rows[0] % F::WIDTH);
        let constant = has_adds.then(|| (&self.constants[at], lane));
        let mut muls = [const { 0..0 }; N];
        let mut has_muls = false;
        for (muls, x) in muls.iter_mut().zip(rows) {
            *muls = self.muls.row(x);
            has_muls |= muls.start < muls.end;
        }
        if !has_muls {
            return match constant {
                Some((block, lane)) => a.splat_lane(block, lane),
                None => a.splat(F::ZERO),
            };
        }
        let mut sum = below.start(a, constant);
        let mut run = Run::new(T::RUN);
        for gates in muls {
            for gate in gates {
                if run.is_over() {
                    below.settle(a, &mut sum);
                }
                self.prefetch(a, below, gate, block);
                let (y, (weights, lane)) = self.gate(gate);
                let value = below.load(a, self.at(y, block));
                below.mac_lane(a, &mut sum, value, weights, lane);
            }
        }
        below.finish(a, sum, constant)
    }
}

/// The values of a table of gates, for a range of its blocks: weights, then sums of rows.
pub struct GateValues<'a, F: CpuField> {
    pub(crate) layer: Parts<'a, F>,
    /// `W[z]`.
    pub(crate) weights: &'a [F::Block],
    pub(crate) gate_blocks: usize,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for GateValues<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let (wiring, coefs) = self.layer;
        let muls = gates::<F, A, 2>(&wiring.mul_by_x, coefs, self.weights);
        let adds = gates::<F, A, 1>(&wiring.add_by_x, coefs, self.weights);
        for (block, out) in self.range.zip(self.out) {
            let values = match block.checked_sub(self.gate_blocks) {
                None => {
                    let start = block * F::WIDTH;
                    let end = wiring.mul_by_x.len().min(start + F::WIDTH);
                    muls.weights(a, a.run(start..end).at)
                }
                Some(rows) => adds.row_sums(a, rows),
            };
            a.write(values, out);
        }
    }
}

/// The values of a table of gates after a fold of its first variables: each weight times its row's share,
/// and the sums of rows times theirs, added up.
pub struct FoldedValues<'a, F: CpuField> {
    pub(crate) rows: WeightedRows<'a, F>,
    /// `eq` of the challenges: what each part of the rows counts with.
    pub(crate) shares: &'a [F],
    /// Rows of a part.
    pub(crate) stride: usize,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> FoldedValues<'_, F> {
    /// The shares of a block of gates.
    #[inline(always)]
    fn shares<A: ArithOf<F>>(&self, a: A, block: usize) -> A::V {
        let part_of = |gate: usize| self.rows.x(gate) / self.stride;
        let first = block * F::WIDTH;
        let last = (self.rows.xs.len() - 1).min(first + F::WIDTH - 1);
        if part_of(first) == part_of(last) {
            return a.splat(self.shares[part_of(first)]);
        }
        let mut shares = F::Block::gather(&[F::ZERO]);
        for gate in first..=last {
            shares.set(gate - first, self.shares[part_of(gate)]);
        }
        a.load(&shares)
    }
}

impl<F: CpuField> Kernel<F> for FoldedValues<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(mut self, a: A) {
        let WeightedRows {
            weights, constants, ..
        } = self.rows;
        let out = core::mem::take(&mut self.out);
        for (block, out) in self.range.clone().zip(out) {
            let values = match block.checked_sub(weights.len()) {
                None => a.mul(a.load(&weights[block]), self.shares(a, block)),
                Some(row) => {
                    let parts = constants.chunks_exact(self.stride / F::WIDTH);
                    let mut sum = ExtSum::new(a);
                    for (constants, &share) in parts.zip(self.shares) {
                        sum.mac(a.load(&constants[row]), a.splat(share));
                    }
                    sum.finish()
                }
            };
            a.write(values, out);
        }
    }
}

/// The values of a range of rows, each the sum of one row or two that are `stride` apart.
pub struct BuildRows<'a, F: CpuField> {
    pub(crate) rows: WeightedRows<'a, F>,
    pub(crate) below: &'a CpuMle<F>,
    pub(crate) stride: Option<usize>,
    pub(crate) range: Range<usize>,
    pub(crate) out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> BuildRows<'_, F> {
    #[inline(always)]
    fn over<A: ArithOf<F>>(self, a: A, below: impl Below<A>) {
        let width = 1 << self.rows.log_width;
        for (x, out) in self.range.zip(self.out.chunks_exact_mut(width)) {
            for (block, out) in out.iter_mut().enumerate() {
                let sum = match self.stride {
                    None => self.rows.sum(a, below, [x], block),
                    Some(stride) => self.rows.sum(a, below, [x, x + stride], block),
                };
                a.write(sum, out);
            }
        }
    }
}

impl<F: CpuField> Kernel<F> for BuildRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        match blocks_of::<F, A>(self.below) {
            Blocks::Base(blocks) => self.over(a, BaseBelow::<A>(blocks)),
            Blocks::Ext(blocks) => self.over(a, ExtBelow::<A>(blocks)),
        }
    }
}

/// Round 0 of gates and the table below, row by row: the sums over a range of the lower half of the rows,
/// each with the row `half` further on. Rows that no gate is in cost nothing.
pub struct GateSums<'a, F: CpuField> {
    pub(crate) rows: WeightedRows<'a, F>,
    pub(crate) below: &'a CpuMle<F>,
    pub(crate) half: usize,
    pub(crate) range: Range<usize>,
    /// By block of instances.
    pub(crate) weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> GateSums<'_, F> {
    /// Cost: per mul gate a product, per row that has a gate two and a sum reduced.
    #[inline(always)]
    fn over<A: ArithOf<F>, T: Below<A>>(self, a: A, below: T) -> Sums<F> {
        let mut totals = [a.splat(F::ZERO); 3];
        for block in 0..1usize << self.rows.log_width {
            let mut zero = GateSum::new(a, below);
            let mut infinity = GateSum::new(a, below);
            for x in self.range.clone() {
                let upper = x + self.half;
                if !self.rows.has_gates(x) && !self.rows.has_gates(upper) {
                    continue;
                }
                let low = self.rows.sum(a, below, [x], block);
                let high = self.rows.sum(a, below, [upper], block);
                let low_value = below.load(a, self.rows.at(x, block));
                let high_value = below.load(a, self.rows.at(upper, block));
                zero.add(a, [low_value], low);
                let difference = below.difference(a, high_value, low_value);
                infinity.add(a, [difference], a.sub(high, low));
            }
            let weight = self.weights.map(|weights| &weights[block]);
            let ([zero], [infinity]) = (zero.finish(a), infinity.finish(a));
            totals[0] = product::weigh(a, totals[0], zero, weight);
            totals[1] = product::weigh(a, totals[1], infinity, weight);
        }
        product::lanes_summed(a, totals)
    }
}

impl<F: CpuField> Kernel<F> for GateSums<'_, F> {
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Sums<F> {
        match blocks_of::<F, A>(self.below) {
            Blocks::Base(blocks) => self.over(a, BaseBelow::<A>(blocks)),
            Blocks::Ext(blocks) => self.over(a, ExtBelow::<A>(blocks)),
        }
    }
}

/// Folds gates and the table below, once or twice, and sums what comes out, for a range of positions.
pub struct GateFused<'a, F: CpuField> {
    /// With [`FoldedValues`].
    pub(crate) rows: WeightedRows<'a, F>,
    pub(crate) below: &'a CpuMle<F>,
    /// `eq` of the challenges: two, or four, which only a base-field table below can have.
    pub(crate) shares: &'a [F],
    /// Where to write the folded table below, and the folded gates.
    pub(crate) targets: [Destination<F>; 2],
    /// Blocks of half a folded table.
    pub(crate) quarter: usize,
    pub(crate) range: Range<usize>,
    pub(crate) weights: Option<&'a [F::Block]>,
}

/// Rows of gates under a fold: each sum is written once, of `N` rows.
struct FoldingGates<'a, F: CpuField, T, const N: usize> {
    rows: WeightedRows<'a, F>,
    below: T,
    dst: *mut F::Block,
}

/// A base-field table under a fold of two variables.
struct FoldingBelow<'a, A: Arith> {
    src: &'a [A::BaseBlock],
    shares: &'a [A::V; 4],
    dst: *mut A::Block,
}

impl<F: CpuField, T: Copy, const N: usize> Clone for FoldingGates<'_, F, T, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F: CpuField, T: Copy, const N: usize> Copy for FoldingGates<'_, F, T, N> {}
impl<A: Arith> Clone for FoldingBelow<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Arith> Copy for FoldingBelow<'_, A> {}

impl<F: CpuField, A: ArithOf<F>, T: Below<A>, const N: usize> Source<A>
    for FoldingGates<'_, F, T, N>
{
    #[inline(always)]
    unsafe fn bind(self, a: A, i: usize, half: usize, _r: &A::Scalar) -> A::V {
        let log_width = self.rows.log_width;
        let (x, block) = (i >> log_width, i & ((1 << log_width) - 1));
        let rows = core::array::from_fn::<_, N, _>(|part| x + part * (half >> log_width));
        let sum = self.rows.sum(a, self.below, rows, block);
        // SAFETY: the caller's promise.
        unsafe { product::write(self.dst, i, a.store(sum)) };
        sum
    }
}

impl<A: Gather> Source<A> for FoldingBelow<'_, A> {
    #[inline(always)]
    unsafe fn bind(self, a: A, i: usize, half: usize, _r: &A::Scalar) -> A::V {
        const { assert!(A::MIXED_RUN >= 4, "a sum of four products must be settled") };
        let mut sum = a.mixed_acc();
        for (part, &share) in self.shares.iter().enumerate() {
            a.mixed_mac(&mut sum, a.load_base(&self.src[i + part * half]), share);
        }
        let sum = a.mixed_reduce(sum);
        // SAFETY: the caller's promise.
        unsafe { product::write(self.dst, i, a.store(sum)) };
        sum
    }
}

impl<F: CpuField> GateFused<'_, F> {
    #[inline(always)]
    fn over<A: ArithOf<F>, T: Below<A>, const N: usize>(
        &self,
        a: A,
        below: T,
        source: impl Source<A>,
    ) -> Sums<F> {
        let gates = FoldingGates::<F, T, N> {
            rows: self.rows,
            below,
            dst: self.targets[1].0,
        };
        // The last share of one variable is its challenge; a fold of two does not look at it.
        let r = a.scalar(self.shares[1]);
        let (range, weights, quarter) = (self.range.clone(), self.weights, self.quarter);
        // SAFETY: the maker of the kernel gave it a range of its own below `quarter`, and targets with
        // room for two quarters.
        unsafe { product::fold_and_sums::<A>(a, source, gates, quarter, &r, range, weights) }
    }
}

impl<F: CpuField> Kernel<F> for GateFused<'_, F> {
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Sums<F> {
        let target = self.targets[0];
        match (blocks_of::<F, A>(self.below), self.shares) {
            (Blocks::Base(blocks), [_, _]) => {
                let source = target.base::<A>(blocks.as_ptr());
                self.over::<A, _, 2>(a, BaseBelow::<A>(blocks), source)
            }
            (Blocks::Ext(blocks), [_, _]) => {
                let source = target.ext::<A>(blocks.as_ptr());
                self.over::<A, _, 2>(a, ExtBelow::<A>(blocks), source)
            }
            (Blocks::Base(blocks), shares) => {
                let source = FoldingBelow::<A> {
                    src: blocks,
                    shares: &[
                        a.splat(shares[0]),
                        a.splat(shares[1]),
                        a.splat(shares[2]),
                        a.splat(shares[3]),
                    ],
                    dst: target.0,
                };
                self.over::<A, _, 4>(a, BaseBelow::<A>(blocks), source)
            }
            (Blocks::Ext(_), _) => unreachable!("only base-field tables are folded twice at once"),
        }
    }
}
