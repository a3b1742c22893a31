//! Two backends run side by side, every result compared.
//!
//! A difference is an error of the operation that made it, so that a whole proof driven on a
//! [`LockstepBackend`] stops at the first wrong value. Tables are read back after each operation.

use core::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, DeviceMle, Job, Pending, RoundJob,
    Summand,
};

/// Runs `A`, the backend under test, and `B`, the oracle.
pub struct LockstepBackend<F, A, B> {
    pub(crate) ours: Arc<A>,
    pub(crate) oracle: Arc<B>,
    info: BackendInfo,
    seen: Arc<Seen>,
    field: PhantomData<fn() -> F>,
}

/// How many values were compared, and how many of them were not zero.
#[derive(Debug, Default)]
struct Seen {
    compared: AtomicU64,
    nonzero: AtomicU64,
}

/// One thing of each backend.
///
/// Tables are taken out to be changed, so that a handle that was unique stays unique.
pub struct Pair<A, B> {
    ours: Option<A>,
    oracle: Option<B>,
}

impl<A, B> Pair<A, B> {
    pub(crate) fn new(ours: A, oracle: B) -> Self {
        Self {
            ours: Some(ours),
            oracle: Some(oracle),
        }
    }

    pub(crate) fn ours(&self) -> &A {
        self.ours.as_ref().expect("put back after each operation")
    }

    pub(crate) fn oracle(&self) -> &B {
        self.oracle.as_ref().expect("put back after each operation")
    }
}

impl<A: Clone, B: Clone> Clone for Pair<A, B> {
    fn clone(&self) -> Self {
        Self {
            ours: self.ours.clone(),
            oracle: self.oracle.clone(),
        }
    }
}

impl<A: DeviceMle, B: DeviceMle> DeviceMle for Pair<A, B> {
    fn num_vars(&self) -> usize {
        self.ours().num_vars()
    }

    fn is_base(&self) -> bool {
        self.ours().is_base()
    }
}

/// Values of both, compared when they arrive.
pub struct PairPending<A, B> {
    op: &'static str,
    ours: A,
    oracle: Option<B>,
    seen: Arc<Seen>,
}

impl<F: ChallengeField, A: Pending<F>, B: Pending<F>> Pending<F> for PairPending<A, B> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        let Some(values) = self.ours.poll()? else {
            return Ok(None);
        };
        if let Some(oracle) = self.oracle.take() {
            compare(&self.seen, self.op, &values, &oracle.wait()?)?;
        }
        Ok(Some(values))
    }

    fn wait(mut self) -> Result<Vec<F>, BackendError> {
        let values = self.ours.wait()?;
        if let Some(oracle) = self.oracle.take() {
            compare(&self.seen, self.op, &values, &oracle.wait()?)?;
        }
        Ok(values)
    }
}

fn compare<F: ChallengeField>(
    seen: &Seen,
    op: &'static str,
    ours: &[F],
    oracle: &[F],
) -> Result<(), BackendError> {
    crate::failure::same(ours, oracle, format_args!("against the oracle"))
        .map_err(|failure| mismatch(op, failure.to_string()))?;
    let nonzero = oracle.iter().filter(|v| !v.is_zero()).count() as u64;
    seen.compared
        .fetch_add(oracle.len() as u64, Ordering::Relaxed);
    seen.nonzero.fetch_add(nonzero, Ordering::Relaxed);
    Ok(())
}

fn mismatch(op: &'static str, message: String) -> BackendError {
    BackendError::Device {
        device: "lockstep".into(),
        op,
        message,
    }
}

/// Both queues.
pub struct PairQueue<A, B> {
    pub(crate) ours: A,
    pub(crate) oracle: B,
}

pub(crate) type Mles<F, A, B> = Pair<<A as ComputeBackend<F>>::Mle, <B as ComputeBackend<F>>::Mle>;
pub(crate) type Queues<F, A, B> =
    PairQueue<<A as ComputeBackend<F>>::Queue, <B as ComputeBackend<F>>::Queue>;
