//! The operations on tables.

use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, DeviceMle, JobShape, Ready, Summand,
    Unsupported,
};

use crate::sums::round_sums;
use crate::table::{EqPoint, Mle, eq_at};
use crate::{Queue, ReferenceBackend};

impl<F: ChallengeField> ComputeBackend<F> for ReferenceBackend {
    type Mle = Mle<F>;
    type Eq = EqPoint<F>;
    type Queue = Queue;
    type Pending = Ready<F>;

    fn info(&self) -> &BackendInfo {
        self.infos[F::ID as usize - 1].get_or_init(|| BackendInfo {
            name: "reference",
            device: "host, one thread, from the definitions".into(),
            threads: 1,
            base_bytes: size_of::<F::Base>(),
            challenge_bytes: size_of::<F>(),
        })
    }

    fn admits(&self, job: &JobShape) -> Result<(), Unsupported> {
        if job.peak_bytes <= self.pool.limit() {
            return Ok(());
        }
        Err(Unsupported {
            backend: "reference".into(),
            field: job.field,
            num_vars: job.num_vars,
            reason: format!(
                "{} bytes needed, {} allowed",
                job.peak_bytes,
                self.pool.limit()
            ),
        })
    }

    fn max_window(&self, _summand: &Summand<F>, _num_vars: usize, _folds: usize) -> usize {
        3
    }

    fn open_queue(&self) -> Result<Queue, BackendError> {
        Ok(Queue(()))
    }

    fn upload(&self, _queue: &mut Queue, values: &[F]) -> Result<Mle<F>, BackendError> {
        Mle::build(&self.pool, log2(values.len()), |i| values[i])
    }

    fn upload_base(&self, _queue: &mut Queue, values: &[F::Base]) -> Result<Mle<F>, BackendError> {
        Mle::build_base(&self.pool, log2(values.len()), |i| values[i])
    }

    fn download(&self, _queue: &mut Queue, mles: &[Mle<F>]) -> Result<Ready<F>, BackendError> {
        let values = mles
            .iter()
            .flat_map(|mle| (0..mle.len()).map(|i| mle.get(i)));
        Ok(Ready(values.collect()))
    }

    fn eq_mle(&self, _queue: &mut Queue, terms: &[(F, &[F])]) -> Result<Mle<F>, BackendError> {
        assert!(!terms.is_empty(), "an eq table of no terms");
        let n = terms[0].1.len();
        assert!(
            terms.iter().all(|(_, point)| point.len() == n),
            "points differ in length"
        );
        Mle::build(&self.pool, n, |i| eq_sum(terms, i))
    }

    fn prepare_eq(&self, _queue: &mut Queue, point: &[F]) -> Result<EqPoint<F>, BackendError> {
        EqPoint::new(&self.pool, point)
    }

    fn bind_innermost(
        &self,
        _queue: &mut Queue,
        mle: &Mle<F>,
        point: &[F],
    ) -> Result<Mle<F>, BackendError> {
        let (n, k) = (mle.num_vars(), point.len());
        assert!(k <= n, "cannot bind {k} of {n} variables");
        Mle::build(&self.pool, n - k, |i| {
            (0..1usize << k).fold(F::ZERO, |sum, b| {
                sum + eq_at(point, b) * mle.get((i << k) + b)
            })
        })
    }

    fn fold(
        &self,
        _queue: &mut Queue,
        mles: &mut [Mle<F>],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        for mle in mles.iter() {
            let (n, k) = (mle.num_vars(), challenges.len());
            assert!(k <= n, "cannot fold {k} of {n} variables");
        }
        for mle in mles {
            for &r in challenges {
                let half = mle.len() / 2;
                let folded = Mle::build(&self.pool, mle.num_vars() - 1, |i| {
                    mle.get(i) + r * (mle.get(i + half) - mle.get(i))
                })?;
                *mle = folded;
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        _queue: &mut Queue,
        summand: &Summand<F>,
        mles: &[Mle<F>],
        eq: Option<&EqPoint<F>>,
        window: usize,
    ) -> Result<Ready<F>, BackendError> {
        let point = eq.map(EqPoint::point);
        Ok(Ready(round_sums(summand, mles, point, window)))
    }
}

/// `sum_k scale_k eq(point_k, index)`.
pub(crate) fn eq_sum<F: ChallengeField>(terms: &[(F, &[F])], index: usize) -> F {
    terms.iter().fold(F::ZERO, |sum, &(scale, point)| {
        sum + scale * eq_at(point, index)
    })
}

fn log2(len: usize) -> usize {
    assert!(
        len.is_power_of_two(),
        "a table of {len} values is no power of two"
    );
    len.ilog2() as usize
}
