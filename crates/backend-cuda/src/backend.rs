//! The operations on tables.

use std::sync::Arc;

use prover_core::mle::eq_table;
use prover_core::{
    BackendError, BackendInfo, ComputeBackend, DeviceMle as _, FieldId, Job, JobShape, RoundJob,
    Summand, Unsupported,
};
use prover_fields::FieldSpec;

use kernel_source::{BLOCK_THREADS, Layout, MAX_FOLDS, MAX_HALF, MAX_TABLES};

use crate::CudaBackend;
use crate::field::{CudaField, base_words, table_words, write_base_table, write_table};
use crate::params::Params;
use crate::rounds::Answer;
use crate::stream::Stream;
use crate::table::{CudaEq, CudaMle, CudaPending, CudaQueue, Part, Shared};

/// Most blocks of a kernel that goes through a table; all go on with the next element of their own.
const MAX_BLOCKS: usize = 1 << 12;

/// Blocks for `items` independent items, at most `most`.
pub(crate) fn blocks_for(items: usize, most: usize) -> usize {
    items.div_ceil(BLOCK_THREADS).clamp(1, most)
}

/// Who this is, per field.
pub(crate) fn infos(device: &str) -> [BackendInfo; FieldId::ALL.len()] {
    FieldId::ALL.map(|id| {
        let layout = Layout::of(&FieldSpec::of(id));
        BackendInfo {
            name: "cuda",
            device: device.into(),
            threads: 1,
            base_bytes: (4 * layout.base_words).div_ceil(layout.base_per_run),
            challenge_bytes: 4 * layout.words,
        }
    })
}

impl<F: CudaField> ComputeBackend<F> for CudaBackend {
    type Mle = CudaMle;
    type Eq = CudaEq;
    type Queue = CudaQueue;
    type Pending = CudaPending<F>;

    fn info(&self) -> &BackendInfo {
        &self.infos[F::ID as usize - 1]
    }

    fn admits(&self, job: &JobShape) -> Result<(), Unsupported> {
        let refuse = |reason: String| Unsupported {
            backend: "cuda".into(),
            field: job.field,
            num_vars: job.num_vars,
            reason,
        };
        let limit = self.context.limit_bytes();
        if job.peak_bytes > limit {
            return Err(refuse(format!(
                "{} bytes needed, {limit} allowed",
                job.peak_bytes
            )));
        }
        match job.summands.iter().find(|s| s.num_tables > MAX_TABLES) {
            Some(shape) => Err(refuse(format!(
                "a summand of {} tables, at most {MAX_TABLES} are supported",
                shape.num_tables
            ))),
            None => Ok(()),
        }
    }

    fn prepare(&self, _job: &JobShape) -> Result<(), BackendError> {
        self.module(F::ID).map(|_| ())
    }

    fn max_window(&self, summand: &Summand<F>, _num_vars: usize, _folds: usize) -> usize {
        match *summand == Summand::product() {
            true => F::LAYOUT.max_window(),
            false => 1,
        }
    }

    fn open_queue(&self) -> Result<CudaQueue, BackendError> {
        Ok(CudaQueue {
            stream: Stream::open(&self.context)?,
        })
    }

    fn upload(&self, queue: &mut CudaQueue, values: &[F]) -> Result<CudaMle, BackendError> {
        let mle = CudaMle::alloc::<F>(&queue.stream, log2(values.len()))?;
        let words = table_words::<F>(values.len());
        let fill = |range, out: &mut [u32]| write_table(values, range, out);
        queue.stream.upload(&mle.buffer, words, fill)?;
        Ok(mle)
    }

    fn upload_base(
        &self,
        queue: &mut CudaQueue,
        values: &[F::Base],
    ) -> Result<CudaMle, BackendError> {
        let mle = CudaMle::alloc_base::<F>(&queue.stream, log2(values.len()))?;
        let words = base_words::<F>(values.len());
        let fill = |range, out: &mut [u32]| write_base_table::<F>(values, range, out);
        queue.stream.upload(&mle.buffer, words, fill)?;
        Ok(mle)
    }

