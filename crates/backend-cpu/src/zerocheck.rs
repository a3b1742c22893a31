//! Kernels of `T_0 * T_1 - T_2`, the summand of a zero check: the sums of a round, alone and fused with
//! the fold before it.
//!
//! Its eq factor is mostly over all variables: then each block has a weight of its own, and products by
//! weights are added up unreduced. Sums are at 0, infinity and 1: within the factor no claim implies one.

use core::ops::Range;

use prover_core::{BackendError, ChallengeField, Field, Summand};

use crate::CpuBackend;
use crate::arith::Arith;
use crate::columns::Columns;
use crate::eq::Weights;
use crate::field::{ArithOf, CpuField, Kernel};
use crate::product::{self, Running, Source, Sums};
use crate::rounds::{self, From, MIN_CHUNK, Target};
use crate::table::{CpuMle, Data, num_blocks};

/// `coeff (T_i T_j - T_k)`.
pub(crate) struct Zerocheck<F> {
    /// `i, j, k`.
    order: [usize; 3],
    pub(crate) coeff: F,
}

impl<F: ChallengeField> Zerocheck<F> {
    /// What a summand is, if it is that of a zero check.
    pub(crate) fn of(summand: &Summand<F>) -> Option<Self> {
        let ([one, two], 3) = (summand.terms(), summand.num_tables()) else {
            return None;
        };
        let (product, table) = match one.factors.len() {
            2 => (one, two),
            _ => (two, one),
        };
        let (&[i, j], &[k]) = (&product.factors[..], &table.factors[..]) else {
            return None;
        };
        let is_order = i != j && j != k && k != i;
        (is_order && table.coeff == -product.coeff).then_some(Self {
            order: [i, j, k],
            coeff: product.coeff,
        })
    }

    /// The tables in the order of the summand.
    fn ordered<'a, T>(&self, tables: &'a [T]) -> [&'a T; 3] {
        self.order.map(|place| &tables[place])
    }
}

/// A pair of blocks of each table.
type Pairs<A> = [(<A as Arith>::V, <A as Arith>::V); 3];

/// Sums over columns, each times its weights.
struct Totals<A: Arith> {
    weighted: [A::Acc; 3],
    /// Products in each.
    products: usize,
    plain: [A::V; 3],
}

impl<A: Arith> Totals<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            weighted: [a.acc(); 3],
            products: 0,
            plain: [a.splat(A::F::ZERO); 3],
        }
    }

    /// Makes room for another product in each.
    #[inline(always)]
    fn make_room(&mut self, a: A) {
        if self.products == A::RUN {
            a.settle(&mut self.weighted[0]);
            a.settle(&mut self.weighted[1]);
            a.settle(&mut self.weighted[2]);
            self.products = 0;
        }
        self.products += 1;
    }

    /// Adds a column of one row.
    #[inline(always)]
    fn add_row(&mut self, a: A, [t0, t1, t2]: Pairs<A>, weight: &A::Block) {
        self.make_room(a);
        let weight = a.load(weight);
        a.mac_product_less(&mut self.weighted[0], (t0.0, t1.0), t2.0, weight);
        a.mac_product_less(&mut self.weighted[2], (t0.1, t1.1), t2.1, weight);
        let differences = (a.sub(t0.1, t0.0), a.sub(t1.1, t1.0));
        let product = a.mul(differences.0, differences.1);
        a.mac(&mut self.weighted[1], product, weight);
    }

    /// Adds a column's sums.
    #[inline(always)]
    fn add_column(&mut self, a: A, sums: [A::V; 3], weight: Option<&A::Block>) {
        let Some(weight) = weight else {
            self.plain[0] = a.add(self.plain[0], sums[0]);
            self.plain[1] = a.add(self.plain[1], sums[1]);
            self.plain[2] = a.add(self.plain[2], sums[2]);
            return;
        };
        self.make_room(a);
        let weight = a.load(weight);
        a.mac(&mut self.weighted[0], sums[0], weight);
        a.mac(&mut self.weighted[1], sums[1], weight);
        a.mac(&mut self.weighted[2], sums[2], weight);
    }

    #[inline(always)]
    fn finish(self, a: A) -> Sums<A::F> {
        let [zero, infinity, one] = self.weighted;
        let sums = [
            a.add(self.plain[0], a.reduce(zero)),
            a.add(self.plain[1], a.reduce(infinity)),
            a.add(self.plain[2], a.reduce(one)),
        ];
        product::lanes_summed(a, sums)
    }
}

