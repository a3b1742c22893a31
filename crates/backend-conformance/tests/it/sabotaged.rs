//! The oracle with one defect.

use std::sync::{Arc, Mutex};

use backend_reference::{Coefs, EqPoint, Mle, Queue, ReferenceBackend, Wiring};
use prover_core::round_poly::{INFINITY, ones_index};
use prover_core::{
    BackendError, BackendInfo, ChallengeField, ComputeBackend, DeviceLayer, DeviceMle, Job,
    LayerBackend, LayerCoefs, LayerWiring, Pending, PhaseOne, PhaseTwo, Ready, RoundJob, Summand,
};

use crate::defect::Defect;

/// The oracle with at most one defect.
pub(crate) struct Sabotaged {
    inner: ReferenceBackend,
    defect: Option<Defect>,
}

/// A table in a cell, so that a clone can share what it must not.
pub(crate) struct Cell<M> {
    table: Arc<Mutex<M>>,
    shared: bool,
}

impl<M: Clone> Cell<M> {
    fn get(&self) -> M {
        self.table.lock().unwrap().clone()
    }

    fn set(&self, table: M) {
        *self.table.lock().unwrap() = table;
    }
}

impl<M: Clone> Clone for Cell<M> {
    fn clone(&self) -> Self {
        Self {
            table: match self.shared {
                true => Arc::clone(&self.table),
                false => Arc::new(Mutex::new(self.get())),
            },
            shared: self.shared,
        }
    }
}

impl<M: DeviceMle> DeviceMle for Cell<M> {
    fn num_vars(&self) -> usize {
        self.get().num_vars()
    }

    fn is_base(&self) -> bool {
        self.get().is_base()
    }
}

pub(crate) struct Values<F> {
    values: Vec<F>,
    forgetful: bool,
}

impl<F: ChallengeField> Pending<F> for Values<F> {
    fn poll(&mut self) -> Result<Option<Vec<F>>, BackendError> {
        if self.forgetful {
            self.values.pop();
        }
        Ok(Some(core::mem::take(&mut self.values)))
    }

    fn wait(self) -> Result<Vec<F>, BackendError> {
        Ok(self.values)
    }
}

pub(crate) struct Point<F: ChallengeField> {
    point: Vec<F>,
    inner: EqPoint<F>,
}

type Inner<F> = Mle<F>;
type Table<F> = Cell<Inner<F>>;

