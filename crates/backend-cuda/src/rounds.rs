//! Sumcheck rounds: fused kernels for the product of two tables, a general one for everything else.

use std::sync::Arc;

use prover_core::backend::window_points;
use prover_core::mle::eq_table;
use prover_core::round_poly::{MAX_DEGREE, grid_len, ones_index};
use prover_core::{BackendError, ComputeBackend, RoundJob, Summand};

use kernel_source::{EXTRA_POINTS, MAX_FOLDS, MAX_TABLES};

use crate::CudaBackend;
use crate::backend::{blocks_for, vars_left};
use crate::field::{CudaField, table_words};
use crate::params::Params;
use crate::stream::{Buffer, Region};
use crate::table::{CudaEq, CudaMle, CudaQueue, Part};

/// Most blocks of a round, each of which leaves a partial sum for every point.
const MAX_ROUND_BLOCKS: usize = 1 << 10;

/// What a job brings to the host: values, each with the regions that they lie in. The parts' places are
/// set when it is known what is copied before them.
pub(crate) struct Answer {
    pub(crate) values: Vec<(Vec<Region>, Part)>,
}

impl Answer {
    /// All values of tables.
    pub(crate) fn tables<F: CudaField>(queue: &CudaQueue, mles: &[CudaMle]) -> Self {
        let of_one = |mle: &CudaMle| {
            queue.assert_own(&mle.buffer);
            let part = Part {
                at: 0,
                len: 1 << mle.num_vars,
                skip: None,
                is_base: mle.is_base,
            };
            (mle.regions::<F>(), part)
        };
        Self {
            values: mles.iter().map(of_one).collect(),
        }
    }

    /// Sums that lie one after another, maybe without one of them.
    fn sums<F: CudaField>(buffer: Arc<Buffer>, len: usize, skip: Option<usize>) -> Self {
        let region = Region {
            buffer,
            first_word: 0,
            words: table_words::<F>(len),
        };
        let part = Part {
            at: 0,
            len,
            skip,
            is_base: false,
        };
        Self {
            values: vec![(vec![region], part)],
        }
    }
}

/// Partial sums of every block, point after point.
pub(crate) struct Partials {
    pub(crate) buffer: Arc<Buffer>,
    pub(crate) blocks: usize,
    pub(crate) points: usize,
}

/// The names of the fused kernels by window, without and with a fold.
const ROUND: [&str; 3] = ["round_w1", "round_w2", "round_w3"];
const FOLD_ROUND: [&str; 3] = ["fold_round_w1", "fold_round_w2", "fold_round_w3"];

