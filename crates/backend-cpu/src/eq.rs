//! Eq tables: grown in place, packed, and kept for every suffix of a point.

use std::sync::Arc;

use prover_core::BackendError;

use crate::arith::Lanes;
use crate::field::{ArithOf, CpuField, Kernel};
use crate::memory::{Budget, Buffer};
use crate::simd::SimdLevel;
use crate::table::num_blocks;

/// The eq factor of a run: a table of blocks for every suffix of its point.
///
/// Suffix `m` is the table of `eq(last m coordinates, .)`; with `2^m` below the number of lanes the
/// values repeat through the block, so that lane `i` always has the weight of `i mod 2^m`.
#[derive(Debug)]
pub struct CpuEq<F: CpuField> {
    suffixes: Vec<Buffer<F::Block>>,
}

impl<F: CpuField> CpuEq<F> {
    /// Coordinates of the point.
    pub(crate) fn num_vars(&self) -> usize {
        self.suffixes.len() - 1
    }

    /// The weights of the last `m` coordinates.
    pub(crate) fn suffix(&self, m: usize) -> &[F::Block] {
        &self.suffixes[m]
    }

    /// Tables of all suffixes of `point`.
    /// Cost: `2^(k+1)` values in all, a multiplication each.
    pub(crate) fn new(
        budget: &Arc<Budget>,
        level: SimdLevel,
        point: &[F],
    ) -> Result<Self, BackendError> {
        let k = point.len();
        let mut suffixes = Vec::with_capacity(k + 1);
        for m in 0..=k {
            let tail = &point[k - m..];
            let mut table = Buffer::with_capacity(budget, num_blocks::<F>(m))?;
            if 1 << m <= F::WIDTH {
                table.values_mut().push(repeated_block(tail));
            } else {
                let below: &[F::Block] = &suffixes[m - 1] as &Buffer<F::Block>;
                F::double(
                    level,
                    Double {
                        below,
                        coordinate: tail[0],
                        out: table.values_mut(),
                    },
                );
            }
            suffixes.push(table);
        }
        Ok(Self { suffixes })
    }
}

/// `eq(point, i mod 2^m)` at lane `i`.
fn repeated_block<F: CpuField>(point: &[F]) -> F::Block {
    let table = prover_core::mle::eq_table(point, F::ONE);
    let lanes: Vec<F> = (0..F::WIDTH)
        .map(|lane| table[lane % table.len()])
        .collect();
    F::Block::gather(&lanes)
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

/// `sum_k scale_k eq(point_k, .)` as a table of blocks.
/// Cost: about one multiplication per value and term.
pub(crate) fn eq_blocks<F: CpuField>(
    budget: &Arc<Budget>,
    level: SimdLevel,
    terms: &[(F, &[F])],
) -> Result<Buffer<F::Block>, BackendError> {
    let num_vars = terms.first().expect("an eq table has a term").1.len();
    let same = terms.iter().all(|(_, point)| point.len() == num_vars);
    assert!(same, "eq points of different lengths");
    let len = num_blocks::<F>(num_vars);
    let mut sum = Buffer::with_capacity(budget, len)?;
    let mut scratch = Buffer::with_capacity(budget, if terms.len() > 1 { len } else { 0 })?;
    for (index, &(scale, point)) in terms.iter().enumerate() {
        let out = if index == 0 { &mut sum } else { &mut scratch };
        let grow = Grow {
            scale,
            point,
            out: out.values_mut(),
        };
        F::grow(level, grow);
        if index > 0 {
            let add = AddInto {
                sum: sum.values_mut(),
                other: &scratch,
            };
            F::add_into(level, add);
        }
    }
    Ok(sum)
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

/// Adds a table to another.
pub struct AddInto<'a, F: CpuField> {
    sum: &'a mut [F::Block],
    other: &'a [F::Block],
}

impl<F: CpuField> Kernel<F> for AddInto<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        for (sum, other) in self.sum.iter_mut().zip(self.other) {
            *sum = a.store(a.add(a.load(sum), a.load(other)));
        }
    }
}
