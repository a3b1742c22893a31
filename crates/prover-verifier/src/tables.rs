//! Values of eq at points of the hypercube, in memory that the number of look-ups justifies.

use prover_core::ChallengeField;
use prover_core::mle::eq_table;

/// Up to so many variables a table is always whole.
const SMALL_VARS: usize = 10;

/// `scale·eq(point, b)` for `b` in `{0,1}^n`.
///
/// A whole table of `2^n` values where about as many look-ups come, else two tables of about
/// `2^(n/2)` and one multiplication a look-up: a layer of `2^30` wires with few gates stays cheap.
pub(crate) struct EqTable<F> {
    /// By the last variables.
    low: Vec<F>,
    /// By the first variables, if the table is not whole.
    high: Vec<F>,
    low_vars: usize,
}

impl<F: ChallengeField> EqTable<F> {
    /// Prepares for about `lookups` look-ups.
    pub(crate) fn new(point: &[F], scale: F, lookups: usize) -> Self {
        let vars = point.len();
        let whole = vars <= SMALL_VARS || lookups >> (vars - 1) > 0;
        let (first, last) = point.split_at(if whole { 0 } else { vars / 2 });
        Self {
            low: eq_table(last, scale),
            high: if whole {
                Vec::new()
            } else {
                eq_table(first, F::ONE)
            },
            low_vars: last.len(),
        }
    }

    /// The value at the bits of `index`.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> F {
        let index = index as usize;
        if self.high.is_empty() {
            return self.low[index];
        }
        self.high[index >> self.low_vars] * self.low[index & ((1 << self.low_vars) - 1)]
    }
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
