//! Values of eq at points of the hypercube, in memory that the number of look-ups justifies.

use prover_core::ChallengeField;
use prover_core::mle::eq_table;
use rayon::prelude::*;

/// Up to so many entries a table is always whole.
const SMALL: usize = 1 << 10;

/// Points of up to so many variables are expanded one by one.
const FEW_VARS: usize = 3;

/// The most variables of a row, which stays in the nearest cache.
const ROW_VARS: usize = 8;

/// Entries that are worth a piece of work for another thread.
const PIECE: usize = 1 << 15;

/// Whether a table of `len` entries is worth it for so many look-ups: otherwise a layer of `2^30`
/// wires with few gates would not stay cheap.
pub(crate) fn is_worth_it(len: usize, lookups: usize) -> bool {
    len <= SMALL || len / 2 <= lookups
}

/// `scale·eq(point, b)` for the first `b` in `{0,1}^n`: a whole table, or two tables of about
/// `2^(n/2)` and one multiplication a look-up.
pub(crate) enum EqTable<F> {
    Whole(Vec<F>),
    Split {
        /// By the first variables.
        high: Vec<F>,
        /// By the last variables.
        low: Vec<F>,
        low_vars: usize,
    },
}

impl<F: ChallengeField> EqTable<F> {
    /// Prepares for about `lookups` look-ups below `len`.
    pub(crate) fn new(point: &[F], scale: F, len: usize, lookups: usize) -> Self {
        match is_worth_it(len, lookups) {
            true => Self::Whole(eq_prefix(point, scale, len, false)),
            false => Self::split(point, scale),
        }
    }

    /// Two tables.
    pub(crate) fn split(point: &[F], scale: F) -> Self {
        let (first, last) = point.split_at(point.len() / 2);
        Self::Split {
            high: eq_table(first, F::ONE),
            low: eq_table(last, scale),
            low_vars: last.len(),
        }
    }

    /// The value at the bits of `index`.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> F {
        let index = index as usize;
        match self {
            Self::Whole(values) => values[index],
            Self::Split {
                high,
                low,
                low_vars,
            } => high[index >> low_vars] * low[index & ((1 << low_vars) - 1)],
        }
    }
}

/// The first `len` of `scale·eq(point, b)` for `b` in `{0,1}^n`; with threads of rayon's if
/// `parallel`.
/// Cost: one multiplication an entry, and few more: rows are multiples of one row.
pub(crate) fn eq_prefix<F: ChallengeField>(
    point: &[F],
    scale: F,
    len: usize,
    parallel: bool,
) -> Vec<F> {
    if point.len() <= FEW_VARS {
        let mut table = eq_table(point, scale);
        table.truncate(len);
        return table;
    }
    let (first, last) = point.split_at(point.len() - point.len().div_ceil(2).min(ROW_VARS));
    let columns = eq_prefix(last, F::ONE, 1 << last.len(), false);
    let rows = eq_prefix(first, scale, len.div_ceil(columns.len()), parallel);
    let mut table = vec![F::ZERO; len];
    if parallel && len > PIECE {
        let pieces = table.par_chunks_mut(PIECE);
        let rows = rows.par_chunks(PIECE / columns.len());
        pieces
            .zip(rows)
            .for_each(|(piece, rows)| F::outer_product(rows, &columns, piece));
    } else {
        F::outer_product(&rows, &columns, &mut table);
    }
    table
}

/// `Σ eq(point, s)` over the `s` that stand for each of `num` instances: the last one is repeated.
///
/// The point has the smallest number of coordinates that `num` instances need.
pub(crate) fn instance_weights<F: ChallengeField>(point: &[F], num: usize) -> Vec<F> {
    let mut weights = eq_table(point, F::ONE);
    let copies = weights.drain(num..).fold(F::ZERO, |sum, w| sum + w);
    if let Some(last) = weights.last_mut() {
        *last += copies;
    }
    weights
}

/// One more than the largest number of some wires; zero for none.
pub(crate) fn end_of(wires: impl Iterator<Item = u32>) -> usize {
    wires.fold(0, |end, wire| end.max(wire as usize + 1))
}

#[cfg(test)]
mod tests {
    use core::iter;

    use prover_fields::{Bn254, GoldilocksExt2, M31Ext3};

    use super::*;

    fn check<F: ChallengeField>() {
        let step = F::from_uniform(&vec![0x5b; F::UNIFORM_BYTES]);
        let point: Vec<F> = iter::successors(Some(step), |&value| Some(value * step + F::ONE))
            .take(17)
            .collect();
        for vars in [0, 1, 3, 4, 5, 6, 7, 9, 12, 17] {
            let point = &point[..vars];
            let expected = eq_table(point, step);
            let full = 1usize << vars;
            for len in [0, 1, full / 2 + 1, full - full / 8, full] {
                for parallel in [false, true] {
                    let table = eq_prefix(point, step, len, parallel);
                    assert!(table == expected[..len], "{vars} variables, {len} entries");
                }
            }
            let split = EqTable::split(point, step);
            let ends = [0, full / 3, full - 1];
            assert!(ends.iter().all(|&i| split.at(i as u32) == expected[i]));
        }
    }

    #[test]
    fn prefixes_and_split_tables_are_those_of_the_whole_table() {
        check::<Bn254>();
        check::<M31Ext3>();
        check::<GoldilocksExt2>();
    }

    #[test]
    fn large_tables_are_only_for_many_lookups() {
        assert!(is_worth_it(1 << 10, 0));
        assert!(!is_worth_it(1 << 30, 1000));
        assert!(is_worth_it(1 << 14, 1 << 13));
        assert_eq!(end_of([3u32, 7, 5].into_iter()), 8);
        assert_eq!(end_of(iter::empty()), 0);
    }
}
