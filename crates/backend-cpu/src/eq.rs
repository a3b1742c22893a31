//! Eq tables: grown in place, packed, and kept for every suffix of a point.

use core::mem::MaybeUninit;
use core::ops::Range;
use std::sync::{Arc, OnceLock};

use prover_core::BackendError;

use crate::CpuBackend;
use crate::arith::Lanes;
use crate::field::{ArithOf, CpuField, Kernel};
use crate::memory::{Budget, Buffer};
use crate::rows::ExtSum;
use crate::simd::Level;
use crate::table::num_blocks;

/// Blocks that a chunk of an eq table has at least: about 2 us of work.
const MIN_BLOCKS: usize = 32;

/// Base-2 logarithm of the most blocks of an inner table: what a core keeps near while it walks along it,
/// and enough that the walk pays for starting it.
const INNER_LOG_BLOCKS: usize = 9;

/// The eq factor of a run: what gives the weights of every suffix of its point.
///
/// `eq` of the last `m` coordinates is one table of blocks up to `INNER_LOG_BLOCKS`, and beyond them the
/// product of such a table and an outer one over the coordinates before: `2^(m/2)` values instead of `2^m`.
#[derive(Debug)]
pub struct CpuEq<F: CpuField> {
    suffixes: Arc<Suffixes<F>>,
}

/// The tables of the suffixes of a point, the shortest first.
///
/// With `2^m` below the number of lanes the values of inner table `m` repeat through its block, so that
/// lane `i` always has the weight of `i mod 2^m`.
#[derive(Debug)]
pub(crate) struct Suffixes<F: CpuField> {
    point: Vec<F>,
    inner: Vec<Buffer<F::Block>>,
    /// Over the coordinates before the longest inner table's.
    outer: Vec<Buffer<F>>,
    /// The table of the whole point, once it was asked for.
    whole: OnceLock<Buffer<F::Block>>,
}

/// The eq factor's weights in a round.
#[derive(Debug)]
pub(crate) enum Weights<'a, F: CpuField> {
    /// There is no factor.
    None,
    /// Block `i` has `blocks[i mod blocks.len()]`.
    Blocks(&'a [F::Block]),
    /// Block `i` has `inner[i mod inner.len()] * outer[i / inner.len()]`.
    Split {
        inner: &'a [F::Block],
        outer: &'a [F],
    },
}

impl<F: CpuField> Clone for Weights<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F: CpuField> Copy for Weights<'_, F> {}

impl<F: CpuField> Weights<'_, F> {
    /// Sums over a range of blocks, by a kernel that takes a table of weights or none: `scale` multiplies
    /// what it returns, and `add` adds it up. Ranges begin and end where [`Columns::new`] wants them.
    ///
    /// [`Columns::new`]: crate::columns::Columns::new
    pub(crate) fn sums<T>(
        self,
        range: Range<usize>,
        kernel: impl Fn(Range<usize>, Option<&[F::Block]>) -> T,
        scale: impl Fn(T, F) -> T,
        add: impl Fn(T, T) -> T,
    ) -> T {
        let (inner, outer) = match self {
            Self::None => return kernel(range, None),
            Self::Blocks(blocks) => return kernel(range, Some(blocks)),
            Self::Split { inner, outer } => (inner, outer),
        };
        let rows = range.start / inner.len()..range.end.div_ceil(inner.len());
        let parts = rows.map(|row| {
            let (first, end) = (row * inner.len(), (row + 1) * inner.len());
            let part = range.start.max(first)..range.end.min(end);
            scale(kernel(part, Some(inner)), outer[row])
        });
        parts.reduce(add).expect("a range of blocks is not empty")
    }
}

impl<F: CpuField> Suffixes<F> {
    /// Coordinates that the longest inner table is over.
    fn inner_vars(&self) -> usize {
        self.inner.len() - 1
    }
}

impl<F: CpuField> CpuEq<F> {
    /// The tables, shared: who holds them knows this eq factor again.
    pub(crate) fn suffixes(&self) -> Arc<Suffixes<F>> {
        Arc::clone(&self.suffixes)
    }

    /// Coordinates of the point.
    pub(crate) fn num_vars(&self) -> usize {
        self.suffixes.point.len()
    }

    /// The weights of the last `m` coordinates in one block.
    ///
    /// # Panics
    /// If they are more than a block has lanes.
    pub(crate) fn block(&self, m: usize) -> &F::Block {
        assert!(1 << m <= F::WIDTH, "weights of {m} variables in a block");
        &self.suffixes.inner[m][0]
    }

