//! Sums of any summand on any window, from the definition of the grid, block by block.

use core::ops::Range;

use prover_core::round_poly::{INFINITY, round_point};
use prover_core::{ChallengeField, Summand};

use crate::arith::Arith;
use crate::columns::Columns;

/// A table's blocks.
pub(crate) enum Blocks<'a, A: Arith> {
    /// In the base field.
    Base(&'a [A::BaseBlock]),
    /// In the challenge field.
    Ext(&'a [A::Block]),
}

impl<A: Arith> Clone for Blocks<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Arith> Copy for Blocks<'_, A> {}

impl<A: Arith> Blocks<'_, A> {
    #[inline(always)]
    pub(crate) fn load(self, a: A, index: usize) -> A::V {
        match self {
            Self::Base(blocks) => a.lift(a.load_base(&blocks[index])),
            Self::Ext(blocks) => a.load(&blocks[index]),
        }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Base(blocks) => blocks.len(),
            Self::Ext(blocks) => blocks.len(),
        }
    }
}

/// A window's grid of a summand, planned once per call.
pub(crate) struct Plan<'a, F> {
    summand: &'a Summand<F>,
    degree: usize,
    window: usize,
    /// Grid points that are summed, by index.
    points: Vec<usize>,
    /// Of each grid point, whether a digit is infinity.
    infinite: Vec<bool>,
}

impl<'a, F: ChallengeField> Plan<'a, F> {
    /// All grid points, or all but `(1, ..., 1)` if it is `implied`.
    pub(crate) fn new(summand: &'a Summand<F>, window: usize, implied: bool) -> Self {
        let degree = summand.degree();
        let len = prover_core::round_poly::grid_len(degree, window);
        let ones = prover_core::round_poly::ones_index(degree, window);
        let infinite = (0..len)
            .map(|point| digits(point, degree + 1, window).any(|d| degree >= 2 && d == INFINITY))
            .collect();
        Self {
            summand,
            degree,
            window,
            points: (0..len).filter(|&p| !(implied && p == ones)).collect(),
            infinite,
        }
    }

    /// The sums over a range of blocks of the tables' open variables.
    /// Cost: per block and table the grid, then a product per point, term and factor.
    #[inline(always)]
    pub(crate) fn sums<A: Arith<F = F>>(
        &self,
        a: A,
        tables: &[Blocks<'_, A>],
        range: Range<usize>,
        weights: Option<&[A::Block]>,
    ) -> Vec<F> {
        let stride = tables[0].len() >> self.window;
        let len = self.infinite.len();
        let extra: Vec<A::Scalar> = (3..=self.degree)
            .map(|place| a.scalar(round_point::<F>(place)))
            .collect();
        let coeffs: Vec<Option<A::V>> = self
            .summand
            .terms()
            .iter()
            .map(|term| (!term.coeff.is_one()).then(|| a.splat(term.coeff)))
            .collect();
        let zero = a.splat(F::ZERO);
        let mut grid = vec![zero; len * tables.len()];
        let mut totals = vec![zero; self.points.len()];
        let columns = Columns::new(range, weights);
        for (row, weight) in columns.cells() {
            for (table, grid) in tables.iter().zip(grid.chunks_exact_mut(len)) {
                self.fill(a, *table, row, stride, &extra, grid);
            }
            for (total, &point) in totals.iter_mut().zip(&self.points) {
                let mut value = self.value(a, &grid, point, &coeffs);
                if let Some(weight) = weight {
                    value = a.mul(value, a.load(weight));
                }
                *total = a.add(*total, value);
            }
        }
        totals.into_iter().map(|total| a.sum_lanes(total)).collect()
    }

    /// A table's values on the grid over block `row` of the open variables.
    #[inline(always)]
    fn fill<A: Arith<F = F>>(
        &self,
        a: A,
        table: Blocks<'_, A>,
        row: usize,
        stride: usize,
        extra: &[A::Scalar],
        grid: &mut [A::V],
    ) {
        for (corner, value) in grid[..1 << self.window].iter_mut().enumerate() {
            *value = table.load(a, row + corner * stride);
        }
        // Variable by variable from the last: `done` points each for the variables already on the
        // grid. Growing in place from the back: a group's source lies before its target.
        let base = self.degree + 1;
        let mut done = 1;
        for v in (0..self.window).rev() {
            for group in (0..1usize << v).rev() {
                for j in (0..done).rev() {
                    let low = grid[2 * group * done + j];
                    let high = grid[(2 * group + 1) * done + j];
                    let target = group * base * done + j;
                    self.column(a, (low, high), extra, &mut grid[target..], done);
                }
            }
            done *= base;
        }
    }

    /// Writes the values of one variable at its places, `step` apart, from those at 0 and 1.
    #[inline(always)]
    fn column<A: Arith<F = F>>(
        &self,
        a: A,
        (low, high): (A::V, A::V),
        extra: &[A::Scalar],
        out: &mut [A::V],
        step: usize,
    ) {
        for (index, scalar) in extra.iter().enumerate() {
            out[(INFINITY + 1 + index) * step] = a.fold(low, high, scalar);
        }
        if self.degree >= 2 {
            out[INFINITY * step] = a.sub(high, low);
        }
        out[step] = high;
        out[0] = low;
    }

    /// The summand at a grid point.
    #[inline(always)]
    fn value<A: Arith<F = F>>(
        &self,
        a: A,
        grid: &[A::V],
        point: usize,
        coeffs: &[Option<A::V>],
    ) -> A::V {
        let len = self.infinite.len();
        let mut sum = a.splat(F::ZERO);
        for (term, coeff) in self.summand.terms().iter().zip(coeffs) {
            if self.infinite[point] && term.factors.len() < self.degree {
                continue;
            }
            let (&first, rest) = term.factors.split_first().expect("a term has a factor");
            let mut product = grid[first * len + point];
            for &factor in rest {
                product = a.mul(product, grid[factor * len + point]);
            }
            if let Some(coeff) = coeff {
                product = a.mul(product, *coeff);
            }
            sum = a.add(sum, product);
        }
        sum
    }
}

fn digits(mut number: usize, base: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |_| {
        let digit = number % base;
        number /= base;
        digit
    })
}