    fn download(
        &self,
        queue: &mut CudaQueue,
        mles: &[CudaMle],
    ) -> Result<CudaPending<F>, BackendError> {
        let answer = Answer::tables::<F>(queue, mles);
        let mut pendings = self.answer(queue, vec![answer])?;
        Ok(pendings.remove(0))
    }

    fn eq_mle(&self, queue: &mut CudaQueue, terms: &[(F, &[F])]) -> Result<CudaMle, BackendError> {
        assert!(!terms.is_empty(), "an eq table of no terms");
        let n = terms[0].1.len();
        assert!(
            terms.iter().all(|(_, point)| point.len() == n),
            "points differ in length"
        );
        let mle = CudaMle::alloc::<F>(&queue.stream, n)?;
        for (k, &(scale, point)) in terms.iter().enumerate() {
            let eq = self.eq_halves(queue, point, scale)?;
            let params = eq.tables(Params::new()).num(mle.buffer.address());
            let params = params.size(n).size(mle.stride).num(u64::from(k > 0));
            self.launch::<F>(queue, "eq_outer", 1 << n, &params)?;
        }
        Ok(mle)
    }

    fn prepare_eq(&self, queue: &mut CudaQueue, point: &[F]) -> Result<CudaEq, BackendError> {
        self.eq_halves(queue, point, F::ONE)
    }

    fn bind_innermost(
        &self,
        queue: &mut CudaQueue,
        mle: &CudaMle,
        point: &[F],
    ) -> Result<CudaMle, BackendError> {
        let (n, k) = (mle.num_vars(), point.len());
        assert!(k <= n, "cannot bind {k} of {n} variables");
        queue.assert_own(&mle.buffer);
        let weights = self.eq_mle(queue, &[(F::ONE, point)])?;
        let out = CudaMle::alloc::<F>(&queue.stream, n - k)?;
        let params = mle.source(Params::new());
        let params = params.num(weights.buffer.address()).size(weights.stride);
        let params = params.num(out.buffer.address()).size(out.stride);
        let params = params.size(n - k).size(k);
        self.launch::<F>(queue, "bind_innermost", 1 << (n - k), &params)?;
        Ok(out)
    }

