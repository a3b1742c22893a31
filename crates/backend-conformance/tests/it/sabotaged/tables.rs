//! The seam's operations on tables and rounds.

use backend_reference::Queue;
use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, Job, RoundJob, Summand,
};

use super::Sabotaged;
use super::handles::{Cell, Point, Table, Values};
use crate::defect::Defect;

impl<F: ChallengeField> ComputeBackend<F> for Sabotaged {
    type Mle = Table<F>;
    type Eq = Point<F>;
    type Queue = Queue;
    type Pending = Values<F>;

    fn info(&self) -> &BackendInfo {
        ComputeBackend::<F>::info(&self.inner)
    }

    fn max_window(&self, summand: &Summand<F>, num_vars: usize, folds: usize) -> usize {
        self.inner.max_window(summand, num_vars, folds)
    }

    fn open_queue(&self) -> Result<Queue, BackendError> {
        ComputeBackend::<F>::open_queue(&self.inner)
    }

    fn upload(&self, q: &mut Queue, values: &[F]) -> Result<Table<F>, BackendError> {
        let values = match self.has(Defect::MisfitAnswered) {
            true => &values[..1 << values.len().ilog2()],
            false => values,
        };
        let table = self.inner.upload(q, values);
        if self.has(Defect::OutOfMemoryPanics) {
            return Ok(self.cell(table.unwrap()));
        }
        Ok(self.cell(table?))
    }

    fn upload_base(&self, q: &mut Queue, values: &[F::Base]) -> Result<Table<F>, BackendError> {
        Ok(self.cell(self.inner.upload_base(q, values)?))
    }

    fn download(&self, q: &mut Queue, mles: &[Table<F>]) -> Result<Values<F>, BackendError> {
        let mles: Vec<_> = mles.iter().map(Cell::get).collect();
        Ok(self.pending(self.inner.download(q, &mles)?))
    }

    fn eq_mle(&self, q: &mut Queue, terms: &[(F, &[F])]) -> Result<Table<F>, BackendError> {
        let mut terms = terms.to_vec();
        if self.has(Defect::EqForgetsLaterTerms) {
            terms.truncate(2);
        }
        if let Some(last) = terms
            .last_mut()
            .filter(|_| self.has(Defect::EqForgetsScale))
        {
            last.0 = F::ONE;
        }
        Ok(self.cell(self.inner.eq_mle(q, &terms)?))
    }

    fn prepare_eq(&self, q: &mut Queue, point: &[F]) -> Result<Point<F>, BackendError> {
        Ok(Point {
            point: point.to_vec(),
            inner: self.inner.prepare_eq(q, point)?,
        })
    }

    fn bind_innermost(
        &self,
        q: &mut Queue,
        mle: &Table<F>,
        point: &[F],
    ) -> Result<Table<F>, BackendError> {
        if self.has(Defect::BindTakesTheFirstVariables) && !point.is_empty() {
            let mut mles = [mle.get()];
            self.inner.fold(q, &mut mles, point)?;
            let [bound] = mles;
            return Ok(self.cell(bound));
        }
        Ok(self.cell(self.inner.bind_innermost(q, &mle.get(), point)?))
    }

    fn fold(
        &self,
        q: &mut Queue,
        mles: &mut [Table<F>],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        for mle in mles {
            let folded = self.fold_one(q, mle.get(), challenges)?;
            if mle.shared {
                mle.set(folded);
            } else {
                *mle = self.cell(folded);
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        q: &mut Queue,
        summand: &Summand<F>,
        mles: &[Table<F>],
        eq: Option<&Point<F>>,
        window: usize,
    ) -> Result<Values<F>, BackendError> {
        let mles: Vec<_> = mles.iter().map(Cell::get).collect();
        Ok(self.pending(self.sums(q, summand, &mles, eq, window)?))
    }

    fn fold_and_sums(
        &self,
        q: &mut Queue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Values<F>, BackendError> {
        let mut stale: Vec<_> = job.mles.iter().map(Cell::get).collect();
        self.inner
            .fold(q, &mut stale, &vec![F::ZERO; job.fold.len()])?;
        self.fold(q, job.mles, job.fold)?;
        let sums = self.round_sums(q, job.summand, job.mles, job.eq, job.window)?;
        if self.has(Defect::FusedTablesAreStale) && !job.fold.is_empty() {
            let last = job.mles.len() - 1;
            job.mles[last] = self.cell(stale[last].clone());
        }
        if self.has(Defect::FusedSumsAreStale) && !job.fold.is_empty() {
            let stale = self.sums(q, job.summand, &stale, job.eq, job.window)?;
            return Ok(self.pending(stale));
        }
        Ok(sums)
    }

    fn submit(
        &self,
        q: &mut Queue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<Values<F>>, BackendError> {
        let mixes = self.has(Defect::SubmissionMixesChallenges);
        let mut first: Vec<Vec<F>> = Vec::new();
        let mut results = Vec::new();
        for job in jobs.iter_mut() {
            let own = match job {
                Job::Round(round) => round.fold.to_vec(),
                Job::Tables { fold, .. } => fold.to_vec(),
            };
            let seen = first
                .iter()
                .position(|fold| mixes && fold.len() == own.len());
            first.push(own);
            let fold = first[seen.unwrap_or(first.len() - 1)].clone();
            results.push(match job {
                Job::Round(round) => {
                    let (summand, eq, window) = (round.summand, round.eq, round.window);
                    let (mles, fold) = (&mut *round.mles, fold.as_slice());
                    let mut round = RoundJob {
                        summand,
                        mles,
                        eq,
                        fold,
                        window,
                    };
                    self.fold_and_sums(q, &mut round)?
                }
                Job::Tables { mles, .. } => {
                    self.fold(q, mles, &fold)?;
                    self.download(q, mles)?
                }
            });
        }
        if self.has(Defect::SubmissionSwapsResults) && results.len() > 4 {
            results.swap(3, 4);
        }
        Ok(results)
    }
}
