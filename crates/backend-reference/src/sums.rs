//! The sums of a window's grid, one grid point and one row at a time.

use prover_core::round_poly::{INFINITY, grid_len, ones_index, round_point};
use prover_core::{ChallengeField, DeviceMle, Summand, Term, window_points};

use crate::table::{Mle, eq_at};

/// All sums that [`prover_core::ComputeBackend::round_sums`] returns, in order.
pub(crate) fn round_sums<F: ChallengeField>(
    summand: &Summand<F>,
    mles: &[Mle<F>],
    eq: Option<&[F]>,
    window: usize,
) -> Vec<F> {
    assert_eq!(
        mles.len(),
        summand.num_tables(),
        "tables do not fit the summand"
    );
    let n = mles.first().map_or(0, DeviceMle::num_vars);
    assert!(
        mles.iter().all(|t| t.num_vars() == n),
        "tables differ in size"
    );
    let (degree, eq) = (summand.degree(), eq.unwrap_or(&[]));
    let (_, ones_implied) = window_points(degree, window, n, eq.len());
    let rest = n - window;
    // The eq factor of the variables behind the window.
    let suffix = &eq[eq.len() - eq.len().min(rest)..];
    (0..grid_len(degree, window))
        .filter(|&g| !(ones_implied && g == ones_index(degree, window)))
        .map(|g| {
            let places = digits(g, degree + 1, window);
            (0..1usize << rest).fold(F::ZERO, |sum, b| {
                let values: Vec<F> = mles
                    .iter()
                    .map(|t| at_grid(t, &places, 0, t.len(), b))
                    .collect();
                sum + eq_at(suffix, b) * summand_at(summand, &places, &values)
            })
        })
        .collect()
}

/// The digits of `number` in a base, the most significant first.
fn digits(number: usize, base: usize, count: usize) -> Vec<usize> {
    (0..count)
        .rev()
        .map(|v| number / base.pow(v as u32) % base)
        .collect()
}

/// The table at the places of its first variables and the remaining bits: with `T_0`, `T_1` the halves
/// of a table, `T(p) = T_0 + p (T_1 - T_0)`, and `T_1 - T_0` at infinity.
///
/// `start` is where the part of the table with the earlier variables bound to bits begins.
fn at_grid<F: ChallengeField>(
    table: &Mle<F>,
    places: &[usize],
    start: usize,
    len: usize,
    b: usize,
) -> F {
    let Some((&place, later)) = places.split_first() else {
        return table.get(start + b);
    };
    let half = len / 2;
    let lo = at_grid(table, later, start, half, b);
    let hi = at_grid(table, later, start + half, half, b);
    match place {
        INFINITY => hi - lo,
        _ => lo + round_point::<F>(place) * (hi - lo),
    }
}

/// The summand where each table has one value; at infinity only terms of full degree count.
fn summand_at<F: ChallengeField>(summand: &Summand<F>, places: &[usize], values: &[F]) -> F {
    let at_infinity = places.contains(&INFINITY);
    let counts = |term: &&Term<F>| !at_infinity || term.factors.len() == summand.degree();
    summand
        .terms()
        .iter()
        .filter(counts)
        .fold(F::ZERO, |sum, term| {
            let product = term.factors.iter().map(|&t| values[t]);
            sum + product.fold(term.coeff, |a, b| a * b)
        })
}
