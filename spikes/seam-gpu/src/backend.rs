//! The seam over a [`Device`].

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prover_core::mle::eq_table;
use prover_core::{
    BackendError, BackendInfo, ComputeBackend, Job, JobShape, RoundJob, Summand, Unsupported,
};

use crate::device::{Device, Region};
use crate::field::{GpuField, pack, pack_base, parameter_words};
use crate::kernel::{Kernel, Launch, MAX_BLOCKS, MAX_FOLDS, MAX_WINDOW, blocks_for};
use crate::table::{GpuEq, GpuMle, GpuPending, GpuQueue, Part};

/// The largest half of an eq point that the kernels' parameters hold.
const MAX_HALF: usize = 16;

/// The backend of field `F` on a device.
pub struct GpuBackend<F, D: Device> {
    pub(crate) device: D,
    info: BackendInfo,
    queues: AtomicU64,
    /// Bound where a kernel variant has no use for a buffer.
    pub(crate) nothing: Arc<D::Buffer>,
    field: PhantomData<fn() -> F>,
}

impl<F: GpuField, D: Device> GpuBackend<F, D> {
    /// A backend on `device`, which must have `F`'s kernels.
    ///
    /// # Errors
    /// If the device has no memory at all.
    pub fn new(device: D) -> Result<Self, BackendError> {
        let (name, description) = device.describe();
        let info = BackendInfo {
            name,
            device: description,
            threads: 1,
            base_bytes: 4 * F::BASE_WORDS,
            challenge_bytes: 4 * F::WORDS,
        };
        let nothing = device.alloc(F::WORDS)?;
        Ok(Self {
            device,
            info,
            queues: AtomicU64::new(0),
            nothing,
            field: PhantomData,
        })
    }

    /// The device, for its counters.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Memory for a table of the challenge field.
    fn alloc_table(&self, queue: &GpuQueue<D>, num_vars: usize) -> Result<GpuMle<D>, BackendError> {
        let buffer = self.device.alloc(F::WORDS << num_vars)?;
        Ok(GpuMle::new(buffer, queue.id, num_vars, false))
    }

    /// Where a fold writes: the table itself if nobody shares it and its elements keep their size.
    pub(crate) fn fold_target(
        &self,
        queue: &GpuQueue<D>,
        mle: &GpuMle<D>,
        num_vars: usize,
    ) -> Result<GpuMle<D>, BackendError> {
        let same_size = !mle.base || F::BASE_WORDS == F::WORDS;
        if !(D::IN_PLACE && same_size && mle.is_unshared()) {
            return self.alloc_table(queue, num_vars);
        }
        let mut target = GpuMle::new(Arc::clone(&mle.buffer), mle.queue, num_vars, false);
        target.stride = mle.stride;
        Ok(target)
    }

    /// Folds one table by at most [`MAX_FOLDS`] challenges.
    fn fold_one(
        &self,
        queue: &mut GpuQueue<D>,
        mle: &mut GpuMle<D>,
        challenges: &[F],
    ) -> Result<(), BackendError> {
        let num_vars = vars_left(mle, challenges.len());
        let target = self.fold_target(queue, mle, num_vars)?;
        let mut params = vec![
            num_vars as u32,
            challenges.len() as u32,
            mle.stride as u32,
            target.stride as u32,
            u32::from(mle.base),
        ];
        params.extend(fold_weights(challenges));
        self.device.launch(
            &mut queue.stream,
            Launch {
                kernel: Kernel::Fold,
                blocks: blocks_for(1 << num_vars, MAX_BLOCKS),
                buffers: vec![Arc::clone(&mle.buffer), Arc::clone(&target.buffer)],
                params,
            },
        )?;
        *mle = target;
        Ok(())
    }

    /// The tables of both halves of a point, the first half scaled.
    fn eq_halves(
        &self,
        queue: &mut GpuQueue<D>,
        point: &[F],
        scale: F,
    ) -> Result<GpuEq<D>, BackendError> {
        let lo_vars = point.len() / 2;
        let (hi, lo) = point.split_at(point.len() - lo_vars);
        assert!(
            hi.len() <= MAX_HALF,
            "eq point of more than {} coordinates",
            2 * MAX_HALF
        );
        let stride = (2 << lo.len()) + (2 << hi.len());
        let buffer = self.device.alloc(stride * F::WORDS)?;
        for (half, first_entry, scale) in [(lo, 0, F::ONE), (hi, 2 << lo.len(), scale)] {
            let mut params = vec![half.len() as u32, first_entry, stride as u32];
            let mut elements = vec![scale];
            elements.extend(half);
            elements.resize(1 + MAX_HALF, F::ZERO);
            params.extend(parameter_words(&elements));
            self.device.launch(
                &mut queue.stream,
                Launch {
                    kernel: Kernel::EqSuffixes,
                    blocks: blocks_for(2 << half.len(), MAX_BLOCKS),
                    buffers: vec![Arc::clone(&buffer)],
                    params,
                },
            )?;
        }
        Ok(GpuEq {
            buffer,
            queue: queue.id,
            num_vars: point.len(),
            lo_vars,
            stride,
        })
    }

