//! Folds and rounds of sumcheck: choosing kernels, cutting work, keeping tables.

use core::marker::PhantomData;
use core::ops::Range;
use std::sync::Arc;

use prover_core::window_points;
use prover_core::{BackendError, ChallengeField, ComputeBackend, DeviceMle, RoundJob, Summand};

use crate::CpuBackend;
use crate::eq::{CpuEq, Weights};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::in_block;
use crate::interpret::{Blocks, Plan};
use crate::memory::Buffer;
use crate::product::{self, BaseSource, ExtSource, Source};
use crate::table::{CpuMle, Data, num_blocks};
use crate::zerocheck::Zerocheck;

/// Blocks that a chunk has at least: below twice this a round runs on the caller's thread alone.
/// About 1 us of work for M31, what a helper that is awake takes to join and to be waited for.
pub(crate) const MIN_CHUNK: usize = 16;

/// A table under a fold: where to read and where to write, by address.
pub(crate) struct Target<F: CpuField> {
    pub(crate) from: From<F>,
    pub(crate) dst: Destination<F>,
}

pub(crate) enum From<F: CpuField> {
    Base(*const F::BaseBlock),
    Ext(*const F::Block),
}

impl<F: CpuField> Clone for From<F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F: CpuField> Copy for From<F> {}
impl<F: CpuField> Clone for Target<F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F: CpuField> Copy for Target<F> {}

// SAFETY: the addresses are of blocks, which are `Send` and `Sync`; who reads and writes which
// position is settled by the unsafe functions that use them.
unsafe impl<F: CpuField> Send for Target<F> {}
// SAFETY: as above.
unsafe impl<F: CpuField> Sync for Target<F> {}

/// Where to write a table for the first time, by address.
#[derive(Clone, Copy)]
pub(crate) struct Destination<F: CpuField>(pub(crate) *mut F::Block);

// SAFETY: as of `Target`.
unsafe impl<F: CpuField> Send for Destination<F> {}
// SAFETY: as of `Target`.
unsafe impl<F: CpuField> Sync for Destination<F> {}

impl<F: CpuField> Destination<F> {
    /// A source that reads elsewhere and writes here.
    pub(crate) fn base<A: ArithOf<F>>(self, src: *const F::BaseBlock) -> BaseSource<A> {
        BaseSource {
            src,
            dst: self.0,
            arith: PhantomData,
        }
    }

    /// The same for a challenge-field table.
    pub(crate) fn ext<A: ArithOf<F>>(self, src: *const F::Block) -> ExtSource<A> {
        ExtSource {
            src,
            dst: self.0,
            arith: PhantomData,
        }
    }
}

/// Folds a range of positions of one table.
pub struct Bind<F: CpuField> {
    target: Target<F>,
    half: usize,
    range: Range<usize>,
    challenge: F,
}

impl<F: CpuField> Kernel<F> for Bind<F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let r = a.scalar(self.challenge);
        match self.target.from {
            From::Base(src) => {
                let source = self.target.dst.base::<A>(src);
                for i in self.range {
                    // SAFETY: the maker of the kernel gave it a range of its own below `half`.
                    unsafe { source.bind(a, i, self.half, &r) };
                }
            }
            From::Ext(src) => {
                let source = self.target.dst.ext::<A>(src);
                for i in self.range {
                    // SAFETY: as above.
                    unsafe { source.bind(a, i, self.half, &r) };
                }
            }
        }
    }
}

/// Folds and sums a range of positions of two tables.
pub struct Fused<'a, F: CpuField> {
    targets: [Target<F>; 2],
    quarter: usize,
    range: Range<usize>,
    challenge: F,
    weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> Fused<'_, F> {
    #[inline(always)]
    fn with<A: ArithOf<F>>(self, a: A, t0: impl Source<A>, t1: impl Source<A>) -> product::Sums<F> {
        let r = a.scalar(self.challenge);
        let (quarter, range) = (self.quarter, self.range);
        // SAFETY: the maker of the kernel gave it a range of its own below `quarter`.
        unsafe { product::fold_and_sums::<A>(a, t0, t1, quarter, &r, range, self.weights) }
    }
}