impl CudaBackend {
    /// Folds a job's tables and sums; in one kernel if there is one.
    pub(crate) fn fold_then_sums<F: CudaField>(
        &self,
        queue: &mut CudaQueue,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Answer, BackendError> {
        let has_kernel = is_product(job.summand) && job.window <= F::LAYOUT.max_window();
        if has_kernel && (1..=MAX_FOLDS).contains(&job.fold.len()) {
            return self.product_sums(queue, job.mles, job.fold, job.eq, job.window);
        }
        ComputeBackend::<F>::fold(self, queue, job.mles, job.fold)?;
        self.sums(queue, (job.summand, job.window), job.mles, job.eq)
    }

    /// The sums of a window, of tables as they are.
    pub(crate) fn sums<F: CudaField>(
        &self,
        queue: &CudaQueue,
        (summand, window): (&Summand<F>, usize),
        mles: &[CudaMle],
        eq: Option<&CudaEq>,
    ) -> Result<Answer, BackendError> {
        if is_product(summand) && window <= F::LAYOUT.max_window() {
            // Without a fold nothing is written to them.
            let mut mles = mles.to_vec();
            return self.product_sums::<F>(queue, &mut mles, &[], eq, window);
        }
        self.general_sums(queue, (summand, window), mles, eq)
    }

    /// The product's sums, after a fold if there is one.
    fn product_sums<F: CudaField>(
        &self,
        queue: &CudaQueue,
        mles: &mut [CudaMle],
        fold: &[F],
        eq: Option<&CudaEq>,
        window: usize,
    ) -> Result<Answer, BackendError> {
        let [a, b] = mles else {
            panic!("{} tables do not fit a summand of 2", mles.len());
        };
        assert_eq!(a.num_vars, b.num_vars, "tables differ in size");
        let num_vars = vars_left(a, fold.len());
        let shape = Shape::new(queue, (2, window), num_vars, eq, [&*a, &*b]);
        let targets = match fold {
            [] => None,
            _ => Some([
                a.fold_target::<F>(&queue.stream, num_vars)?,
                b.fold_target::<F>(&queue.stream, num_vars)?,
            ]),
        };
        let partials = self.partials::<F>(queue, shape.points, num_vars - window)?;
        let params = b.source(a.source(Params::new()));
        let of = |number: fn(&CudaMle) -> u64| match &targets {
            Some(targets) => targets.each_ref().map(number),
            None => [0, 0],
        };
        let params = params.nums(of(|mle| mle.buffer.address()));
        let params = shape.eq(params.nums(of(|mle| mle.stride as u64)), eq);
        let params = params.num(partials.buffer.address()).size(num_vars);
        let params = params.size(fold.len()).num(u64::from(shape.skip.is_some()));
        let params = params.elements(&eq_table(fold, F::ONE), 1 << MAX_FOLDS);
        let names = if targets.is_some() { FOLD_ROUND } else { ROUND };
        self.launch_grid::<F>(queue, names[window - 1], (partials.blocks, 1), &params)?;
        if let Some([to_a, to_b]) = targets {
            *a = to_a;
            *b = to_b;
        }
        self.reduced::<F>(queue, partials, shape.skip)
    }

    /// The sums of any summand.
    fn general_sums<F: CudaField>(
        &self,
        queue: &CudaQueue,
        (summand, window): (&Summand<F>, usize),
        mles: &[CudaMle],
        eq: Option<&CudaEq>,
    ) -> Result<Answer, BackendError> {
        let count = summand.num_tables();
        assert_eq!(mles.len(), count, "tables do not fit the summand");
        assert!(count <= MAX_TABLES, "a summand of {count} tables");
        let num_vars = mles.first().map_or(0, |mle| mle.num_vars);
        assert!(
            mles.iter().all(|mle| mle.num_vars == num_vars),
            "tables differ in size"
        );
        let degree = summand.degree();
        let shape = Shape::new(queue, (degree, window), num_vars, eq, mles);
        let terms = self.upload_terms(queue, summand)?;
        let partials = self.partials::<F>(queue, shape.points, num_vars - window)?;
        let params = mles
            .iter()
            .fold(Params::new(), |params, mle| mle.source(params));
        let unused = 3 * (MAX_TABLES - count);
        let params = (0..unused).fold(params, |params, _| params.num(0));
        let params = params.num(terms.address()).size(summand.terms().len());
        let params = shape.eq(params.size(degree), eq);
        let params = params.num(partials.buffer.address());
        let params = params.size(num_vars).size(window);
        let extra: Vec<F> = (0..EXTRA_POINTS).map(F::extra_point).collect();
        let params = params.elements(&extra, EXTRA_POINTS);
        let grid = (partials.blocks, partials.points);
        self.launch_grid::<F>(queue, "round_terms", grid, &params)?;
        self.reduced::<F>(queue, partials, shape.skip)
    }

    /// A summand's terms as `round_terms` reads them.
    fn upload_terms<F: CudaField>(
        &self,
        queue: &CudaQueue,
        summand: &Summand<F>,
    ) -> Result<Arc<Buffer>, BackendError> {
        let width = F::LAYOUT.words;
        let term_words = width + 1 + MAX_DEGREE;
        let mut words = vec![0; term_words * summand.terms().len()];
        for (out, term) in words.chunks_exact_mut(term_words).zip(summand.terms()) {
            term.coeff.write(&mut out[..width]);
            out[width] = term.factors.len() as u32;
            for (place, &factor) in out[width + 1..].iter_mut().zip(&term.factors) {
                *place = factor as u32;
            }
        }
        let buffer = queue.stream.alloc(words.len())?;
        let fill = |range, out: &mut [u32]| out.copy_from_slice(&words[range]);
        queue.stream.upload(&buffer, words.len(), fill)?;
        Ok(buffer)
    }

    /// Room for partial sums over `2^vars` items.
    pub(crate) fn partials<F: CudaField>(
        &self,
        queue: &CudaQueue,
        points: usize,
        vars: usize,
    ) -> Result<Partials, BackendError> {
        let blocks = blocks_for(1 << vars, MAX_ROUND_BLOCKS);
        Ok(Partials {
            buffer: queue.stream.alloc(table_words::<F>(points * blocks))?,
            blocks,
            points,
        })
    }

    /// Adds up partial sums.
    pub(crate) fn reduced<F: CudaField>(
        &self,
        queue: &CudaQueue,
        partials: Partials,
        skip: Option<usize>,
    ) -> Result<Answer, BackendError> {
        let Partials {
            buffer,
            blocks,
            points,
        } = partials;
        if blocks == 1 {
            return Ok(Answer::sums::<F>(buffer, points, skip));
        }
        let sums = queue.stream.alloc(table_words::<F>(points))?;
        let params = Params::new().num(buffer.address()).num(sums.address());
        let params = params.size(blocks);
        self.launch_grid::<F>(queue, "reduce_partials", (points, 1), &params)?;
        Ok(Answer::sums::<F>(sums, points, skip))
    }
}

fn is_product<F: CudaField>(summand: &Summand<F>) -> bool {
    *summand == Summand::product()
}

/// What a round sums over.
struct Shape {
    points: usize,
    /// The point that a claim implies, which no kernel computes.
    skip: Option<usize>,
    /// Coordinates that the weights of an item cover.
    eq_vars: usize,
}

impl Shape {
    /// # Panics
    /// As [`window_points`]; or if a table is another queue's.
    fn new<'a>(
        queue: &CudaQueue,
        (degree, window): (usize, usize),
        num_vars: usize,
        eq: Option<&CudaEq>,
        mles: impl IntoIterator<Item = &'a CudaMle>,
    ) -> Self {
        for mle in mles {
            queue.assert_own(&mle.buffer);
        }
        if let Some(eq) = eq {
            queue.assert_own(&eq.buffer);
        }
        let eq_vars = eq.map_or(0, |eq| eq.num_vars);
        let (_, implied) = window_points(degree, window, num_vars, eq_vars);
        Self {
            points: grid_len(degree, window),
            skip: implied.then(|| ones_index(degree, window)),
            eq_vars: eq_vars.min(num_vars - window),
        }
    }

    /// The members `eq`, `eq_used` and `eq_vars` of a round's parameters.
    fn eq(&self, params: Params, eq: Option<&CudaEq>) -> Params {
        let params = match eq {
            Some(eq) => eq.tables(params).num(1),
            None => params.nums([0; 4]),
        };
        params.size(self.eq_vars)
    }
}