    fn fold(
        &self,
        queue: &mut CudaQueue,
        mles: &mut [CudaMle],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        for mle in mles.iter() {
            vars_left(mle, challenges.len());
            queue.assert_own(&mle.buffer);
        }
        for challenges in challenges.chunks(MAX_FOLDS) {
            for mle in mles.iter_mut() {
                self.fold_one(queue, mle, challenges)?;
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        queue: &mut CudaQueue,
        summand: &Summand<F>,
        mles: &[CudaMle],
        eq: Option<&CudaEq>,
        window: usize,
    ) -> Result<CudaPending<F>, BackendError> {
        let answer = self.sums(queue, (summand, window), mles, eq)?;
        let mut pendings = self.answer(queue, vec![answer])?;
        Ok(pendings.remove(0))
    }

    fn fold_and_sums(
        &self,
        queue: &mut CudaQueue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<CudaPending<F>, BackendError> {
        let answer = self.fold_then_sums(queue, job)?;
        let mut pendings = self.answer(queue, vec![answer])?;
        Ok(pendings.remove(0))
    }

    fn submit(
        &self,
        queue: &mut CudaQueue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<CudaPending<F>>, BackendError> {
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(match job {
                Job::Round(round) => self.fold_then_sums(queue, round)?,
                Job::Tables { mles, fold } => {
                    self.fold(queue, mles, fold)?;
                    Answer::tables::<F>(queue, mles)
                }
            });
        }
        self.answer(queue, answers)
    }
}

impl CudaBackend {
    /// Enqueues a kernel for so many independent items.
    pub(crate) fn launch<F: CudaField>(
        &self,
        queue: &CudaQueue,
        kernel: &'static str,
        items: usize,
        params: &Params,
    ) -> Result<(), BackendError> {
        self.launch_grid::<F>(queue, kernel, (blocks_for(items, MAX_BLOCKS), 1), params)
    }

    /// Enqueues a kernel on a grid of blocks.
    pub(crate) fn launch_grid<F: CudaField>(
        &self,
        queue: &CudaQueue,
        kernel: &'static str,
        grid: (usize, usize),
        params: &Params,
    ) -> Result<(), BackendError> {
        let function = self.module(F::ID)?.function(kernel);
        // SAFETY: each caller writes its kernel's struct, member by member; the memory is the queue's
        // (`assert_own`), or a wiring's or coefficients', which wait for the device before they free it.
        unsafe { queue.stream.launch(function, grid, params) }
    }

    /// Folds one table by at most [`MAX_FOLDS`] challenges.
    fn fold_one<F: CudaField>(
        &self,
        queue: &CudaQueue,
        mle: &mut CudaMle,
        challenges: &[F],
    ) -> Result<(), BackendError> {
        let num_vars = vars_left(mle, challenges.len());
        let target = mle.fold_target::<F>(&queue.stream, num_vars)?;
        let params = mle.source(Params::new());
        let params = params.num(target.buffer.address()).size(target.stride);
        let params = params.size(num_vars).size(challenges.len());
        let params = params.elements(&eq_table(challenges, F::ONE), 1 << MAX_FOLDS);
        self.launch::<F>(queue, "fold", 1 << num_vars, &params)?;
        *mle = target;
        Ok(())
    }

    /// The tables of both halves of a point, the first half scaled.
    pub(crate) fn eq_halves<F: CudaField>(
        &self,
        queue: &CudaQueue,
        point: &[F],
        scale: F,
    ) -> Result<CudaEq, BackendError> {
        let lo_vars = point.len() / 2;
        let (hi, lo) = point.split_at(point.len() - lo_vars);
        assert!(
            hi.len() <= MAX_HALF,
            "an eq point of more than {} coordinates",
            2 * MAX_HALF
        );
        let stride = (2 << lo.len()) + (2 << hi.len());
        let buffer = queue.stream.alloc(table_words::<F>(stride))?;
        // The whole of an empty point is its last half.
        let (lo_scale, hi_scale) = match point {
            [] => (scale, F::ONE),
            _ => (F::ONE, scale),
        };
        let halves = [(lo, 0, lo_scale), (hi, 2 << lo.len(), hi_scale)];
        for (half, first_entry, scale) in halves {
            let params = Params::new().num(buffer.address()).size(half.len());
            let params = params.size(first_entry).size(stride);
            let elements: Vec<F> = [scale].iter().chain(half).copied().collect();
            let params = params.elements(&elements, 1 + MAX_HALF);
            self.launch::<F>(queue, "eq_suffixes", 2 << half.len(), &params)?;
        }
        Ok(CudaEq {
            buffer,
            num_vars: point.len(),
            lo_vars,
            stride,
        })
    }

    /// Brings the answers of one submission to the host in one copy.
    pub(crate) fn answer<F: CudaField>(
        &self,
        queue: &CudaQueue,
        answers: Vec<Answer>,
    ) -> Result<Vec<CudaPending<F>>, BackendError> {
        let mut regions = Vec::new();
        let mut parts = Vec::with_capacity(answers.len());
        let mut at = 0;
        for answer in answers {
            let mut of_one = Vec::new();
            for (values, part) in answer.values {
                of_one.push(Part { at, ..part });
                at += values.iter().map(|region| region.words).sum::<usize>();
                regions.extend(values);
            }
            parts.push(of_one);
        }
        let shared = Shared::new(&queue.stream, queue.stream.fetch(&regions)?);
        let pending = |parts| CudaPending::new(Arc::clone(&shared), parts);
        Ok(parts.into_iter().map(pending).collect())
    }
}

/// Variables left after binding some.
///
/// # Panics
/// If there are not so many.
pub(crate) fn vars_left(mle: &CudaMle, folds: usize) -> usize {
    let n = mle.num_vars();
    assert!(folds <= n, "cannot fold {folds} of {n} variables");
    n - folds
}

fn log2(len: usize) -> usize {
    assert!(
        len.is_power_of_two(),
        "a table of {len} values is no power of two"
    );
    len.ilog2() as usize
}