    /// The weights of the last `m` coordinates.
    pub(crate) fn suffix(&self, m: usize) -> Weights<'_, F> {
        let inner_vars = self.suffixes.inner_vars();
        match m.checked_sub(inner_vars + 1) {
            None => Weights::Blocks(&self.suffixes.inner[m]),
            Some(outer) => Weights::Split {
                inner: &self.suffixes.inner[inner_vars],
                outer: &self.suffixes.outer[outer],
            },
        }
    }

    /// Tables of all suffixes of `point`.
    /// Cost: a multiplication per value of the inner and the outer tables.
    pub(crate) fn new(
        budget: &Arc<Budget>,
        level: Level,
        point: &[F],
    ) -> Result<Self, BackendError> {
        let most = INNER_LOG_BLOCKS + F::WIDTH.ilog2() as usize;
        let (outer, inner) = point.split_at(point.len().saturating_sub(most));
        let suffixes = Suffixes {
            point: point.to_vec(),
            inner: inner_tables(budget, level, inner)?,
            outer: outer_tables(budget, outer)?,
            whole: OnceLock::new(),
        };
        Ok(Self {
            suffixes: Arc::new(suffixes),
        })
    }
}

/// A table of blocks for each suffix of `point`, the empty one too.
fn inner_tables<F: CpuField>(
    budget: &Arc<Budget>,
    level: Level,
    point: &[F],
) -> Result<Vec<Buffer<F::Block>>, BackendError> {
    let k = point.len();
    let mut tables: Vec<Buffer<F::Block>> = Vec::with_capacity(k + 1);
    let mut ones = Buffer::with_capacity(budget, 1)?;
    ones.values_mut()
        .push(F::Block::gather(&vec![F::ONE; F::WIDTH]));
    tables.push(ones);
    for m in 1..=k {
        let coordinate = point[k - m];
        let mut table = Buffer::with_capacity(budget, num_blocks::<F>(m))?;
        let below: &[F::Block] = &tables[m - 1] as &Buffer<F::Block>;
        if 1 << m <= F::WIDTH {
            let block = doubled_block::<F>(&below[0], m - 1, coordinate);
            table.values_mut().push(block);
        } else {
            F::double(
                level,
                Double {
                    below,
                    coordinate,
                    out: table.values_mut(),
                },
            );
        }
        tables.push(table);
    }
    Ok(tables)
}

/// A table of values for each suffix of `point` but the empty one.
fn outer_tables<F: CpuField>(
    budget: &Arc<Budget>,
    point: &[F],
) -> Result<Vec<Buffer<F>>, BackendError> {
    let mut tables: Vec<Buffer<F>> = Vec::with_capacity(point.len());
    let one = [F::ONE];
    for (m, &coordinate) in point.iter().rev().enumerate() {
        let mut table = Buffer::with_capacity(budget, 2 << m)?;
        let below: &[F] = tables.last().map_or(&one, |table| table);
        let highs = below.iter().map(|&value| value * coordinate);
        let values = table.values_mut();
        values.extend(below.iter().map(|&value| value - value * coordinate));
        values.extend(highs);
        tables.push(table);
    }
    Ok(tables)
}

/// `below * (1 - coordinate)`, then `below * coordinate` for the next `2^m` lanes, where `2^m` values of
/// `below` repeat; these repeat, too.
fn doubled_block<F: CpuField>(below: &F::Block, m: usize, coordinate: F) -> F::Block {
    let mut out = *below;
    for lane in 0..1 << m {
        let low = below.get(lane);
        let high = low * coordinate;
        for first in (lane..F::WIDTH).step_by(2 << m) {
            out.set(first, low - high);
            out.set(first + (1 << m), high);
        }
    }
    out
}

/// Appends `below * (1 - coordinate)`, then `below * coordinate`.
pub struct Double<'a, F: CpuField> {
    below: &'a [F::Block],
    coordinate: F,
    out: &'a mut Vec<F::Block>,
}

impl<F: CpuField> Kernel<F> for Double<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        for scale in [F::ONE - self.coordinate, self.coordinate] {
            let scale = a.splat(scale);
            for block in self.below {
                let product = a.mul(a.load(block), scale);
                self.out.push(a.store(product));
            }
        }
    }
}