/// The running sums of a column.
struct Column<A: Arith> {
    products: Running<A>,
    /// Of the third table at 0 and 1.
    tables: (A::V, A::V),
}

impl<A: Arith> Column<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        let zero = a.splat(A::F::ZERO);
        Self {
            products: Running::new(a),
            tables: (zero, zero),
        }
    }

    #[inline(always)]
    fn add(&mut self, a: A, [t0, t1, t2]: Pairs<A>) {
        self.products.add::<true>(a, t0, t1);
        self.tables = (a.add(self.tables.0, t2.0), a.add(self.tables.1, t2.1));
    }

    #[inline(always)]
    fn finish(self, a: A) -> [A::V; 3] {
        let [zero, infinity, one] = self.products.reduced(a);
        let (at_zero, at_one) = self.tables;
        [a.sub(zero, at_zero), infinity, a.sub(one, at_one)]
    }
}

/// Where a kernel finds its pairs.
trait Place<A: Arith> {
    /// The pairs at a position.
    fn pairs(&self, a: A, i: usize) -> Pairs<A>;
}

/// Sums over the columns of a range.
#[inline(always)]
fn sums<A: Arith>(a: A, columns: Columns<'_, A::Block>, place: &impl Place<A>) -> Sums<A::F> {
    let mut totals = Totals::new(a);
    if let Some(row) = columns.weighted_row() {
        for (i, weight) in row {
            totals.add_row(a, place.pairs(a, i), weight);
        }
        return totals.finish(a);
    }
    for (column, weight) in columns.columns() {
        let mut sums = Column::new(a);
        for (row, settle) in columns.rows_in_runs(A::RUN) {
            if settle {
                sums.products.settle::<true>(a);
            }
            sums.add(a, place.pairs(a, columns.index(row, column)));
        }
        totals.add_column(a, sums.finish(a), weight);
    }
    totals.finish(a)
}

/// Tables in the challenge field, by halves.
struct Halves<'a, A: Arith>([TwoHalves<'a, A>; 3]);

type TwoHalves<'a, A> = (&'a [<A as Arith>::Block], &'a [<A as Arith>::Block]);

impl<A: Arith> Place<A> for Halves<'_, A> {
    #[inline(always)]
    fn pairs(&self, a: A, i: usize) -> Pairs<A> {
        let [t0, t1, t2] = self.0;
        [
            (a.load(&t0.0[i]), a.load(&t0.1[i])),
            (a.load(&t1.0[i]), a.load(&t1.1[i])),
            (a.load(&t2.0[i]), a.load(&t2.1[i])),
        ]
    }
}

/// Sums a range of pairs of blocks of tables in the challenge field.
pub struct ZerocheckSums<'a, F: CpuField> {
    tables: [&'a [F::Block]; 3],
    range: Range<usize>,
    weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> Kernel<F> for ZerocheckSums<'_, F> {
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Sums<F> {
        let half = self.tables[0].len() / 2;
        let [t0, t1, t2] = self.tables;
        let place = Halves::<A>([t0.split_at(half), t1.split_at(half), t2.split_at(half)]);
        sums(a, Columns::new(self.range, self.weights), &place)
    }
}

/// Sums a range of pairs of blocks of tables in the base field.
pub struct ZerocheckBaseSums<'a, F: CpuField> {
    tables: [&'a [F::BaseBlock]; 3],
    range: Range<usize>,
    weights: Option<&'a [F::Block]>,
}

