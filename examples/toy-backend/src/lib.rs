//! A backend outside the workspace, as small as one can be: `docs/adding-a-backend.md` step by step.
//!
//! Tables are plain vectors of challenge-field values with a flag that says whether they are still in
//! the base field. One queue is as good as another, results are ready at once, rounds are single.
#![forbid(unsafe_code)]

mod layers;

use std::sync::Arc;

use prover_core::mle::eq_table;
use prover_core::round_poly::{INFINITY, round_point};
use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, DeviceMle, Ready, Summand,
    window_points,
};

/// Computes with loops over vectors.
pub struct ToyBackend<F> {
    info: BackendInfo,
    field: core::marker::PhantomData<fn() -> F>,
}

impl<F: ChallengeField> ToyBackend<F> {
    /// A backend.
    #[expect(clippy::new_without_default, reason = "one way to make one is enough")]
    pub fn new() -> Self {
        Self {
            info: BackendInfo {
                name: "toy",
                device: "host, one thread".into(),
                threads: 1,
                base_bytes: size_of::<F>(), // Base-field tables are stored lifted.
                challenge_bytes: size_of::<F>(),
            },
            field: core::marker::PhantomData,
        }
    }
}

/// A table: shared values, and whether they are in the base field.
#[derive(Clone)]
pub struct Mle<F> {
    values: Arc<Vec<F>>,
    base: bool,
}

impl<F> Mle<F> {
    fn new(values: Vec<F>, base: bool) -> Self {
        let len = values.len();
        assert!(len.is_power_of_two(), "a table of {len} values");
        Self {
            values: Arc::new(values),
            base,
        }
    }
}

impl<F: ChallengeField> DeviceMle for Mle<F> {
    fn num_vars(&self) -> usize {
        self.values.len().ilog2() as usize
    }

    fn is_base(&self) -> bool {
        self.base
    }
}

impl<F: ChallengeField> ComputeBackend<F> for ToyBackend<F> {
    type Mle = Mle<F>;
    type Eq = Vec<F>;
    type Queue = ();
    type Pending = Ready<F>;

    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn open_queue(&self) -> Result<(), BackendError> {
        Ok(())
    }

    fn upload(&self, (): &mut (), values: &[F]) -> Result<Mle<F>, BackendError> {
        Ok(Mle::new(values.to_vec(), false))
    }

    fn upload_base(&self, (): &mut (), values: &[F::Base]) -> Result<Mle<F>, BackendError> {
        let lifted = values.iter().map(|&v| F::from(v));
        Ok(Mle::new(lifted.collect(), true))
    }

    fn download(&self, (): &mut (), mles: &[Mle<F>]) -> Result<Ready<F>, BackendError> {
        let values = mles.iter().flat_map(|mle| mle.values.iter().copied());
        Ok(Ready(values.collect()))
    }

    fn eq_mle(&self, (): &mut (), terms: &[(F, &[F])]) -> Result<Mle<F>, BackendError> {
        Ok(Mle::new(sum_of_eq(terms), false))
    }

    fn prepare_eq(&self, (): &mut (), point: &[F]) -> Result<Vec<F>, BackendError> {
        Ok(point.to_vec())
    }

    fn bind_innermost(
        &self,
        (): &mut (),
        mle: &Mle<F>,
        point: &[F],
    ) -> Result<Mle<F>, BackendError> {
        assert!(point.len() <= mle.num_vars(), "too many variables to bind");
        let eq = eq_table(point, F::ONE);
        let rows = mle.values.chunks(eq.len());
        Ok(Mle::new(rows.map(|row| dot(row, &eq)).collect(), false))
    }

    fn fold(&self, (): &mut (), mles: &mut [Mle<F>], challenges: &[F]) -> Result<(), BackendError> {
        for mle in mles {
            assert!(challenges.len() <= mle.num_vars(), "too many challenges");
            for &r in challenges {
                let (lo, hi) = mle.values.split_at(mle.values.len() / 2);
                let folded = lo.iter().zip(hi).map(|(&lo, &hi)| lo + r * (hi - lo));
                // A new vector: other handles of the old one keep their values.
                *mle = Mle::new(folded.collect(), false);
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        (): &mut (),
        summand: &Summand<F>,
        mles: &[Mle<F>],
        eq: Option<&Vec<F>>,
        window: usize,
    ) -> Result<Ready<F>, BackendError> {
        assert_eq!(mles.len(), summand.num_tables(), "tables and summand");
        let n = mles[0].num_vars();
        assert!(
            mles.iter().all(|t| t.num_vars() == n),
            "tables differ in size"
        );
        let point: &[F] = eq.map_or(&[], |point| point);
        let (_, implied) = window_points(summand.degree(), window, n, point.len());
        assert_eq!(window, 1, "max_window says 1");
        let suffix = &point[point.len() - point.len().min(n - 1)..];
        let weights = eq_table(suffix, F::ONE);
        let sums = (0..=summand.degree())
            .filter(|&place| !(implied && place == 1))
            .map(|place| sum_at(summand, mles, &weights, place));
        Ok(Ready(sums.collect()))
    }
}

/// The sum over all rows with the first variable at a place.
fn sum_at<F: ChallengeField>(
    summand: &Summand<F>,
    mles: &[Mle<F>],
    weights: &[F],
    place: usize,
) -> F {
    let half = mles[0].values.len() / 2;
    let degree = summand.degree();
    (0..half).fold(F::ZERO, |sum, b| {
        let at_place = |mle: &Mle<F>| {
            let (lo, hi) = (mle.values[b], mle.values[b + half]);
            match place {
                INFINITY => hi - lo,
                _ => lo + round_point::<F>(place) * (hi - lo),
            }
        };
        let values: Vec<F> = mles.iter().map(at_place).collect();
        let terms = summand.terms().iter();
        // At infinity only terms of full degree have a coefficient.
        let value = terms
            .filter(|term| place != INFINITY || term.factors.len() == degree)
            .fold(F::ZERO, |sum, term| {
                let factors = term.factors.iter().map(|&t| values[t]);
                sum + factors.fold(term.coeff, |a, b| a * b)
            });
        // The eq factor covers the last variables: its table repeats.
        sum + weights[b % weights.len()] * value
    })
}

/// `sum_k scale_k eq(point_k, .)`.
fn sum_of_eq<F: ChallengeField>(terms: &[(F, &[F])]) -> Vec<F> {
    let (first, others) = terms.split_first().expect("an eq table has terms");
    let mut sum = eq_table(first.1, first.0);
    for (scale, point) in others {
        assert_eq!(point.len(), first.1.len(), "points differ in length");
        for (sum, value) in sum.iter_mut().zip(eq_table(point, *scale)) {
            *sum += value;
        }
    }
    sum
}

fn dot<F: ChallengeField>(a: &[F], b: &[F]) -> F {
    a.iter().zip(b).fold(F::ZERO, |sum, (&a, &b)| sum + a * b)
}
