//! Walking a table's blocks by the weight that they share.
//!
//! The eq factor covers the last variables, so block `i` has the weights of block `i mod columns`.
//! Going down a column lets a kernel multiply by its weights once, after summing.

use core::ops::Range;

/// A range of blocks as whole columns (or a part of one row of them).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a, W> {
    start: usize,
    rows: usize,
    columns: usize,
    weights: Option<&'a [W]>,
}

impl<'a, W> Columns<'a, W> {
    /// The blocks of `range`, whose ends are multiples of the number of weights or lie in one row.
    pub(crate) fn new(range: Range<usize>, weights: Option<&'a [W]>) -> Self {
        let len = range.len();
        let Some(all) = weights else {
            return Self {
                start: range.start,
                rows: len,
                columns: 1,
                weights: None,
            };
        };
        if len.is_multiple_of(all.len()) {
            debug_assert_eq!(range.start % all.len(), 0);
            return Self {
                start: range.start,
                rows: len / all.len(),
                columns: all.len(),
                weights,
            };
        }
        let first = range.start % all.len();
        Self {
            start: range.start,
            rows: 1,
            columns: len,
            weights: Some(&all[first..first + len]),
        }
    }

    /// The rows of a column, each with whether a run of `run` rows has ended before it.
    #[inline(always)]
    pub(crate) fn rows_in_runs(&self, run: usize) -> impl Iterator<Item = (usize, bool)> + use<W> {
        (0..self.rows).map(move |row| (row, row > 0 && row.is_multiple_of(run)))
    }

    /// Columns, each with its weights.
    #[inline(always)]
    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, Option<&'a W>)> {
        let weights = self.weights;
        (0..self.columns).map(move |c| (c, weights.map(|w| &w[c])))
    }

    /// The blocks of a range of one row with their weights; `None` if it has more, or there are no weights.
    #[inline(always)]
    pub(crate) fn weighted_row(&self) -> Option<impl Iterator<Item = (usize, &'a W)>> {
        let weights = self.weights.filter(|_| self.rows == 1)?;
        Some((self.start..).zip(weights))
    }

    /// The index of a block.
    #[inline(always)]
    pub(crate) fn index(&self, row: usize, column: usize) -> usize {
        self.start + row * self.columns + column
    }

    /// Every block with its weights, in order.
    #[inline(always)]
    pub(crate) fn cells(&self) -> impl Iterator<Item = (usize, Option<&'a W>)> {
        let this = (self.rows, self.start, self.columns, self.weights);
        (0..this.0).flat_map(move |row| {
            let (_, start, columns, weights) = this;
            (0..columns).map(move |c| (start + row * columns + c, weights.map(|w| &w[c])))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn every_block_of_a_range_is_met_once_with_its_weight() {
        let weights = [10usize, 11, 12, 13];
        for (range, rows) in [(8..24, 4), (4..8, 1), (6..8, 1), (5..6, 1)] {
            let columns = Columns::new(range.clone(), Some(&weights));
            let settled: Vec<_> = columns.rows_in_runs(2).collect();
            assert_eq!(settled.len(), rows);
            assert!(
                settled
                    .iter()
                    .all(|&(row, settle)| settle == (row > 0 && row % 2 == 0))
            );
            let mut cells: Vec<_> = columns.cells().collect();
            if let Some(row) = columns.weighted_row() {
                let row: Vec<_> = row.map(|(i, weight)| (i, Some(weight))).collect();
                assert_eq!((rows, &row), (1, &cells));
            } else {
                assert!(rows > 1);
            }
            let down: Vec<_> = columns
                .columns()
                .flat_map(|(c, w)| (0..rows).map(move |r| (columns.index(r, c), w)))
                .collect();
            assert!(cells.iter().all(|&(i, w)| w == Some(&weights[i % 4])));
            assert_eq!(
                cells.iter().map(|c| c.0).collect::<Vec<_>>(),
                range.collect::<Vec<_>>()
            );
            cells.sort_unstable();
            let mut down = down;
            down.sort_unstable();
            assert_eq!(cells, down);
        }
    }
}