    /// Brings whole tables to the host as one pending.
    fn fetch_tables(
        &self,
        queue: &mut GpuQueue<D>,
        mles: &[GpuMle<D>],
    ) -> Result<GpuPending<F, D>, BackendError> {
        let mut regions: Vec<Region<D::Buffer>> = Vec::new();
        let mut parts = Vec::new();
        let mut at = 0;
        for mle in mles {
            assert_queue(queue.id, mle.queue);
            parts.push(Part {
                at,
                len: 1 << mle.num_vars,
                skip: None,
                base: mle.base,
            });
            let table = mle.regions::<F>();
            at += table.iter().map(|r| r.words.len()).sum::<usize>();
            regions.extend(table);
        }
        let fetch = self.device.fetch(&mut queue.stream, &regions)?;
        Ok(GpuPending::new(Arc::new(fetch), parts))
    }
}

/// Eq of the challenges, which are the weights of a fold, padded to the kernels' array.
pub(crate) fn fold_weights<F: GpuField>(challenges: &[F]) -> Vec<u32> {
    let mut weights = eq_table(challenges, F::ONE);
    weights.resize(1 << MAX_FOLDS, F::ZERO);
    parameter_words(&weights)
}

/// Variables of a table after binding some.
///
/// # Panics
/// If it has fewer.
pub(crate) fn vars_left<D: Device>(mle: &GpuMle<D>, bound: usize) -> usize {
    mle.num_vars
        .checked_sub(bound)
        .expect("a table has fewer variables than challenges")
}

/// Tables do not travel between queues: nothing would order the work.
pub(crate) fn assert_queue(queue: u64, table: u64) {
    assert_eq!(queue, table, "a table or eq factor of another queue");
}

impl<F: GpuField, D: Device> ComputeBackend<F> for GpuBackend<F, D> {
    type Mle = GpuMle<D>;
    type Eq = GpuEq<D>;
    type Queue = GpuQueue<D>;
    type Pending = GpuPending<F, D>;

    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn admits(&self, job: &JobShape) -> Result<(), Unsupported> {
        let most = self.device.max_buffer_bytes();
        let bytes = (self.info.challenge_bytes as u64).checked_shl(job.num_vars);
        match bytes {
            Some(bytes) if bytes <= most => Ok(()),
            _ => Err(Unsupported {
                backend: self.info.name.into(),
                field: job.field,
                num_vars: job.num_vars,
                reason: format!("a buffer holds at most {most} bytes"),
            }),
        }
    }

    fn max_window(&self, _summand: &Summand<F>, _num_vars: usize, _folds: usize) -> usize {
        // 27 sums of eight words do not fit in registers; the kernel exists for the tests.
        if F::WORDS > 4 { 2 } else { MAX_WINDOW }
    }

    fn open_queue(&self) -> Result<Self::Queue, BackendError> {
        Ok(GpuQueue {
            id: self.queues.fetch_add(1, Ordering::Relaxed),
            stream: self.device.open()?,
        })
    }

    fn upload(&self, queue: &mut Self::Queue, values: &[F]) -> Result<Self::Mle, BackendError> {
        let mle = self.alloc_table(queue, log2(values.len()))?;
        self.device
            .write(&mut queue.stream, &mle.buffer, pack(values))?;
        Ok(mle)
    }

    fn upload_base(
        &self,
        queue: &mut Self::Queue,
        values: &[F::Base],
    ) -> Result<Self::Mle, BackendError> {
        let num_vars = log2(values.len());
        let buffer = self.device.alloc(F::BASE_WORDS << num_vars)?;
        self.device
            .write(&mut queue.stream, &buffer, pack_base::<F>(values))?;
        Ok(GpuMle::new(buffer, queue.id, num_vars, true))
    }