impl CpuBackend {
    /// The weights of the whole point as one table.
    pub(crate) fn whole_eq<'e, F: CpuField>(
        &self,
        eq: &'e CpuEq<F>,
    ) -> Result<&'e [F::Block], BackendError> {
        if let Weights::Blocks(blocks) = eq.suffix(eq.num_vars()) {
            return Ok(blocks);
        }
        let suffixes = &eq.suffixes;
        if let Some(whole) = suffixes.whole.get() {
            return Ok(whole);
        }
        let whole = self.eq_blocks(&[(F::ONE, &suffixes.point)])?;
        Ok(suffixes.whole.get_or_init(|| whole))
    }

    /// `sum_k scale_k eq(point_k, .)` as a table of blocks.
    /// Cost: a multiplication per value and term; each term's point is cut in two tables of about the
    /// square root of the size.
    pub(crate) fn eq_blocks<F: CpuField>(
        &self,
        terms: &[(F, &[F])],
    ) -> Result<Buffer<F::Block>, BackendError> {
        let num_vars = terms.first().expect("an eq table has a term").1.len();
        let same = terms.iter().all(|(_, point)| point.len() == num_vars);
        assert!(same, "eq points of different lengths");
        let in_block = F::WIDTH.trailing_zeros() as usize;
        // The outer table is made value by value.
        let inner_vars = (num_vars.div_ceil(2) + in_block / 2)
            .max(in_block)
            .min(num_vars);
        let mut halves = Vec::with_capacity(terms.len());
        for &(scale, point) in terms {
            let (outer, inner) = point.split_at(num_vars - inner_vars);
            let mut table = Buffer::with_capacity(&self.budget, num_blocks::<F>(inner_vars))?;
            let grow = Grow {
                scale,
                point: inner,
                out: table.values_mut(),
            };
            F::grow(self.level, grow);
            halves.push((prover_core::mle::eq_table(outer, F::ONE), table));
        }
        let rows = 1usize << (num_vars - inner_vars);
        if let [(_, table)] = &mut halves[..]
            && rows == 1
        {
            let whole = Buffer::with_capacity(&self.budget, 0)?;
            return Ok(core::mem::replace(table, whole));
        }
        let width = num_blocks::<F>(inner_vars);
        let mut out = Buffer::with_capacity(&self.budget, rows * width)?;
        let chunk = self.exec.chunk_len(rows, MIN_BLOCKS.div_ceil(width));
        // SAFETY: the kernel writes every block of every row.
        unsafe {
            let shape = (rows, width, chunk);
            self.exec.fill(out.values_mut(), shape, |range, out| {
                let halves = &halves;
                F::eq_rows(self.level, EqRows { halves, range, out });
            });
        }
        Ok(out)
    }
}

/// The outer values and the inner table of one term.
type Halves<F> = (Vec<F>, Buffer<<F as CpuField>::Block>);

/// Rows of an eq table: an outer value times the inner table, summed over the terms.
pub struct EqRows<'a, F: CpuField> {
    halves: &'a [Halves<F>],
    range: Range<usize>,
    out: &'a mut [MaybeUninit<F::Block>],
}

impl<F: CpuField> Kernel<F> for EqRows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let width = self.halves[0].1.len();
        for (row, out) in self.range.zip(self.out.chunks_exact_mut(width)) {
            for (column, out) in out.iter_mut().enumerate() {
                let mut sum = ExtSum::new(a);
                for (outer, inner) in self.halves {
                    sum.mac(a.load(&inner[column]), a.splat(outer[row]));
                }
                a.write(sum.finish(), out);
            }
        }
    }
}

/// Fills a table with `scale * eq(point, .)`, doubling it per coordinate from the last to the first.
pub struct Grow<'a, F: CpuField> {
    scale: F,
    point: &'a [F],
    out: &'a mut Vec<F::Block>,
}

impl<F: CpuField> Kernel<F> for Grow<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let in_block = self.point.len().min(F::WIDTH.trailing_zeros() as usize);
        let (outer, inner) = self.point.split_at(self.point.len() - in_block);
        let lanes = prover_core::mle::eq_table(inner, self.scale);
        self.out.clear();
        self.out.push(F::Block::gather(&lanes));
        for &coordinate in outer.iter().rev() {
            let coordinate = a.splat(coordinate);
            for i in 0..self.out.len() {
                let low = a.load(&self.out[i]);
                let high = a.mul(low, coordinate);
                self.out[i] = a.store(a.sub(low, high));
                self.out.push(a.store(high));
            }
        }
    }
}
