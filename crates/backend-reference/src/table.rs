//! Tables: shared values in the base or the challenge field.

use std::sync::Arc;

use prover_core::{BackendError, ChallengeField, DeviceMle};

use crate::memory::{Pool, Reservation};

/// A table; clones share its values, which never change once made.
#[derive(Clone, Debug)]
pub struct Mle<F: ChallengeField> {
    values: Values<F>,
    _memory: Arc<Reservation>,
}

#[derive(Clone, Debug)]
enum Values<F: ChallengeField> {
    Base(Arc<Vec<F::Base>>),
    Challenge(Arc<Vec<F>>),
}

impl<F: ChallengeField> Mle<F> {
    /// A table of `2^num_vars` challenge-field values by index.
    pub(crate) fn build(
        pool: &Arc<Pool>,
        num_vars: usize,
        value: impl FnMut(usize) -> F,
    ) -> Result<Self, BackendError> {
        let len = 1usize << num_vars;
        let memory = pool.reserve::<F>(len)?;
        Ok(Self {
            values: Values::Challenge(Arc::new((0..len).map(value).collect())),
            _memory: Arc::new(memory),
        })
    }

    /// A table of `2^num_vars` base-field values by index.
    pub(crate) fn build_base(
        pool: &Arc<Pool>,
        num_vars: usize,
        value: impl FnMut(usize) -> F::Base,
    ) -> Result<Self, BackendError> {
        let len = 1usize << num_vars;
        let memory = pool.reserve::<F::Base>(len)?;
        Ok(Self {
            values: Values::Base(Arc::new((0..len).map(value).collect())),
            _memory: Arc::new(memory),
        })
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            Values::Base(values) => values.len(),
            Values::Challenge(values) => values.len(),
        }
    }

    /// A value, lifted.
    pub(crate) fn get(&self, index: usize) -> F {
        match &self.values {
            Values::Base(values) => F::from(values[index]),
            Values::Challenge(values) => values[index],
        }
    }

    /// The base-field values, if the table has such.
    pub(crate) fn as_base(&self) -> Option<&[F::Base]> {
        match &self.values {
            Values::Base(values) => Some(values),
            Values::Challenge(_) => None,
        }
    }
}

impl<F: ChallengeField> DeviceMle for Mle<F> {
    fn num_vars(&self) -> usize {
        self.len().ilog2() as usize
    }

    fn is_base(&self) -> bool {
        matches!(self.values, Values::Base(_))
    }
}

/// The point of an eq factor, as it is.
#[derive(Debug)]
pub struct EqPoint<F> {
    point: Vec<F>,
    _memory: Reservation,
}

impl<F: ChallengeField> EqPoint<F> {
    pub(crate) fn new(pool: &Arc<Pool>, point: &[F]) -> Result<Self, BackendError> {
        Ok(Self {
            _memory: pool.reserve::<F>(point.len())?,
            point: point.to_vec(),
        })
    }

    pub(crate) fn point(&self) -> &[F] {
        &self.point
    }
}

/// `eq(point, bits of index)`, the point's first coordinate for the most significant bit; bits beyond
/// the point's length are ignored.
pub(crate) fn eq_at<F: ChallengeField>(point: &[F], index: usize) -> F {
    let n = point.len();
    point.iter().enumerate().fold(F::ONE, |product, (j, &p)| {
        let bit = index >> (n - 1 - j) & 1;
        product * if bit == 1 { p } else { F::ONE - p }
    })
}