impl Sabotaged {
    pub(crate) fn new(defect: Option<Defect>, memory_limit: Option<u64>) -> Self {
        let limited = defect != Some(Defect::LimitIgnored);
        let limit = memory_limit.filter(|_| limited).unwrap_or(u64::MAX);
        Self {
            inner: ReferenceBackend::with_memory_limit(limit),
            defect,
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn cell<M>(&self, table: M) -> Cell<M> {
        Cell {
            table: Arc::new(Mutex::new(table)),
            shared: self.has(Defect::FoldWritesSharedTables),
        }
    }

    fn pending<F>(&self, values: Ready<F>) -> Values<F> {
        Values {
            values: values.0,
            forgetful: self.has(Defect::PollForgetsValues),
        }
    }

    fn read<F: ChallengeField>(&self, q: &mut Queue, mle: &Inner<F>) -> Vec<F> {
        self.inner
            .download(q, core::slice::from_ref(mle))
            .unwrap()
            .0
    }

    /// The table with its values changed, lifted.
    fn edit<F: ChallengeField>(
        &self,
        q: &mut Queue,
        mle: &Inner<F>,
        change: impl FnOnce(&mut Vec<F>),
    ) -> Result<Inner<F>, BackendError> {
        let mut values = self.read(q, mle);
        change(&mut values);
        self.inner.upload(q, &values)
    }

    fn fold_one<F: ChallengeField>(
        &self,
        q: &mut Queue,
        mle: Inner<F>,
        challenges: &[F],
    ) -> Result<Inner<F>, BackendError> {
        let mut mles = [mle];
        if challenges.is_empty() {
            return Ok(mles[0].clone());
        }
        if self.has(Defect::FoldLiftsBaseWrongly) && mles[0].is_base() {
            mles[0] = self.edit(q, &mles[0], |v| *v.last_mut().unwrap() += F::ONE)?;
        }
        let mut challenges = challenges.to_vec();
        if self.has(Defect::FoldForgetsLaterChallenges) {
            challenges[1..].fill(F::ZERO);
        }
        self.inner.fold(q, &mut mles, &challenges)?;
        let [mut mle] = mles;
        if self.has(Defect::FoldOffByOne) && mle.num_vars() == 3 {
            mle = self.edit(q, &mle, |v| v[5] += F::ONE)?;
        }
        Ok(mle)
    }

    fn sums<F: ChallengeField>(
        &self,
        q: &mut Queue,
        summand: &Summand<F>,
        mles: &[Inner<F>],
        eq: Option<&Point<F>>,
        window: usize,
    ) -> Result<Ready<F>, BackendError> {
        let n = mles[0].num_vars();
        let mut mles = mles.to_vec();
        if self.has(Defect::SumsDropTheLastRow) && n > window {
            let rest = 1 << (n - window);
            for mle in &mut mles {
                *mle = self.edit(q, mle, |v| {
                    v.iter_mut()
                        .skip(rest - 1)
                        .step_by(rest)
                        .for_each(|v| *v = F::ZERO);
                })?;
            }
        }
        let mut prefix = None;
        if let Some(Point { point, .. }) = eq.filter(|_| self.has(Defect::SumsWeighByThePrefix)) {
            let m = point.len().min(n.saturating_sub(window));
            let mut wrong = point.clone();
            let from = point.len() - m;
            wrong[from..].copy_from_slice(&point[..m]);
            prefix = Some(self.inner.prepare_eq(q, &wrong)?);
        }
        let point = prefix.as_ref().or(eq.map(|eq| &eq.inner));
        let mut sums = self.inner.round_sums(q, summand, &mles, point, window)?.0;
        self.distort(q, &mut sums, summand, &mles, eq.is_some(), window);
        Ok(Ready(sums))
    }

    fn distort<F: ChallengeField>(
        &self,
        q: &mut Queue,
        sums: &mut Vec<F>,
        summand: &Summand<F>,
        mles: &[Inner<F>],
        with_eq: bool,
        window: usize,
    ) {
        let degree = summand.degree();
        if self.has(Defect::SumsCountLowerTermsAtInfinity) && !with_eq && window == 1 && degree > 1
        {
            let tables: Vec<Vec<F>> = mles.iter().map(|mle| self.read(q, mle)).collect();
            let half = tables[0].len() / 2;
            for term in summand.terms().iter().filter(|t| t.factors.len() < degree) {
                for b in 0..half {
                    let slopes = term
                        .factors
                        .iter()
                        .map(|&t| tables[t][half + b] - tables[t][b]);
                    sums[INFINITY - 1] += slopes.fold(term.coeff, |a, b| a * b);
                }
            }
        }
        let ones = ones_index(degree, window);
        if self.has(Defect::SumsReturnTheImpliedPoint) && !with_eq {
            sums.insert(ones, F::ONE);
        }
        let full = sums.len() == (degree + 1) * (degree + 1);
        if self.has(Defect::WindowTransposed) && window == 2 && full {
            sums.swap(1, degree + 1);
        }
    }

    fn swap_instances<F: ChallengeField>(
        &self,
        q: &mut Queue,
        table: Inner<F>,
        instance_vars: usize,
    ) -> Result<Inner<F>, BackendError> {
        if instance_vars == 0 {
            return Ok(table);
        }
        self.edit(q, &table, |v| {
            let last = v.len() - (1 << instance_vars);
            v.swap(last, last + 1);
        })
    }
}

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

impl<F: ChallengeField> LayerBackend<F> for Sabotaged {
    type Wiring = Wiring<F>;
    type Coefs = Coefs<F>;

    fn upload_wiring(
        &self,
        q: &mut Queue,
        wiring: &Arc<LayerWiring<F::Base>>,
    ) -> Result<Wiring<F>, BackendError> {
        self.inner.upload_wiring(q, wiring)
    }

    fn upload_coefs(&self, q: &mut Queue, coefs: LayerCoefs<F>) -> Result<Coefs<F>, BackendError> {
        let coefs = match coefs {
            LayerCoefs::Base(values) => LayerCoefs::Base(self.mix_slots(values)),
            LayerCoefs::Challenge(values) => LayerCoefs::Challenge(self.mix_slots(values)),
        };
        self.inner.upload_coefs(q, coefs)
    }

    fn evaluate_layer(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        below: &Table<F>,
        publics: Option<&Table<F>>,
    ) -> Result<Table<F>, BackendError> {
        let layer = relayer(layer);
        let mut publics = publics.map(Cell::get);
        if self.has(Defect::EvaluateForgetsPublics)
            && let Some(table) = &mut publics
        {
            let zeros = vec![F::Base::default(); 1 << table.num_vars()];
            *table = self.inner.upload_base(q, &zeros)?;
        }
        let out = self
            .inner
            .evaluate_layer(q, layer, &below.get(), publics.as_ref())?;
        if self.has(Defect::EvaluateAlwaysLifts) {
            return Ok(self.cell(self.edit(q, &out, |_| ())?));
        }
        if self.has(Defect::EvaluateSwapsInstances) && !out.is_base() {
            let instance_vars = below.num_vars().min(out.num_vars()).min(1);
            return Ok(self.cell(self.swap_instances(q, out, instance_vars)?));
        }
        Ok(self.cell(out))
    }

    fn layer_weights(
        &self,
        q: &mut Queue,
        wiring: &Wiring<F>,
        claims: &[(F, &[F])],
        asserts: Option<(F, &[F])>,
    ) -> Result<Table<F>, BackendError> {
        let asserts = asserts.filter(|_| !self.has(Defect::WeightsForgetAsserts));
        Ok(self.cell(self.inner.layer_weights(q, wiring, claims, asserts)?))
    }

    fn phase_one(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Table<F>,
        below: &Table<F>,
        publics_at: &[F],
    ) -> Result<PhaseOne<Table<F>, Values<F>>, BackendError> {
        let (weights, below) = (weights.get(), below.get());
        let one = self
            .inner
            .phase_one(q, relayer(layer), &weights, &below, publics_at)?;
        let (mut table, mut constant) = (one.table, one.constant_term);
        if self.has(Defect::PhaseOneSwapsInstances) && table.num_vars() > 1 {
            table = self.swap_instances(q, table, 1)?;
        }
        if self.has(Defect::PhaseOneForgetsConstants) {
            constant = Ready(vec![F::ZERO]);
        }
        Ok(PhaseOne {
            table: self.cell(table),
            constant_term: self.pending(constant),
        })
    }

    fn phase_two(
        &self,
        q: &mut Queue,
        layer: DeviceLayer<'_, F, Self>,
        weights: &Table<F>,
        eq_x: &Table<F>,
    ) -> Result<PhaseTwo<Table<F>, Values<F>>, BackendError> {
        let (weights, eq_x) = (weights.get(), eq_x.get());
        let two = self.inner.phase_two(q, relayer(layer), &weights, &eq_x)?;
        let mut table = two.table;
        if table.is_none() && self.has(Defect::PhaseTwoAlwaysHasATable) {
            table = Some(eq_x);
        }
        let mut add = two.add_term;
        if self.has(Defect::PhaseTwoForgetsAdds) {
            add = Ready(vec![F::ZERO]);
        }
        Ok(PhaseTwo {
            table: table.map(|table| self.cell(table)),
            add_term: self.pending(add),
        })
    }
}

impl Sabotaged {
    fn mix_slots<V: Copy>(&self, mut slots: Vec<V>) -> Vec<V> {
        let len = slots.len();
        if self.has(Defect::SlotsSwapped) && len > 1 {
            slots.swap(0, len - 1);
        }
        for (defect, bits) in [(Defect::SlotsCutTo8Bits, 8), (Defect::SlotsCutTo16Bits, 16)] {
            if self.has(defect) {
                for i in 1 << bits..len {
                    slots[i] = slots[i % (1 << bits)];
                }
            }
        }
        slots
    }
}

fn relayer<F: ChallengeField>(
    layer: DeviceLayer<'_, F, Sabotaged>,
) -> DeviceLayer<'_, F, ReferenceBackend> {
    DeviceLayer {
        wiring: layer.wiring,
        coefs: layer.coefs,
    }
}
