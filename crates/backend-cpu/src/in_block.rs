//! Rounds that leave tables of a block: the last ones of every sumcheck.

use std::sync::Arc;

use prover_core::{BackendError, ComputeBackend, RoundJob, Summand, window_points};

use crate::CpuBackend;
use crate::arith::{Lanes, Plain};
use crate::eq::CpuEq;
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gather::all_lanes;
use crate::interpret::{Blocks, Plan};
use crate::product::{self, Sums};
use crate::rounds::{in_order, is_product};
use crate::table::{CpuMle, Data};

/// Folds two tables of one block or two, into their first, and sums their product.
pub struct BlockRound<'a, F: CpuField> {
    tables: [&'a mut [F::Block]; 2],
    challenge: F,
    /// Pairs of lanes after the fold.
    open: usize,
    weights: Option<&'a F::Block>,
}

/// The lanes from `by` on, `by` of them, in the first lanes.
#[inline(always)]
fn upper<F: CpuField>(block: &F::Block, by: usize) -> F::Block {
    let mut upper = F::Block::gather(&[F::ZERO]);
    for lane in 0..by {
        upper.copy_lane(lane, block, lane + by);
    }
    upper
}

impl<F: CpuField> Kernel<F> for BlockRound<'_, F> {
    /// At 0 and infinity.
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(mut self, a: A) -> Sums<F> {
        let (r, open) = (a.scalar(self.challenge), self.open);
        for table in &mut self.tables {
            let high = match &**table {
                [low] => upper::<F>(low, 2 * open),
                blocks => blocks[1],
            };
            let folded = a.fold(a.load(&table[0]), a.load(&high), &r);
            // Lanes beyond a short table are zero.
            a.set(a.keep(folded, all_lanes(2 * open)), &mut table[0]);
        }
        let [t0, t1] = self.tables.map(|table| &table[0]);
        let (low0, low1) = (a.load(t0), a.load(t1));
        let (high0, high1) = (upper::<F>(t0, open), upper::<F>(t1, open));
        let difference0 = a.sub(a.load(&high0), low0);
        let difference1 = a.sub(a.load(&high1), low1);
        let mut zero = a.mul(low0, low1);
        let mut infinity = a.mul(difference0, difference1);
        if let Some(weights) = self.weights {
            zero = a.mul(zero, a.load(weights));
            infinity = a.mul(infinity, a.load(weights));
        }
        let lanes = all_lanes(open);
        let totals = [
            a.keep(zero, lanes),
            a.keep(infinity, lanes),
            a.splat(F::ZERO),
        ];
        product::lanes_summed(a, totals)
    }
}

impl CpuBackend {
    /// A round of a product of two tables of a block or two, of their own and in the challenge field, with a
    /// fold before; `None`, and nothing is done, if it is another.
    pub(crate) fn round_in_block<F: CpuField>(
        &self,
        job: &mut RoundJob<'_, F, Self>,
    ) -> Option<Vec<F>>
    where
        Self: ComputeBackend<F, Mle = CpuMle<F>, Eq = CpuEq<F>>,
    {
        let ([first, second], &[challenge]) = (&mut *job.mles, job.fold) else {
            return None;
        };
        let n = first.num_vars;
        if n < 2 || 1 << n > 2 * F::WIDTH || second.num_vars != n {
            return None;
        }
        let eq_vars = job.eq.map_or(0, CpuEq::num_vars);
        if !window_points(2, 1, n - 1, eq_vars).1 {
            return None;
        }
        let (Data::Ext(one), Data::Ext(two)) = (&mut first.data, &mut second.data) else {
            return None;
        };
        let (one, two) = (Arc::get_mut(one)?, Arc::get_mut(two)?);
        let (one, two) = (one.values_mut(), two.values_mut());
        let kernel = BlockRound {
            tables: [one, two],
            challenge,
            open: 1 << (n - 2),
            weights: block_weights(job.eq, n - 2),
        };
        let sums = F::block_round(self.level, kernel);
        one.truncate(1);
        two.truncate(1);
        (first.num_vars, second.num_vars) = (n - 1, n - 1);
        Some(in_order(sums, false, job.summand.terms()[0].coeff))
    }