    fn download(
        &self,
        queue: &mut Self::Queue,
        mles: &[Self::Mle],
    ) -> Result<Self::Pending, BackendError> {
        self.fetch_tables(queue, mles)
    }

    fn eq_mle(
        &self,
        queue: &mut Self::Queue,
        terms: &[(F, &[F])],
    ) -> Result<Self::Mle, BackendError> {
        let num_vars = terms.first().expect("at least one term").1.len();
        let mle = self.alloc_table(queue, num_vars)?;
        for (k, &(scale, point)) in terms.iter().enumerate() {
            assert_eq!(point.len(), num_vars, "points differ in length");
            let eq = self.eq_halves(queue, point, scale)?;
            self.device.launch(
                &mut queue.stream,
                Launch {
                    kernel: Kernel::EqOuter,
                    blocks: blocks_for(1 << num_vars, MAX_BLOCKS),
                    buffers: vec![eq.buffer, Arc::clone(&mle.buffer)],
                    params: vec![
                        num_vars as u32,
                        eq.lo_vars as u32,
                        eq.stride as u32,
                        mle.stride as u32,
                        u32::from(k > 0),
                    ],
                },
            )?;
        }
        Ok(mle)
    }

    fn prepare_eq(&self, queue: &mut Self::Queue, point: &[F]) -> Result<Self::Eq, BackendError> {
        self.eq_halves(queue, point, F::ONE)
    }

    fn bind_innermost(
        &self,
        queue: &mut Self::Queue,
        mle: &Self::Mle,
        point: &[F],
    ) -> Result<Self::Mle, BackendError> {
        assert_queue(queue.id, mle.queue);
        let num_vars = vars_left(mle, point.len());
        let weights = self.eq_mle(queue, &[(F::ONE, point)])?;
        let target = self.alloc_table(queue, num_vars)?;
        self.device.launch(
            &mut queue.stream,
            Launch {
                kernel: Kernel::BindInnermost,
                blocks: blocks_for(1 << num_vars, MAX_BLOCKS),
                buffers: vec![
                    Arc::clone(&mle.buffer),
                    weights.buffer,
                    Arc::clone(&target.buffer),
                ],
                params: vec![
                    num_vars as u32,
                    point.len() as u32,
                    mle.stride as u32,
                    weights.stride as u32,
                    target.stride as u32,
                    u32::from(mle.base),
                ],
            },
        )?;
        Ok(target)
    }

    fn fold(
        &self,
        queue: &mut Self::Queue,
        mles: &mut [Self::Mle],
        challenges: &[F],
    ) -> Result<(), BackendError> {
        for mle in mles {
            assert_queue(queue.id, mle.queue);
            for some in challenges.chunks(MAX_FOLDS) {
                self.fold_one(queue, mle, some)?;
            }
        }
        Ok(())
    }

    fn round_sums(
        &self,
        queue: &mut Self::Queue,
        summand: &Summand<F>,
        mles: &[Self::Mle],
        eq: Option<&Self::Eq>,
        window: usize,
    ) -> Result<Self::Pending, BackendError> {
        self.sums_of_tables(queue, summand, mles, eq, window)
    }

    fn fold_and_sums(
        &self,
        queue: &mut Self::Queue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Self::Pending, BackendError> {
        let mut pending = self.rounds(queue, &mut [job])?;
        Ok(pending.swap_remove(0))
    }

    /// Rounds are one submission with one copy back; tables follow one by one (this is a spike).
    fn submit(
        &self,
        queue: &mut Self::Queue,
        jobs: &mut [Job<'_, F, Self>],
    ) -> Result<Vec<Self::Pending>, BackendError> {
        let mut rounds = Vec::new();
        let mut tables = Vec::new();
        for (index, job) in jobs.iter_mut().enumerate() {
            match job {
                Job::Round(round) => rounds.push((index, round)),
                Job::Tables { mles, fold } => {
                    self.fold(queue, mles, fold)?;
                    tables.push((index, self.fetch_tables(queue, mles)?));
                }
            }
        }
        let (indices, mut rounds): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
        let mut results: Vec<_> = indices
            .into_iter()
            .zip(self.rounds(queue, &mut rounds)?)
            .collect();
        results.append(&mut tables);
        results.sort_by_key(|&(index, _)| index);
        Ok(results.into_iter().map(|(_, pending)| pending).collect())
    }
}

/// The number of variables of a table.
fn log2(len: usize) -> usize {
    assert!(len.is_power_of_two(), "a table has 2^n values, not {len}");
    len.trailing_zeros() as usize
}