impl<F: CpuField> Kernel<F> for ZerocheckBaseSums<'_, F> {
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Sums<F> {
        let half = self.tables[0].len() / 2;
        let [t0, t1, t2] = self.tables;
        let ((l0, h0), (l1, h1)) = (t0.split_at(half), t1.split_at(half));
        let (l2, h2) = t2.split_at(half);
        let columns = Columns::new(self.range, self.weights);
        let mut totals = [a.mixed_acc(); 3];
        let one = a.splat(F::ONE);
        let mut products = 0;
        for (column, weight) in columns.columns() {
            let mut accs = [a.base_acc(); 3];
            let zero = a.splat_base(F::Base::ZERO);
            let (mut at_zero, mut at_one) = (zero, zero);
            for (row, settle) in columns.rows_in_runs(A::BASE_RUN) {
                if settle {
                    a.base_settle(&mut accs[0]);
                    a.base_settle(&mut accs[1]);
                    a.base_settle(&mut accs[2]);
                }
                let i = columns.index(row, column);
                let (low0, high0) = (a.load_base(&l0[i]), a.load_base(&h0[i]));
                let (low1, high1) = (a.load_base(&l1[i]), a.load_base(&h1[i]));
                let differences = (a.base_sub(high0, low0), a.base_sub(high1, low1));
                a.base_mac(&mut accs[0], low0, low1);
                a.base_mac(&mut accs[1], differences.0, differences.1);
                a.base_mac(&mut accs[2], high0, high1);
                at_zero = a.base_add(at_zero, a.load_base(&l2[i]));
                at_one = a.base_add(at_one, a.load_base(&h2[i]));
            }
            if products == A::MIXED_RUN {
                a.mixed_settle(&mut totals[0]);
                a.mixed_settle(&mut totals[1]);
                a.mixed_settle(&mut totals[2]);
                products = 0;
            }
            let weight = match weight {
                Some(weight) => a.load(weight),
                None => one,
            };
            let sum = a.base_sub(a.base_reduce(accs[0]), at_zero);
            a.mixed_mac(&mut totals[0], sum, weight);
            a.mixed_mac(&mut totals[1], a.base_reduce(accs[1]), weight);
            let sum = a.base_sub(a.base_reduce(accs[2]), at_one);
            a.mixed_mac(&mut totals[2], sum, weight);
            products += 1;
        }
        let [zero, infinity, one] = totals;
        let sums = [
            a.mixed_reduce(zero),
            a.mixed_reduce(infinity),
            a.mixed_reduce(one),
        ];
        product::lanes_summed(a, sums)
    }
}

/// Folds a range of positions of three tables and sums what comes out.
pub struct ZerocheckFused<'a, F: CpuField> {
    targets: [Target<F>; 3],
    quarter: usize,
    range: Range<usize>,
    challenge: F,
    weights: Option<&'a [F::Block]>,
}

/// Tables under a fold.
struct Folding<A: Arith, S> {
    sources: [S; 3],
    quarter: usize,
    r: A::Scalar,
}

impl<A: Arith, S: Source<A>> Place<A> for Folding<A, S> {
    #[inline(always)]
    fn pairs(&self, a: A, i: usize) -> Pairs<A> {
        let [t0, t1, t2] = self.sources;
        // SAFETY: the maker of the kernel gave it a range of its own below `quarter`, and each position
        // of it is met once.
        let pair0 = unsafe { t0.fold(a, i, self.quarter, &self.r) };
        // SAFETY: as above.
        let pair1 = unsafe { t1.fold(a, i, self.quarter, &self.r) };
        // SAFETY: as above.
        let pair2 = unsafe { t2.fold(a, i, self.quarter, &self.r) };
        [pair0, pair1, pair2]
    }
}

impl<F: CpuField> ZerocheckFused<'_, F> {
    #[inline(always)]
    fn with<A: ArithOf<F>>(self, a: A, sources: [impl Source<A>; 3]) -> Sums<F> {
        let place = Folding {
            sources,
            quarter: self.quarter,
            r: a.scalar(self.challenge),
        };
        sums(a, Columns::new(self.range, self.weights), &place)
    }
}