impl<F: CpuField> Kernel<F> for Fused<'_, F> {
    type Out = product::Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> product::Sums<F> {
        let [t0, t1] = self.targets;
        match (t0.from, t1.from) {
            (From::Base(s0), From::Base(s1)) => {
                self.with(a, t0.dst.base::<A>(s0), t1.dst.base::<A>(s1))
            }
            (From::Ext(s0), From::Ext(s1)) => {
                self.with(a, t0.dst.ext::<A>(s0), t1.dst.ext::<A>(s1))
            }
            // The product commutes.
            (From::Base(s0), From::Ext(s1)) => {
                self.with(a, t0.dst.base::<A>(s0), t1.dst.ext::<A>(s1))
            }
            (From::Ext(s0), From::Base(s1)) => {
                self.with(a, t1.dst.base::<A>(s1), t0.dst.ext::<A>(s0))
            }
        }
    }
}

/// Sums a product over a range of pairs.
pub struct ProductSums<'a, F: CpuField, const ONE: bool> {
    tables: [&'a CpuMle<F>; 2],
    range: Range<usize>,
    weights: Option<&'a [F::Block]>,
}

impl<'a, F: CpuField, const ONE: bool> ProductSums<'a, F, ONE> {
    fn new(
        tables: [&'a CpuMle<F>; 2],
        range: Range<usize>,
        weights: Option<&'a [F::Block]>,
    ) -> Self {
        Self {
            tables,
            range,
            weights,
        }
    }
}

impl<F: CpuField, const ONE: bool> Kernel<F> for ProductSums<'_, F, ONE> {
    type Out = product::Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> product::Sums<F> {
        let tables = self.tables.map(blocks_of::<F, A>);
        product::sums::<A, ONE>(a, tables, self.range, self.weights)
    }
}

/// Sums any summand over a range of the open blocks.
pub struct Interpret<'a, F: CpuField> {
    plan: &'a Plan<'a, F>,
    tables: &'a [CpuMle<F>],
    range: Range<usize>,
    weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> Kernel<F> for Interpret<'_, F> {
    type Out = Vec<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Vec<F> {
        let tables: Vec<_> = self.tables.iter().map(blocks_of::<F, A>).collect();
        self.plan.sums(a, &tables, self.range, self.weights)
    }
}

/// A table's blocks, typed for an arithmetic.
#[inline(always)]
pub(crate) fn blocks_of<F: CpuField, A>(mle: &CpuMle<F>) -> Blocks<'_, A>
where
    A: ArithOf<F>,
{
    match &mle.data {
        Data::Base(blocks) => Blocks::Base(blocks),
        Data::Ext(blocks) => Blocks::Ext(blocks),
        Data::Gates(_) | Data::Bound(_) => {
            unreachable!("the seam builds a table before a kernel reads it")
        }
    }
}

/// Whether the summand is one product of tables 0 and 1, up to its coefficient.
pub(crate) fn is_product<F: ChallengeField>(summand: &Summand<F>) -> bool {
    let both = |f: &[usize]| f == [0, 1] || f == [1, 0];
    summand.num_tables() == 2 && summand.terms().len() == 1 && both(&summand.terms()[0].factors)
}

/// Sums `(0, infinity, 1)` in the order and number in which the seam wants them.
pub(crate) fn in_order<F: ChallengeField>(
    [zero, infinity, one]: [F; 3],
    with_one: bool,
    coeff: F,
) -> Vec<F> {
    let sums = match with_one {
        true => vec![zero, one, infinity],
        false => vec![zero, infinity],
    };
    match coeff.is_one() {
        true => sums,
        false => sums.into_iter().map(|sum| sum * coeff).collect(),
    }
}

pub(crate) fn plus<F: ChallengeField>(
    x: product::Sums<F>,
    y: product::Sums<F>,
) -> product::Sums<F> {
    core::array::from_fn(|i| x[i] + y[i])
}

/// A round's sums times an outer weight.
pub(crate) fn scaled<F: ChallengeField>(sums: product::Sums<F>, scale: F) -> product::Sums<F> {
    sums.map(|sum| sum * scale)
}