pub(crate) type Pendings<F, A, B> =
    PairPending<<A as ComputeBackend<F>>::Pending, <B as ComputeBackend<F>>::Pending>;

impl<F: ChallengeField, A: ComputeBackend<F>, B: ComputeBackend<F>> LockstepBackend<F, A, B> {
    /// Joins a backend under test and an oracle.
    pub fn new(ours: Arc<A>, oracle: Arc<B>) -> Self {
        Self {
            info: ours.info().clone(),
            ours,
            oracle,
            seen: Arc::default(),
            field: PhantomData,
        }
    }

    /// How many values were compared so far, and how many of them were not zero.
    pub fn compared(&self) -> (u64, u64) {
        (
            self.seen.compared.load(Ordering::Relaxed),
            self.seen.nonzero.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn pending(
        &self,
        op: &'static str,
        ours: A::Pending,
        oracle: B::Pending,
    ) -> Pendings<F, A, B> {
        PairPending {
            op,
            ours,
            oracle: Some(oracle),
            seen: Arc::clone(&self.seen),
        }
    }

    /// Compares two tables in full: size, field and values.
    pub(crate) fn check(
        &self,
        queue: &mut Queues<F, A, B>,
        op: &'static str,
        ours: &A::Mle,
        oracle: &B::Mle,
    ) -> Result<(), BackendError> {
        let shape = |vars: usize, base: bool| format!("{vars} variables, base field: {base}");
        let got = shape(ours.num_vars(), ours.is_base());
        let want = shape(oracle.num_vars(), oracle.is_base());
        if got != want {
            return Err(mismatch(op, format!("a table of {got}; not {want}")));
        }
        let ours = core::slice::from_ref(ours);
        let oracle = core::slice::from_ref(oracle);
        let ours = self.ours.download(&mut queue.ours, ours)?.wait()?;
        let oracle = self.oracle.download(&mut queue.oracle, oracle)?.wait()?;
        compare(&self.seen, op, &ours, &oracle)
    }

    pub(crate) fn paired(
        &self,
        queue: &mut Queues<F, A, B>,
        op: &'static str,
        ours: A::Mle,
        oracle: B::Mle,
    ) -> Result<Mles<F, A, B>, BackendError> {
        self.check(queue, op, &ours, &oracle)?;
        Ok(Pair::new(ours, oracle))
    }

    fn check_all(
        &self,
        queue: &mut Queues<F, A, B>,
        op: &'static str,
        mles: &[Mles<F, A, B>],
    ) -> Result<(), BackendError> {
        mles.iter()
            .try_for_each(|mle| self.check(queue, op, mle.ours(), mle.oracle()))
    }
}

/// Takes the tables out of their pairs.
fn take<A, B>(mles: &mut [Pair<A, B>]) -> (Vec<A>, Vec<B>) {
    let present = "put back after each operation";
    mles.iter_mut()
        .map(|mle| {
            (
                mle.ours.take().expect(present),
                mle.oracle.take().expect(present),
            )
        })
        .unzip()
}

/// Puts tables back into their pairs.
fn put<A, B>(mles: &mut [Pair<A, B>], ours: Vec<A>, oracle: Vec<B>) {
    for ((mle, a), b) in mles.iter_mut().zip(ours).zip(oracle) {
        *mle = Pair::new(a, b);
    }
}

fn ours<A: Clone, B>(mles: &[Pair<A, B>]) -> Vec<A> {
    mles.iter().map(|mle| mle.ours().clone()).collect()
}

fn oracles<A, B: Clone>(mles: &[Pair<A, B>]) -> Vec<B> {
    mles.iter().map(|mle| mle.oracle().clone()).collect()
}

impl<F, A, B> ComputeBackend<F> for LockstepBackend<F, A, B>
where
    F: ChallengeField,
    A: ComputeBackend<F>,
    B: ComputeBackend<F>,
{
    type Mle = Mles<F, A, B>;
    type Eq = Pair<A::Eq, B::Eq>;
    type Queue = Queues<F, A, B>;
    type Pending = Pendings<F, A, B>;

    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn max_window(&self, summand: &Summand<F>, num_vars: usize, folds: usize) -> usize {
        let ours = self.ours.max_window(summand, num_vars, folds);
        ours.min(self.oracle.max_window(summand, num_vars, folds))
    }

    fn open_queue(&self) -> Result<Self::Queue, BackendError> {
        Ok(PairQueue {
            ours: self.ours.open_queue()?,
            oracle: self.oracle.open_queue()?,
        })
    }

    fn upload(&self, queue: &mut Self::Queue, values: &[F]) -> Result<Self::Mle, BackendError> {
        let ours = self.ours.upload(&mut queue.ours, values)?;
        let oracle = self.oracle.upload(&mut queue.oracle, values)?;
        self.paired(queue, "upload", ours, oracle)
    }

    fn upload_base(
        &self,
        queue: &mut Self::Queue,
        values: &[F::Base],
    ) -> Result<Self::Mle, BackendError> {
        let ours = self.ours.upload_base(&mut queue.ours, values)?;
        let oracle = self.oracle.upload_base(&mut queue.oracle, values)?;
        self.paired(queue, "upload_base", ours, oracle)
    }

    fn download(
        &self,
        queue: &mut Self::Queue,
        mles: &[Self::Mle],
    ) -> Result<Self::Pending, BackendError> {
        let ours = self.ours.download(&mut queue.ours, &ours(mles))?;
        let oracle = self.oracle.download(&mut queue.oracle, &oracles(mles))?;
        Ok(self.pending("download", ours, oracle))
    }

    fn eq_mle(
        &self,
        queue: &mut Self::Queue,
        terms: &[(F, &[F])],
    ) -> Result<Self::Mle, BackendError> {
        let ours = self.ours.eq_mle(&mut queue.ours, terms)?;
        let oracle = self.oracle.eq_mle(&mut queue.oracle, terms)?;
        self.paired(queue, "eq_mle", ours, oracle)
    }

    fn prepare_eq(&self, queue: &mut Self::Queue, point: &[F]) -> Result<Self::Eq, BackendError> {
        let ours = self.ours.prepare_eq(&mut queue.ours, point)?;
        let oracle = self.oracle.prepare_eq(&mut queue.oracle, point)?;
        Ok(Pair::new(ours, oracle))
    }

    fn bind_innermost(
        &self,
        queue: &mut Self::Queue,
        mle: &Self::Mle,
        point: &[F],
    ) -> Result<Self::Mle, BackendError> {
        let ours = self
            .ours
            .bind_innermost(&mut queue.ours, mle.ours(), point)?;
        let oracle = self
            .oracle
            .bind_innermost(&mut queue.oracle, mle.oracle(), point)?;
        self.check(queue, "bind_innermost: source", mle.ours(), mle.oracle())?;
        self.paired(queue, "bind_innermost", ours, oracle)
    }

    fn fold(
        &self,
        queue: &mut Self::Queue,
        mles: &mut [Self::Mle],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        let (mut a, mut b) = take(mles);
        let ours = self.ours.fold(&mut queue.ours, &mut a, challenges);
        let oracle = self.oracle.fold(&mut queue.oracle, &mut b, challenges);
        put(mles, a, b);
        ours.and(oracle)?;
        self.check_all(queue, "fold", mles)
    }

    fn round_sums(
        &self,
        queue: &mut Self::Queue,
        summand: &Summand<F>,
        mles: &[Self::Mle],
        eq: Option<&Self::Eq>,
        window: usize,
    ) -> Result<Self::Pending, BackendError> {
        let (a, b) = (ours(mles), oracles(mles));
        let eq_a = eq.map(Pair::ours);
        let ours = self
            .ours
            .round_sums(&mut queue.ours, summand, &a, eq_a, window)?;
        let eq_b = eq.map(Pair::oracle);
        let oracle = self
            .oracle
            .round_sums(&mut queue.oracle, summand, &b, eq_b, window)?;
        self.check_all(queue, "round_sums: source", mles)?;
        Ok(self.pending("round_sums", ours, oracle))
    }

    fn fold_and_sums(
        &self,
        queue: &mut Self::Queue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Self::Pending, BackendError> {
        let (mut a, mut b) = take(job.mles);
        let ours = self
            .ours
            .fold_and_sums(&mut queue.ours, &mut narrowed(job, &mut a, Pair::ours));
        let oracle = self
            .oracle
            .fold_and_sums(&mut queue.oracle, &mut narrowed(job, &mut b, Pair::oracle));
        put(job.mles, a, b);
        let pending = self.pending("fold_and_sums", ours?, oracle?);
        self.check_all(queue, "fold_and_sums: tables", job.mles)?;
        Ok(pending)
    }

    fn submit(
        &self,
        queue: &mut Self::Queue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<Self::Pending>, BackendError> {
        let (mut a, mut b): (Vec<_>, Vec<_>) = jobs.iter_mut().map(|job| take(tables(job))).unzip();
        let mut jobs_a: Vec<_> = jobs
            .iter()
            .zip(&mut a)
            .map(|(job, mles)| narrowed_job(job, mles, Pair::ours))
            .collect();
        let ours = self.ours.submit(&mut queue.ours, &mut jobs_a);
        let mut jobs_b: Vec<_> = jobs
            .iter()
            .zip(&mut b)
            .map(|(job, mles)| narrowed_job(job, mles, Pair::oracle))
            .collect();
        let oracle = self.oracle.submit(&mut queue.oracle, &mut jobs_b);
        for ((job, a), b) in jobs.iter_mut().zip(a).zip(b) {
            put(tables(job), a, b);
        }
        let (ours, oracle) = (ours?, oracle?);
        if ours.len() != jobs.len() {
            let message = format!("{} results of {} jobs", ours.len(), jobs.len());
            return Err(mismatch("submit", message));
        }
        for job in jobs.iter_mut() {
            self.check_all(queue, "submit: tables", tables(job))?;
        }
        let pairs = ours.into_iter().zip(oracle);
        Ok(pairs.map(|(a, b)| self.pending("submit", a, b)).collect())
    }
}

/// The tables of a job.
fn tables<'j, F: ChallengeField, P: ComputeBackend<F>>(
    job: &'j mut Job<'_, F, P>,
) -> &'j mut [P::Mle] {
    match job {
        Job::Round(round) => round.mles,
        Job::Tables { mles, .. } => mles,
    }
}

/// [`narrowed`] for a member of a submission.
fn narrowed_job<'a, F, C, P>(
    job: &'a Job<'_, F, P>,
    mles: &'a mut [C::Mle],
    eq: fn(&P::Eq) -> &C::Eq,
) -> Job<'a, F, C>
where
    F: ChallengeField,
    C: ComputeBackend<F>,
    P: ComputeBackend<F>,
{
    match job {
        Job::Round(round) => Job::Round(narrowed(round, mles, eq)),
        Job::Tables { fold, .. } => Job::Tables { mles, fold },
    }
}

/// A job as one of the two sees it, over its own tables.
fn narrowed<'a, F, C, P>(
    job: &'a RoundJob<'_, F, P>,
    mles: &'a mut [C::Mle],
    eq: fn(&P::Eq) -> &C::Eq,
) -> RoundJob<'a, F, C>
where
    F: ChallengeField,
    C: ComputeBackend<F>,
    P: ComputeBackend<F>,
{
    RoundJob {
        summand: job.summand,
        mles,
        eq: job.eq.map(eq),
        fold: job.fold,
        window: job.window,
    }
}