impl<F: CpuField> Kernel<F> for ZerocheckFused<'_, F> {
    type Out = Sums<F>;

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) -> Sums<F> {
        let [t0, t1, t2] = self.targets;
        match [t0.from, t1.from, t2.from] {
            [From::Base(s0), From::Base(s1), From::Base(s2)] => {
                let sources = [t0.dst.base::<A>(s0), t1.dst.base(s1), t2.dst.base(s2)];
                self.with(a, sources)
            }
            [From::Ext(s0), From::Ext(s1), From::Ext(s2)] => {
                let sources = [t0.dst.ext::<A>(s0), t1.dst.ext(s1), t2.dst.ext(s2)];
                self.with(a, sources)
            }
            _ => unreachable!("the caller saw to it that the tables are in one field"),
        }
    }
}

impl CpuBackend {
    /// The sums of a round; `None` if some tables are in the base field and some are not.
    pub(crate) fn zerocheck_sums<F: CpuField>(
        &self,
        zerocheck: &Zerocheck<F>,
        mles: &[CpuMle<F>],
        weights: Weights<'_, F>,
    ) -> Option<Sums<F>> {
        let tables = zerocheck.ordered(mles);
        let open = num_blocks::<F>(tables[0].num_vars) / 2;
        let chunk = self.exec.part_len(open, MIN_CHUNK);
        let sums = match tables.map(|table| &table.data) {
            [Data::Base(t0), Data::Base(t1), Data::Base(t2)] => {
                let tables: [&[F::BaseBlock]; 3] = [t0, t1, t2];
                let kernel = |range, weights: Option<&[F::Block]>| {
                    let kernel = ZerocheckBaseSums {
                        tables,
                        range,
                        weights,
                    };
                    F::zerocheck_base_sums(self.level, kernel)
                };
                let work = |range| weights.sums(range, kernel, rounds::scaled, rounds::plus);
                self.exec.sum(open, chunk, work, rounds::plus)
            }
            [Data::Ext(t0), Data::Ext(t1), Data::Ext(t2)] => {
                let tables: [&[F::Block]; 3] = [t0, t1, t2];
                let kernel = |range, weights: Option<&[F::Block]>| {
                    let kernel = ZerocheckSums {
                        tables,
                        range,
                        weights,
                    };
                    F::zerocheck_sums(self.level, kernel)
                };
                let work = |range| weights.sums(range, kernel, rounds::scaled, rounds::plus);
                self.exec.sum(open, chunk, work, rounds::plus)
            }
            _ => return None,
        };
        Some(sums)
    }

    /// Folds and sums; `None`, and nothing is done, if some tables are in the base field and some are not.
    pub(crate) fn zerocheck_fused<F: CpuField>(
        &self,
        zerocheck: &Zerocheck<F>,
        mles: &mut [CpuMle<F>],
        challenge: F,
        weights: Weights<'_, F>,
    ) -> Result<Option<Sums<F>>, BackendError> {
        let in_base = |mle: &CpuMle<F>| matches!(mle.data, Data::Base(_));
        let is_one_field = mles.iter().all(in_base) || !mles.iter().any(in_base);
        let [first, second, third] = mles else {
            unreachable!("a zero check has three tables");
        };
        if !is_one_field {
            return Ok(None);
        }
        let quarter = num_blocks::<F>(first.num_vars) / 4;
        let chunk = self.exec.part_len(quarter, MIN_CHUNK);
        let sums = self.folding(first, |target0| {
            self.folding(second, |target1| {
                self.folding(third, |target2| {
                    let targets = [target0, target1, target2];
                    let kernel = |range, weights: Option<&[F::Block]>| {
                        let kernel = ZerocheckFused {
                            targets: zerocheck.order.map(|place| targets[place]),
                            quarter,
                            range,
                            challenge,
                            weights,
                        };
                        F::zerocheck_fused(self.level, kernel)
                    };
                    let work = |range| weights.sums(range, kernel, rounds::scaled, rounds::plus);
                    Ok(self.exec.sum(quarter, chunk, work, rounds::plus))
                })
            })
        })?;
        Ok(Some(sums))
    }
}
