//! The first two rounds of gates and a base-field table below in one pass.
//!
//! A gate at `x` in quarter `(u, v)` of the rows adds `w V(y) V(g, x mod quarter)` to the product's sum at
//! each grid point `g` that has `u` or infinity in the first variable and `v` or infinity in the second,
//! minus where an infinity meets a zero.

use core::ops::Range;

use crate::arith::{Arith, Lanes};
use crate::below::{BaseBelow, GateSum};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gate_kernels::WeightedRows;
use crate::product;

/// Places of a variable: 0, 1, infinity.
const PLACES: usize = 3;
const INFINITY: usize = 2;

/// Sums of a product of two tables on the grid of their first two variables, the first more significant.
#[derive(Clone, Copy, Debug)]
pub struct Grid<F>([F; PLACES * PLACES]);

impl<F: CpuField> Grid<F> {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(core::array::from_fn(|place| self.0[place] + other.0[place]))
    }

    /// Round 0's sums.
    pub(crate) fn first(&self) -> product::Sums<F> {
        let at = |u: usize| self.0[u * PLACES] + self.0[u * PLACES + 1];
        [at(0), at(INFINITY), F::ZERO]
    }

    /// Round 1's sums, with the first variable bound.
    pub(crate) fn second(&self, r: F) -> product::Sums<F> {
        let at = |v: usize| {
            let [zero, one, infinity] = [0, 1, INFINITY].map(|u| self.0[u * PLACES + v]);
            zero + r * (one - zero - infinity + r * infinity)
        };
        [at(0), at(INFINITY), F::ZERO]
    }
}

/// The sums over a range of the first quarter of the rows, each with those one, two and three quarters
/// further on.
///
/// How many gates a row has is nothing that a branch predictor knows: rows are not looked at.
/// Cost: per mul gate four products in the base field and four by its weight, none of these reduced;
/// per four rows nine more if there are add gates near.
pub struct GateGrid<'a, F: CpuField> {
    pub(crate) rows: WeightedRows<'a, F>,
    pub(crate) below: &'a [F::BaseBlock],
    pub(crate) quarter: usize,
    pub(crate) range: Range<usize>,
    /// By block of instances.
    pub(crate) weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> GateGrid<'_, F> {
    /// A block of a wire of the first quarter, and of those that correspond to it in the others.
    #[inline(always)]
    fn quarters<A: ArithOf<F>>(&self, a: A, x: usize, block: usize) -> [A::B; 4] {
        let stride = self.quarter << self.rows.log_width;
        let blocks = &self.below[self.rows.at(x, block)..];
        [
            a.load_base(&blocks[0]),
            a.load_base(&blocks[stride]),
            a.load_base(&blocks[2 * stride]),
            a.load_base(&blocks[3 * stride]),
        ]
    }

    /// The mul gates of a quarter: their sums at its own place, with infinity in the first variable, in
    /// the second and in both.
    #[inline(always)]
    fn muls<A: ArithOf<F>>(&self, a: A, part: usize, block: usize) -> [A::V; 4] {
        let muls = self.rows.muls;
        let (first, below) = (part * self.quarter, BaseBelow::<A>(self.below));
        let start = muls.offsets[first + self.range.start] as usize;
        let end = muls.offsets[first + self.range.end] as usize;
        let mut sums = GateSum::<A, _, 4>::new(a, below);
        for gate in start..end {
            self.rows.prefetch(a, below, gate, block);
            let (y, weight) = self.rows.gate(gate);
            let other = a.load_base(&self.below[self.rows.at(y, block)]);
            let [v00, v01, v10, v11] = self.quarters(a, self.rows.x(gate) - first, block);
            let products = [
                a.base_mul(v00, other),
                a.base_mul(v01, other),
                a.base_mul(v10, other),
                a.base_mul(v11, other),
            ];
            sums.add_lane(a, products, weight);
        }
        let sums = sums.finish(a);
        let (own, second) = (sums[part], sums[part ^ 1]);
        let less = a.sub(own, sums[part ^ 2]);
        let less_second = a.sub(second, sums[part ^ 3]);
        [own, less, a.sub(own, second), a.sub(less, less_second)]
    }

    /// The add gates.
    #[inline(always)]
    fn adds<A: ArithOf<F>>(&self, a: A, block: usize) -> [A::V; PLACES * PLACES] {
        let WeightedRows {
            adds, constants, ..
        } = self.rows;
        let below = BaseBelow::<A>(self.below);
        let mut sums = [(); PLACES].map(|()| GateSum::<A, _, PLACES>::new(a, below));
        for first in self.range.clone().step_by(F::WIDTH) {
            let rows = [0, 1, 2, 3].map(|part| first + part * self.quarter);
            let is_empty = |&row: &usize| adds.offsets[row] == adds.offsets[row + F::WIDTH];
            if rows.iter().all(is_empty) {
                continue;
            }
            let mut blocks = [[F::Block::gather(&[F::ZERO]); PLACES]; PLACES];
            let constant = |part: usize| &constants[rows[part] / F::WIDTH];
            grid_blocks(
                a,
                [constant(0), constant(1), constant(2), constant(3)],
                &mut blocks,
            );
            // One place of the first variable after another: so many sums fit in registers.
            for (place, (sums, blocks)) in sums.iter_mut().zip(&blocks).enumerate() {
                let mut running = *sums;
                for lane in 0..F::WIDTH {
                    let [v00, v01, v10, v11] = self.quarters(a, first + lane, block);
                    let (low, high) = match place {
                        0 => (v00, v01),
                        1 => (v10, v11),
                        _ => (a.base_sub(v10, v00), a.base_sub(v11, v01)),
                    };
                    let values = [low, high, a.base_sub(high, low)];
                    running.add_lanes(a, values, blocks, lane);
                }
                *sums = running;
            }
        }
        let [zero, one, infinity] = sums;
        let ([a0, a1, a2], [b0, b1, b2]) = (zero.finish(a), one.finish(a));
        let [c0, c1, c2] = infinity.finish(a);
        [a0, a1, a2, b0, b1, b2, c0, c1, c2]
    }
}

