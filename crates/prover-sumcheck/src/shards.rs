//! Tables split over shards: what belongs to whom, and how the shards' answers become one.
//!
//! Of `2^k` shards, shard `m` holds the entries whose index is `m` modulo `2^k`: instance `i` is on
//! shard `i mod 2^k`, since instances are innermost. The shards share the first variables; the last
//! `k` are their numbers.

use prover_core::{ChallengeField, ComputeBackend, DeviceMle, Summand, mle};

use crate::SumcheckError;
use crate::statement::Driver;

/// One shard's tables and its part of the eq factor.
pub(crate) struct Shard<F: ChallengeField, B: ComputeBackend<F>> {
    pub(crate) mles: Vec<B::Mle>,
    pub(crate) eq: Option<B::Eq>,
    /// `eq` of the shard's number: a factor of its sums.
    pub(crate) weight: F,
}

/// Base-2 logarithm of the number of shards.
pub(crate) fn shard_vars<T>(shards: &[T]) -> usize {
    shards.len().ilog2() as usize
}

/// Prepares each shard's eq factor; returns the shards and the variables of the whole tables.
///
/// # Panics
/// If the tables differ in number or size, or the number of shards is no power of two.
pub(crate) fn prepare<F: ChallengeField, B: ComputeBackend<F>, H>(
    driver: Driver<'_, B, H>,
    queue: &mut B::Queue,
    summand: &Summand<F>,
    shards: Vec<Vec<B::Mle>>,
    eq_point: &[F],
) -> Result<(Vec<Shard<F, B>>, usize), SumcheckError> {
    assert!(
        shards.len().is_power_of_two(),
        "{} shards are no power of two",
        shards.len()
    );
    assert!(
        shards.iter().all(|mles| mles.len() == summand.num_tables()),
        "tables do not fit the summand"
    );
    let table_vars = shards[0][0].num_vars();
    assert!(
        shards.iter().flatten().all(|m| m.num_vars() == table_vars),
        "tables differ in size"
    );
    if shards.len() > 1 && driver.hand_off.is_none() {
        return Err(SumcheckError::ShardsNeedAHost {
            shards: shards.len(),
        });
    }
    let num_vars = table_vars + shard_vars(&shards);
    assert!(
        eq_point.len() <= num_vars,
        "eq point longer than the tables"
    );
    // The eq point covers the last variables: first those of the tables, then the shard's number.
    let inside = eq_point.len().saturating_sub(shard_vars(&shards));
    let (inside, number) = eq_point.split_at(inside);
    let weights = mle::eq_table(number, F::ONE);
    let shards = shards
        .into_iter()
        .enumerate()
        .map(|(m, mles)| {
            let eq = match inside.is_empty() {
                true => None,
                false => Some(driver.backend.prepare_eq(queue, inside)?),
            };
            let weight = weights[m % weights.len()];
            Ok(Shard { mles, eq, weight })
        })
        .collect::<Result<_, SumcheckError>>()?;
    Ok((shards, num_vars))
}

/// The sums of all shards, all of the same length, each times its weight.
pub(crate) fn add_up<F: ChallengeField>(
    answers: Vec<Vec<F>>,
    weights: impl Iterator<Item = F>,
) -> Vec<F> {
    let answers = answers.into_iter().zip(weights);
    let mut weighted = answers.map(|(mut values, weight)| {
        if !weight.is_one() {
            values.iter_mut().for_each(|value| *value *= weight);
        }
        values
    });
    let mut total = weighted.next().unwrap_or_default();
    for values in weighted {
        for (sum, value) in total.iter_mut().zip(values) {
            *sum += value;
        }
    }
    total
}

/// The whole tables from those of all shards, each `num_tables` tables one after another.
pub(crate) fn interleave<F: ChallengeField>(answers: &[Vec<F>], num_tables: usize) -> Vec<Vec<F>> {
    let len = answers[0].len() / num_tables;
    (0..num_tables)
        .map(|table| {
            let rows = table * len..(table + 1) * len;
            rows.flat_map(|row| answers.iter().map(move |values| values[row]))
                .collect()
        })
        .collect()
}
