//! The oracle under another name, whose values arrive late and in wrong numbers if asked for.

use backend_reference::{EqPoint, Mle, Queue, ReferenceBackend};
use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, Job, Pending, Summand,
};

/// What is returned in the wrong number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    Sums,
    Tables,
    Answers,
}

/// The oracle with a lie.
pub(crate) struct Odd {
    inner: ReferenceBackend,
    info: BackendInfo,
    /// What is returned in the wrong number.
    pub(crate) lie: Lie,
    /// Whether there is one more than there should be, or one less.
    pub(crate) more: bool,
    /// Polls before values arrive; they must be asked for as often.
    pub(crate) polls: usize,
    /// The longest window that it takes.
    pub(crate) widest: usize,
}

impl Odd {
    pub(crate) fn new(lie: Lie, more: bool) -> Self {
        let inner = ReferenceBackend::new();
        let info = BackendInfo {
            name: "odd",
            ..ComputeBackend::<prover_fields::Bn254>::info(&inner).clone()
        };
        Self {
            inner,
            info,
            lie,
            more,
            polls: 0,
            widest: 3,
        }
    }

    fn pending<F: ChallengeField>(&self, mut values: Vec<F>, lies: bool) -> Late<F> {
        match (lies, self.more) {
            (true, true) => values.push(F::ONE),
            (true, false) => values.truncate(values.len() - 1),
            (false, _) => {}
        }
        Late {
            values,
            polls: self.polls,
        }
    }
}

/// Values that arrive after some polls.
pub(crate) struct Late<F> {
    values: Vec<F>,
    polls: usize,
}

impl<F: ChallengeField> Pending<F> for Late<F> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        let arrived = self.polls == 0;
        self.polls = self.polls.saturating_sub(1);
        Ok(arrived.then(|| core::mem::take(&mut self.values)))
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        assert_eq!(self.polls, 0, "poll said that the values are there");
        Ok(self.values)
    }
}

impl<F: ChallengeField> ComputeBackend<F> for Odd {
    type Mle = Mle<F>;
    type Eq = EqPoint<F>;
    type Queue = Queue;
    type Pending = Late<F>;

    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn max_window(&self, _summand: &Summand<F>, _num_vars: usize, _folds: usize) -> usize {
        self.widest
    }

    fn open_queue(&self) -> Result<Queue, BackendError> {
        ComputeBackend::<F>::open_queue(&self.inner)
    }

    fn upload(&self, queue: &mut Queue, values: &[F]) -> Result<Mle<F>, BackendError> {
        self.inner.upload(queue, values)
    }

    fn upload_base(&self, queue: &mut Queue, values: &[F::Base]) -> Result<Mle<F>, BackendError> {
        self.inner.upload_base(queue, values)
    }

    fn download(&self, queue: &mut Queue, mles: &[Mle<F>]) -> Result<Late<F>, BackendError> {
        let values = self.inner.download(queue, mles)?.wait()?;
        Ok(self.pending(values, self.lie == Lie::Tables))
    }

    fn eq_mle(&self, queue: &mut Queue, terms: &[(F, &[F])]) -> Result<Mle<F>, BackendError> {
        self.inner.eq_mle(queue, terms)
    }

    fn prepare_eq(&self, queue: &mut Queue, point: &[F]) -> Result<EqPoint<F>, BackendError> {
        self.inner.prepare_eq(queue, point)
    }

    fn bind_innermost(
        &self,
        queue: &mut Queue,
        mle: &Mle<F>,
        point: &[F],
    ) -> Result<Mle<F>, BackendError> {
        self.inner.bind_innermost(queue, mle, point)
    }

    fn fold(
        &self,
        queue: &mut Queue,
        mles: &mut [Mle<F>],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        self.inner.fold(queue, mles, challenges)
    }

    fn round_sums(
        &self,
        queue: &mut Queue,
        summand: &Summand<F>,
        mles: &[Mle<F>],
        eq: Option<&EqPoint<F>>,
        window: usize,
    ) -> Result<Late<F>, BackendError> {
        assert!(window <= self.widest, "a longer window than it takes");
        let sums = self.inner.round_sums(queue, summand, mles, eq, window)?;
        Ok(self.pending(sums.wait()?, self.lie == Lie::Sums))
    }

    fn submit(
        &self,
        queue: &mut Queue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<Late<F>>, BackendError> {
        let mut answers = Vec::new();
        for job in jobs {
            answers.push(match job {
                Job::Round(round) => self.fold_and_sums(queue, round)?,
                Job::Tables { mles, fold } => {
                    self.fold(queue, mles, fold)?;
                    self.download(queue, mles)?
                }
            });
        }
        match (self.lie == Lie::Answers, self.more) {
            (true, true) => answers.push(self.pending(vec![F::ONE], false)),
            (true, false) => drop(answers.pop()),
            (false, _) => {}
        }
        Ok(answers)
    }
}
