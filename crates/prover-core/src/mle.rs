//! Multilinear extensions on the host: for verifiers, drivers and definitions, not for speed.
//!
//! A table of `2^n` values is indexed with its **first variable in the most significant bit**.

use crate::error::BackendError;
use crate::field::ChallengeField;
use crate::host;

/// `eq(point, b)` for all `b` in `{0,1}^n`, as a table of `2^n`, times `scale`.
/// Cost: `2^n` multiplications.
pub fn eq_table<F: ChallengeField>(point: &[F], scale: F) -> Vec<F> {
    grow_eq(Vec::with_capacity(1 << point.len()), point, scale)
}

/// As [`eq_table`].
///
/// # Errors
/// [`BackendError::OutOfMemory`].
pub fn try_eq_table<F: ChallengeField>(point: &[F], scale: F) -> Result<Vec<F>, BackendError> {
    let table = host::with_capacity(1 << point.len())?;
    Ok(grow_eq(table, point, scale))
}

/// Fills an empty vector that has the room.
fn grow_eq<F: ChallengeField>(mut table: Vec<F>, point: &[F], scale: F) -> Vec<F> {
    table.push(scale);
    // The last variable is the least significant bit: growing from the first variable doubles
    // the table by interleaving, so grow from the last by halves instead.
    for &coordinate in point.iter().rev() {
        let half = table.len();
        for i in 0..half {
            let hi = table[i] * coordinate;
            table.push(hi);
            table[i] -= hi;
        }
    }
    table
}

/// `eq(a, b) = prod_i (a_i b_i + (1 - a_i)(1 - b_i))`.
///
/// # Panics
/// If the points differ in length.
pub fn eq_eval<F: ChallengeField>(a: &[F], b: &[F]) -> F {
    assert_eq!(a.len(), b.len(), "eq of points of different lengths");
    a.iter().zip(b).fold(F::ONE, |acc, (&x, &y)| {
        let xy = x * y;
        acc * (F::ONE - x - y + xy + xy)
    })
}

/// The extension of a base-field table at `point`.
/// Cost: `2^n` base-by-challenge multiplications, the eq table included twice that.
///
/// # Panics
/// If the table has not `2^point.len()` values.
pub fn evaluate_base<F: ChallengeField>(table: &[F::Base], point: &[F]) -> F {
    assert_eq!(table.len(), 1 << point.len(), "table and point do not fit");
    eq_table(point, F::ONE)
        .iter()
        .zip(table)
        .fold(F::ZERO, |acc, (&e, &v)| acc + e * v)
}

/// The extension of a table at `point`.
///
/// # Panics
/// If the table has not `2^point.len()` values.
pub fn evaluate<F: ChallengeField>(table: &[F], point: &[F]) -> F {
    assert_eq!(table.len(), 1 << point.len(), "table and point do not fit");
    eq_table(point, F::ONE)
        .iter()
        .zip(table)
        .fold(F::ZERO, |acc, (&e, &v)| acc + e * v)
}
