//! Sums over a layer's gates and the tables they look up, on the host: what a verifier computes.
//!
//! These functions are the definitions; a field may have faster ones with the same results, and its
//! users call [`ChallengeField::sum_mul_gates`] and the methods beside it.
//! Absent on purpose: threads, random and public coefficients (a caller gives their values).

use crate::field::{ChallengeField, Field};
use crate::gates::{AddGate, CoefRef, MulGate};

/// What a sum over gates looks up.
#[derive(Clone, Copy, Debug)]
pub struct GateTables<'a, F: ChallengeField> {
    /// Weights by output wire.
    pub z: &'a [F],
    /// Weights by left input wire.
    pub x: &'a [F],
    /// Weights by right input wire; add gates have none.
    pub y: &'a [F],
    /// Values by the number of a gate's [`CoefRef`].
    pub coefs: &'a [F::Base],
}

impl<F: ChallengeField> GateTables<'_, F> {
    /// `coef·value`; no multiplication by one.
    #[inline]
    fn times(&self, coef: CoefRef, value: F) -> F {
        let coef = self.coefs[coef.0 as usize];
        if coef.is_one() { value } else { value * coef }
    }
}

/// `Σ z[z]·coef·x[x]·y[y]` over gates sorted by `z`.
/// Cost: one multiplication a gate, one a `z`, and one for each coefficient that is not one.
///
/// # Panics
/// If a gate's wire or coefficient is beyond its table.
pub fn sum_mul_gates<F: ChallengeField>(gates: &[MulGate], tables: &GateTables<'_, F>) -> F {
    gates
        .chunk_by(|a, b| a.z == b.z)
        .fold(F::ZERO, |sum, group| {
            let value = |g: &MulGate| tables.x[g.x as usize] * tables.y[g.y as usize];
            let inner = group
                .iter()
                .fold(F::ZERO, |sum, g| sum + tables.times(g.coef, value(g)));
            sum + tables.z[group[0].z as usize] * inner
        })
}

/// `Σ z[z]·coef·x[x]` over gates sorted by `z`.
/// Cost: one multiplication a `z`, and one for each coefficient that is not one.
///
/// # Panics
/// If a gate's wire or coefficient is beyond its table.
pub fn sum_add_gates<F: ChallengeField>(gates: &[AddGate], tables: &GateTables<'_, F>) -> F {
    gates
        .chunk_by(|a, b| a.z == b.z)
        .fold(F::ZERO, |sum, group| {
            let inner = group.iter().fold(F::ZERO, |sum, g| {
                sum + tables.times(g.coef, tables.x[g.x as usize])
            });
            sum + tables.z[group[0].z as usize] * inner
        })
}

/// `out[i·columns.len() + j] = rows[i]·columns[j]`, as far as `out` reaches.
/// Cost: one multiplication an entry.
///
/// # Panics
/// If `out` is longer than the product.
pub fn outer_product<F: Field>(rows: &[F], columns: &[F], out: &mut [F]) {
    assert!(
        out.len() <= rows.len() * columns.len(),
        "{} entries of a product of {} by {}",
        out.len(),
        rows.len(),
        columns.len()
    );
    for (row, &factor) in out.chunks_mut(columns.len().max(1)).zip(rows) {
        for (entry, &column) in row.iter_mut().zip(columns) {
            *entry = factor * column;
        }
    }
}

/// `sums[i] += values[i]`.
///
/// # Panics
/// If the lengths differ.
pub fn add_slices<F: Field>(sums: &mut [F], values: &[F]) {
    assert_eq!(sums.len(), values.len(), "a sum of two lengths");
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