/// What blocks at `(0, 0), (0, 1), (1, 0), (1, 1)` are on the grid.
#[inline(always)]
fn grid_blocks<A: Arith>(a: A, at: [&A::Block; 4], out: &mut [[A::Block; PLACES]; PLACES]) {
    let [v00, v01, v10, v11] = at;
    let zero = a.sub(a.load(v10), a.load(v00));
    let one = a.sub(a.load(v11), a.load(v01));
    [out[0][0], out[0][1], out[1][0], out[1][1]] = [*v00, *v01, *v10, *v11];
    a.set(a.sub(a.load(v01), a.load(v00)), &mut out[0][INFINITY]);
    a.set(a.sub(a.load(v11), a.load(v10)), &mut out[1][INFINITY]);
    a.set(zero, &mut out[INFINITY][0]);
    a.set(one, &mut out[INFINITY][1]);
    a.set(a.sub(one, zero), &mut out[INFINITY][INFINITY]);
}

impl<F: CpuField> Kernel<F> for GateGrid<'_, F> {
    type Out = Grid<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Grid<F> {
        let mut totals = [a.splat(F::ZERO); PLACES * PLACES];
        for block in 0..1usize << self.rows.log_width {
            let mut sums = self.adds(a, block);
            for part in 0..4 {
                let (u, v) = (part / 2, part % 2);
                let places = [(u, v), (INFINITY, v), (u, INFINITY), (INFINITY, INFINITY)];
                for ((u, v), muls) in places.into_iter().zip(self.muls(a, part, block)) {
                    let sum = &mut sums[u * PLACES + v];
                    *sum = a.add(*sum, muls);
                }
            }
            let weight = self.weights.map(|weights| &weights[block]);
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = product::weigh(a, *total, sum, weight);
            }
        }
        let mut grid = Grid([F::ZERO; PLACES * PLACES]);
        for (sum, total) in grid.0.iter_mut().zip(totals) {
            *sum = a.sum_lanes(total);
        }
        grid
    }
}
