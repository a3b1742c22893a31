//! The backend under test, and a queue of it with the words the laws use.

use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_core::{
    ChallengeField, ComputeBackend, DeviceMle, LayerBackend, Pending, RoundJob, Summand,
    Unavailable,
};

use crate::failure::{Failure, ensure};
use crate::fixture::HostTable;
use crate::lockstep::LockstepBackend;

/// What the suite asks of a backend when it opens one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuiteOptions {
    /// Bytes that the backend may take for everything it keeps on the device; `None`: no limit.
    ///
    /// A backend that cannot be limited answers [`Unavailable`], and the law is skipped.
    pub memory_limit: Option<u64>,
}

/// Opens the backend under test.
pub type Open<B> = dyn Fn(&SuiteOptions) -> Result<B, Unavailable> + Send + Sync;

/// A backend under test.
pub struct Subject<F: ChallengeField, B: LayerBackend<F>> {
    open: Box<Open<B>>,
    backend: Arc<B>,
    max_vars: usize,
    field: core::marker::PhantomData<F>,
}

impl<F: ChallengeField, B: LayerBackend<F>> Subject<F, B> {
    /// Opens a backend to put under test.
    ///
    /// # Errors
    /// If it is not to be had on this machine.
    pub fn open(
        open: impl Fn(&SuiteOptions) -> Result<B, Unavailable> + Send + Sync + 'static,
    ) -> Result<Self, Unavailable> {
        Ok(Self {
            backend: Arc::new(open(&SuiteOptions::default())?),
            open: Box::new(open),
            max_vars: crate::MAX_VARS,
            field: core::marker::PhantomData,
        })
    }

    /// The same with tables of at most `2^max_vars` values, for quick runs.
    #[must_use]
    pub fn with_max_vars(self, max_vars: usize) -> Self {
        Self { max_vars, ..self }
    }

    /// Variables of the largest tables to try.
    pub fn max_vars(&self) -> usize {
        self.max_vars
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Another backend, of limited memory.
    ///
    /// # Errors
    /// If the backend cannot be limited.
    pub fn open_limited(&self, bytes: u64) -> Result<B, Unavailable> {
        (self.open)(&SuiteOptions {
            memory_limit: Some(bytes),
        })
    }

    /// The backend and the oracle side by side.
    pub fn lockstep(&self) -> LockstepBackend<F, B, ReferenceBackend> {
        LockstepBackend::new(Arc::clone(&self.backend), Arc::new(ReferenceBackend::new()))
    }

    /// A queue of the backend.
    ///
    /// # Errors
    /// The backend's.
    pub fn session(&self) -> Result<Session<'_, F, B>, Failure> {
        Session::new(&self.backend)
    }

    /// Numbers of variables to try: all up to `dense`, then a few up to `largest`.
    pub fn sizes(&self, dense: usize, largest: usize) -> Vec<usize> {
        let largest = largest.min(self.max_vars);
        (0..=largest)
            .filter(|&n| n <= dense || n == largest || n % 3 == 2)
            .collect()
    }
}

/// A backend with one of its queues.
pub struct Session<'a, F: ChallengeField, B: ComputeBackend<F>> {
    /// The backend.
    pub backend: &'a B,
    /// The queue.
    pub queue: B::Queue,
}

impl<'a, F: ChallengeField, B: ComputeBackend<F>> Session<'a, F, B> {
    /// Opens a queue.
    ///
    /// # Errors
    /// The backend's.
    pub fn new(backend: &'a B) -> Result<Self, Failure> {
        Ok(Self {
            backend,
            queue: backend.open_queue()?,
        })
    }

    /// Uploads a table in its own field.
    ///
    /// # Errors
    /// The backend's, or if the handle describes another table.
    pub fn upload(&mut self, table: &HostTable<F>) -> Result<B::Mle, Failure> {
        let (mle, len, base) = match table {
            HostTable::Base(values) => (
                self.backend.upload_base(&mut self.queue, values)?,
                values.len(),
                true,
            ),
            HostTable::Challenge(values) => (
                self.backend.upload(&mut self.queue, values)?,
                values.len(),
                false,
            ),
        };
        ensure(
            1 << mle.num_vars() == len && mle.is_base() == base,
            format_args!("a handle that does not describe what was uploaded"),
        )?;
        Ok(mle)
    }

    /// Uploads several tables.
    ///
    /// # Errors
    /// As [`Session::upload`].
    pub fn upload_all(&mut self, tables: &[HostTable<F>]) -> Result<Vec<B::Mle>, Failure> {
        tables.iter().map(|table| self.upload(table)).collect()
    }

    /// Downloads a table.
    ///
    /// # Errors
    /// The backend's.
    pub fn read(&mut self, mle: &B::Mle) -> Result<Vec<F>, Failure> {
        self.read_all(core::slice::from_ref(mle))
    }

    /// Downloads tables, one after another.
    ///
    /// # Errors
    /// The backend's.
    pub fn read_all(&mut self, mles: &[B::Mle]) -> Result<Vec<F>, Failure> {
        Ok(self.backend.download(&mut self.queue, mles)?.wait()?)
    }

    /// Folds tables in place.
    ///
    /// # Errors
    /// The backend's.
    pub fn fold(&mut self, mles: &mut [B::Mle], challenges: &[F]) -> Result<(), Failure> {
        Ok(self.backend.fold(&mut self.queue, mles, challenges)?)
    }

    /// The sums of a window, with the eq factor of `point` if there is one.
    ///
    /// # Errors
    /// The backend's.
    pub fn sums(
        &mut self,
        summand: &Summand<F>,
        mles: &[B::Mle],
        point: Option<&[F]>,
        window: usize,
    ) -> Result<Vec<F>, Failure> {
        let eq = self.prepare(point)?;
        let sums = self
            .backend
            .round_sums(&mut self.queue, summand, mles, eq.as_ref(), window)?;
        Ok(sums.wait()?)
    }

    /// Folds, then sums, by the one operation for both.
    ///
    /// # Errors
    /// The backend's.
    pub fn fold_and_sums(
        &mut self,
        summand: &Summand<F>,
        mles: &mut [B::Mle],
        point: Option<&[F]>,
        fold: &[F],
        window: usize,
    ) -> Result<Vec<F>, Failure> {
        let eq = self.prepare(point)?;
        let mut job = RoundJob {
            summand,
            mles,
            eq: eq.as_ref(),
            fold,
            window,
        };
        let sums = self.backend.fold_and_sums(&mut self.queue, &mut job)?;
        Ok(sums.wait()?)
    }

    /// Makes an eq factor ready, if there is a point.
    ///
    /// # Errors
    /// The backend's.
    pub fn prepare(&mut self, point: Option<&[F]>) -> Result<Option<B::Eq>, Failure> {
        let eq = point.map(|point| self.backend.prepare_eq(&mut self.queue, point));
        Ok(eq.transpose()?)
    }
}