impl CpuBackend {
    /// The weights of the blocks of a round: those of the last `min(k, open)` variables.
    pub(crate) fn weights_of<'e, F: CpuField>(
        &self,
        eq: Option<&'e CpuEq<F>>,
        open: usize,
    ) -> Result<Weights<'e, F>, BackendError> {
        match eq {
            Some(eq) if eq.num_vars() == 0 => Ok(Weights::None),
            // Many rows have each weight: kernels walk down columns of them.
            Some(eq) if eq.num_vars() < open => Ok(Weights::Blocks(self.whole_eq(eq)?)),
            Some(eq) => Ok(eq.suffix(open)),
            None => Ok(Weights::None),
        }
    }

    /// Folds one table once.
    pub(crate) fn fold_once<F: CpuField>(
        &self,
        mle: &mut CpuMle<F>,
        challenge: F,
    ) -> Result<(), BackendError> {
        assert!(mle.num_vars > 0, "a table of no variables cannot be folded");
        let half = (1usize << (mle.num_vars - 1)) / F::WIDTH;
        if half == 0 {
            return self.fold_in_block(mle, challenge);
        }
        self.folding(mle, |target| {
            let chunk = self.exec.part_len(half, MIN_CHUNK);
            self.exec.map(half, chunk, |range| {
                let bind = Bind {
                    target,
                    half,
                    range,
                    challenge,
                };
                F::bind(self.level, bind);
            });
            Ok(())
        })
    }

    /// Lets `fill` fold a table by address, then makes its handle that of the result.
    pub(crate) fn folding<F: CpuField, T>(
        &self,
        mle: &mut CpuMle<F>,
        fill: impl FnOnce(Target<F>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let len = num_blocks::<F>(mle.num_vars - 1);
        if let Data::Ext(blocks) = &mut mle.data
            && let Some(own) = Arc::get_mut(blocks)
        {
            let dst = Destination::<F>(own.values_mut().as_mut_ptr());
            let from = From::Ext(dst.0.cast_const());
            let out = fill(Target { from, dst })?;
            own.values_mut().truncate(len);
            mle.num_vars -= 1;
            return Ok(out);
        }
        let mut target: Buffer<F::Block> = Buffer::with_capacity(&self.budget, len)?;
        let dst = Destination(target.values_mut().as_mut_ptr());
        let from = match &mle.data {
            Data::Base(blocks) => From::Base(blocks.as_ptr()),
            Data::Ext(blocks) => From::Ext(blocks.as_ptr()),
            Data::Gates(_) | Data::Bound(_) => {
                unreachable!("the seam builds a table before it is folded")
            }
        };
        let out = fill(Target { from, dst })?;
        // SAFETY: a fold that succeeds writes every one of the `len` blocks, which the capacity covers.
        unsafe { target.values_mut().set_len(len) };
        *mle = CpuMle::ext(mle.num_vars - 1, target);
        Ok(out)
    }

    /// The sums of a window.
    pub(crate) fn sums<F: CpuField>(
        &self,
        summand: &Summand<F>,
        mles: &[CpuMle<F>],
        eq: Option<&CpuEq<F>>,
        window: usize,
    ) -> Result<Vec<F>, BackendError> {
        let n = check_tables(summand, mles);
        let eq_vars = eq.map_or(0, CpuEq::num_vars);
        let (_, implied) = window_points(summand.degree(), window, n, eq_vars);
        let open = (1usize << (n - window)) / F::WIDTH;
        if open == 0 {
            return Ok(in_block::sums_in_block(summand, mles, eq, window, implied));
        }
        let weights = self.weights_of(eq, n - window)?;
        let chunk = self.exec.part_len(open, MIN_CHUNK);
        if window == 1 && is_product(summand) {
            let tables = [&mles[0], &mles[1]];
            let coeff = summand.terms()[0].coeff;
            let kernel = |range, weights: Option<&[F::Block]>| match implied {
                true => F::product_sums(self.level, ProductSums::new(tables, range, weights)),
                false => {
                    F::product_sums_with_one(self.level, ProductSums::new(tables, range, weights))
                }
            };
            let work = |range| weights.sums(range, kernel, scaled, plus);
            let sums = self.exec.sum(open, chunk, work, plus);
            return Ok(in_order(sums, !implied, coeff));
        }
        if window == 1
            && let Some(zerocheck) = Zerocheck::of(summand)
            && let Some(sums) = self.zerocheck_sums(&zerocheck, mles, weights)
        {
            return Ok(in_order(sums, !implied, zerocheck.coeff));
        }
        let plan = Plan::new(summand, window, implied);
        let kernel = |range, weights: Option<&[F::Block]>| {
            let kernel = Interpret {
                plan: &plan,
                tables: mles,
                range,
                weights,
            };
            F::interpret(self.level, kernel)
        };
        let scale = |sums: Vec<F>, by: F| sums.into_iter().map(|sum| sum * by).collect();
        let add = |sum: Vec<F>, part: Vec<F>| sum.iter().zip(&part).map(|(&x, &y)| x + y).collect();
        let work = |range| weights.sums(range, kernel, scale, add);
        Ok(self.exec.sum(open, chunk, work, add))
    }

    /// Folds, then sums; in one pass where there is a kernel for it.
    pub(crate) fn folded_sums<F: CpuField>(
        &self,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Result<Vec<F>, BackendError>
    where
        Self: ComputeBackend<F, Mle = CpuMle<F>, Eq = CpuEq<F>>,
    {
        if job.window == 1
            && is_product(job.summand)
            && let Some(sums) = self.gate_round(job.mles, job.fold, job.eq)?
        {
            let coeff = job.summand.terms()[0].coeff;
            return Ok(in_order(sums, false, coeff));
        }
        self.build(job.mles)?;
        if job.window == 1
            && is_product(job.summand)
            && let Some(sums) = self.round_in_block(job)
        {
            return Ok(sums);
        }
        let zerocheck = Zerocheck::of(job.summand);
        let is_fused = job.window == 1 && (is_product(job.summand) || zerocheck.is_some());
        let split = job.fold.len().saturating_sub(usize::from(is_fused));
        let (before, last) = job.fold.split_at(split);
        for mle in job.mles.iter_mut() {
            for &challenge in before {
                self.fold_once(mle, challenge)?;
            }
        }
        let n = check_tables(job.summand, job.mles);
        if let &[challenge] = last
            && n >= 2
            && (1usize << (n - 2)) >= F::WIDTH
        {
            let eq_vars = job.eq.map_or(0, CpuEq::num_vars);
            let (_, implied) = window_points(job.summand.degree(), 1, n - 1, eq_vars);
            let weights = self.weights_of(job.eq, n - 2)?;
            if let Some(zerocheck) = zerocheck {
                if let Some(sums) =
                    self.zerocheck_fused(&zerocheck, job.mles, challenge, weights)?
                {
                    return Ok(in_order(sums, !implied, zerocheck.coeff));
                }
            } else if implied {
                let coeff = job.summand.terms()[0].coeff;
                let sums = self.fused(job.mles, challenge, weights)?;
                return Ok(in_order(sums, false, coeff));
            }
        }
        for mle in job.mles.iter_mut() {
            for &challenge in last {
                self.fold_once(mle, challenge)?;
            }
        }
        self.sums(job.summand, job.mles, job.eq, job.window)
    }

    fn fused<F: CpuField>(
        &self,
        mles: &mut [CpuMle<F>],
        challenge: F,
        weights: Weights<'_, F>,
    ) -> Result<product::Sums<F>, BackendError> {
        let [t0, t1] = mles else {
            unreachable!("a product has two tables");
        };
        let quarter = num_blocks::<F>(t0.num_vars) / 4;
        let chunk = self.exec.part_len(quarter, MIN_CHUNK);
        self.folding(t0, |target0| {
            self.folding(t1, |target1| {
                let kernel = |range, weights: Option<&[F::Block]>| {
                    let kernel = Fused {
                        targets: [target0, target1],
                        quarter,
                        range,
                        challenge,
                        weights,
                    };
                    F::fused(self.level, kernel)
                };
                let work = |range| weights.sums(range, kernel, scaled, plus);
                Ok(self.exec.sum(quarter, chunk, work, plus))
            })
        })
    }
}

/// The tables' number of variables.
///
/// # Panics
/// If they differ or are not as many as the summand's.
fn check_tables<F: CpuField>(summand: &Summand<F>, mles: &[CpuMle<F>]) -> usize {
    let want = summand.num_tables();
    assert_eq!(mles.len(), want, "tables do not fit the summand");
    let n = mles.first().map_or(0, DeviceMle::num_vars);
    let same = mles.iter().all(|mle| mle.num_vars == n);
    assert!(same, "tables of different sizes");
    n
}