    /// Folds a table that is one block.
    pub(crate) fn fold_in_block<F: CpuField>(
        &self,
        mle: &mut CpuMle<F>,
        challenge: F,
    ) -> Result<(), BackendError> {
        let (mut values, len) = (lanes_of(mle), 1 << mle.num_vars);
        let (low, high) = values[..len].split_at_mut(len / 2);
        for (low, high) in low.iter_mut().zip(&*high) {
            *low += challenge * (*high - *low);
        }
        if let Data::Ext(blocks) = &mut mle.data
            && let Some(own) = Arc::get_mut(blocks)
        {
            own.values_mut()[0] = F::Block::gather(low);
            mle.num_vars -= 1;
            return Ok(());
        }
        *mle = CpuMle::from_values(&self.budget, low)?;
        Ok(())
    }
}

/// The most values of a table that is one block.
const MAX_WIDTH: usize = 16;

/// The weights of a round with `open` variables to come, at most a block of them.
fn block_weights<F: CpuField>(eq: Option<&CpuEq<F>>, open: usize) -> Option<&F::Block> {
    let eq = eq.filter(|eq| eq.num_vars() > 0)?;
    Some(eq.block(eq.num_vars().min(open)))
}

/// The values of a table that is one block, lifted; the rest is zero.
fn lanes_of<F: CpuField>(mle: &CpuMle<F>) -> [F; MAX_WIDTH] {
    const { assert!(F::WIDTH <= MAX_WIDTH, "a block has more lanes") };
    let mut values = [F::ZERO; MAX_WIDTH];
    for (lane, value) in values[..1 << mle.num_vars].iter_mut().enumerate() {
        *value = mle.get(lane);
    }
    values
}

/// The sums of a product at 0, infinity and, if wanted, 1 for tables of at most a block; weights repeat
/// through theirs.
fn product_in_block<F: CpuField>(
    (first, second): (&CpuMle<F>, &CpuMle<F>),
    weights: Option<&F::Block>,
    open: usize,
    with_one: bool,
) -> Sums<F> {
    let (first, second) = (lanes_of(first), lanes_of(second));
    let mut sums = [F::ZERO; 3];
    for i in 0..open {
        let (low, high) = ((first[i], second[i]), (first[i + open], second[i + open]));
        let mut terms = [low.0 * low.1, (high.0 - low.0) * (high.1 - low.1), F::ZERO];
        if with_one {
            terms[2] = high.0 * high.1;
        }
        if let Some(weights) = weights {
            let weight = weights.get(i);
            terms.iter_mut().for_each(|term| *term *= weight);
        }
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term;
        }
    }
    sums
}

/// The sums of a window of tables with less than a block of open variables: lane by lane.
pub(crate) fn sums_in_block<F: CpuField>(
    summand: &Summand<F>,
    mles: &[CpuMle<F>],
    eq: Option<&CpuEq<F>>,
    window: usize,
    implied: bool,
) -> Vec<F> {
    let open = 1 << (mles[0].num_vars - window);
    if window == 1
        && let [first, second] = mles
        && is_product(summand)
    {
        let weights = block_weights(eq, mles[0].num_vars - 1);
        let sums = product_in_block((first, second), weights, open, !implied);
        return in_order(sums, !implied, summand.terms()[0].coeff);
    }
    let values: Vec<Vec<F>> = mles.iter().map(CpuMle::to_vec).collect();
    let weights: Option<Vec<F>> = block_weights(eq, mles[0].num_vars - window).map(|block| {
        let eq_vars = eq.map_or(0, CpuEq::num_vars);
        let distinct = 1 << eq_vars.min(mles[0].num_vars - window);
        (0..distinct).map(|lane| block.get(lane)).collect()
    });
    let a = Plain::<F>::NEW;
    let plan = Plan::new(summand, window, implied);
    let tables: Vec<_> = values.iter().map(|v| Blocks::Ext(&v[..])).collect();
    plan.sums(a, &tables, 0..open, weights.as_deref())
}
