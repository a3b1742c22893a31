//! Rounds of the product summand: one launch per job, one more to add up partial sums where a job
//! takes several blocks, and one copy to the host for all jobs.

use std::sync::Arc;

use prover_core::round_poly::{grid_len, ones_index};
use prover_core::{BackendError, RoundJob, Summand, window_points};

use crate::backend::{GpuBackend, assert_queue, fold_weights, vars_left};
use crate::device::{Device, Region};
use crate::field::GpuField;
use crate::kernel::{Kernel, Launch, MAX_FOLDS, MAX_ROUND_BLOCKS, MAX_WINDOW, blocks_for};
use crate::table::{GpuEq, GpuMle, GpuPending, GpuQueue, Part};

const DEGREE: usize = 2;

/// One job's tables after its fold, and the window to sum.
struct Sums<'a, F, D: Device> {
    /// Tables before the fold.
    sources: [&'a GpuMle<D>; 2],
    /// Where the folded tables go; `None` without fold.
    targets: Option<[&'a GpuMle<D>; 2]>,
    fold: &'a [F],
    eq: Option<&'a GpuEq<D>>,
    window: usize,
}

/// Sums on the device: `partials[point * blocks + block]`.
struct Partials<B> {
    buffer: Arc<B>,
    blocks: usize,
    points: usize,
    skip: Option<usize>,
}

impl<F: GpuField, D: Device> GpuBackend<F, D> {
    /// The seam's `round_sums`.
    pub(crate) fn sums_of_tables(
        &self,
        queue: &mut GpuQueue<D>,
        summand: &Summand<F>,
        mles: &[GpuMle<D>],
        eq: Option<&GpuEq<D>>,
        window: usize,
    ) -> Result<GpuPending<F, D>, BackendError> {
        let sums = Sums {
            sources: two_tables(summand, mles),
            targets: None,
            fold: &[],
            eq,
            window,
        };
        let partials = self.launch_sums(queue, &sums)?;
        let mut pending = self.finish(queue, vec![partials])?;
        Ok(pending.swap_remove(0))
    }

    /// The rounds of a submission: all jobs' sums, then all reductions, then one copy.
    ///
    /// The order matters where the driver orders launches by the buffers they touch: sums of
    /// different jobs share none that is written.
    pub(crate) fn rounds(
        &self,
        queue: &mut GpuQueue<D>,
        jobs: &mut [&mut RoundJob<'_, F, Self>],
    ) -> Result<Vec<GpuPending<F, D>>, BackendError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut partials = Vec::with_capacity(jobs.len());
        for job in jobs.iter_mut() {
            partials.push(self.launch_job(queue, job)?);
        }
        self.finish(queue, partials)
    }

    fn launch_job(
        &self,
        queue: &mut GpuQueue<D>,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Partials<D::Buffer>, BackendError> {
        // The kernel folds at most MAX_FOLDS variables; a longer list is folded ahead.
        let (ahead, fold) = job.fold.split_at(job.fold.len().saturating_sub(MAX_FOLDS));
        prover_core::ComputeBackend::fold(self, queue, job.mles, ahead)?;
        let sources = two_tables(job.summand, job.mles);
        let targets = match fold.is_empty() {
            true => None,
            false => {
                let num_vars = vars_left(sources[0], fold.len());
                Some([
                    self.fold_target(queue, sources[0], num_vars)?,
                    self.fold_target(queue, sources[1], num_vars)?,
                ])
            }
        };
        let partials = self.launch_sums(
            queue,
            &Sums {
                sources,
                targets: targets.as_ref().map(|[a, b]| [a, b]),
                fold,
                eq: job.eq,
                window: job.window,
            },
        )?;
        if let Some([a, b]) = targets {
            job.mles[0] = a;
            job.mles[1] = b;
        }
        Ok(partials)
    }

    fn launch_sums(
        &self,
        queue: &mut GpuQueue<D>,
        sums: &Sums<'_, F, D>,
    ) -> Result<Partials<D::Buffer>, BackendError> {
        let [a, b] = sums.sources;
        assert_eq!(a.num_vars, b.num_vars, "tables differ in size");
        assert_queue(queue.id, a.queue);
        assert_queue(queue.id, b.queue);
        let num_vars = vars_left(a, sums.fold.len());
        let eq_vars = sums.eq.map_or(0, |eq| eq.num_vars);
        let (_, implied) = window_points(DEGREE, sums.window, num_vars, eq_vars);
        assert!(sums.window <= MAX_WINDOW, "no kernel for this window");
        let points = grid_len(DEGREE, sums.window);
        let blocks = blocks_for(1 << (num_vars - sums.window), MAX_ROUND_BLOCKS);
        let buffer = self.device.alloc(points * blocks * F::WORDS)?;
        let eq_buffer = match sums.eq {
            Some(eq) => {
                assert_queue(queue.id, eq.queue);
                &eq.buffer
            }
            None => &self.nothing,
        };
        let mut buffers = vec![&a.buffer, &b.buffer, eq_buffer];
        let kernel = match sums.targets {
            None => Kernel::Round(sums.window),
            Some([to_a, to_b]) => {
                buffers.extend([&to_a.buffer, &to_b.buffer]);
                Kernel::FoldRound(sums.window)
            }
        };
        buffers.push(&buffer);
        let launch = Launch {
            kernel,
            blocks,
            buffers: buffers.into_iter().map(Arc::clone).collect(),
            params: round_params(sums, num_vars, implied),
        };
        self.device.launch(&mut queue.stream, launch)?;
        Ok(Partials {
            buffer,
            blocks,
            points,
            skip: implied.then(|| ones_index(DEGREE, sums.window)),
        })
    }

    /// Adds up partial sums and brings the results of all jobs to the host in one piece.
    fn finish(
        &self,
        queue: &mut GpuQueue<D>,
        jobs: Vec<Partials<D::Buffer>>,
    ) -> Result<Vec<GpuPending<F, D>>, BackendError> {
        let mut regions = Vec::with_capacity(jobs.len());
        let mut parts = Vec::with_capacity(jobs.len());
        let mut at = 0;
        for job in jobs {
            let words = job.points * F::WORDS;
            let buffer = match job.blocks {
                1 => job.buffer,
                _ => self.reduce(queue, &job)?,
            };
            regions.push(Region {
                buffer,
                words: 0..words,
            });
            parts.push(Part {
                at,
                len: job.points,
                skip: job.skip,
                base: false,
            });
            at += words;
        }
        let fetch = Arc::new(self.device.fetch(&mut queue.stream, &regions)?);
        Ok(parts
            .into_iter()
            .map(|part| GpuPending::new(Arc::clone(&fetch), vec![part]))
            .collect())
    }

    fn reduce(
        &self,
        queue: &mut GpuQueue<D>,
        job: &Partials<D::Buffer>,
    ) -> Result<Arc<D::Buffer>, BackendError> {
        let results = self.device.alloc(job.points * F::WORDS)?;
        let launch = Launch {
            kernel: Kernel::ReducePartials,
            blocks: job.points,
            buffers: vec![Arc::clone(&job.buffer), Arc::clone(&results)],
            params: vec![job.blocks as u32],
        };
        self.device.launch(&mut queue.stream, launch)?;
        Ok(results)
    }
}

/// The two tables of the product summand.
///
/// # Panics
/// For other summands: this is a spike.
fn two_tables<'a, F: GpuField, D: Device>(
    summand: &Summand<F>,
    mles: &'a [GpuMle<D>],
) -> [&'a GpuMle<D>; 2] {
    assert_eq!(
        *summand,
        Summand::product(),
        "the spike has kernels for T_0 * T_1 only"
    );
    match mles {
        [a, b] => [a, b],
        _ => panic!("{} tables do not fit the product summand", mles.len()),
    }
}

fn round_params<F: GpuField, D: Device>(
    sums: &Sums<'_, F, D>,
    num_vars: usize,
    implied: bool,
) -> Vec<u32> {
    let [a, b] = sums.sources;
    let [to_a, to_b] = sums
        .targets
        .map_or([0, 0], |[to_a, to_b]| [to_a.stride, to_b.stride]);
    let eq = sums.eq.map_or([0; 4], |eq| {
        let covered = eq.num_vars.min(num_vars - sums.window);
        [1, covered, eq.lo_vars, eq.stride]
    });
    let numbers = [num_vars, sums.fold.len(), a.stride, b.stride];
    let mut params: Vec<u32> = numbers.iter().map(|&number| number as u32).collect();
    params.extend([u32::from(a.base), u32::from(b.base)]);
    params.extend([to_a as u32, to_b as u32]);
    params.extend(eq.map(|number| number as u32));
    params.push(u32::from(implied));
    params.extend(fold_weights(sums.fold));
    params
}
