//! Folds and sums of rounds, and what can be wrong with them.

use backend_reference::Queue;
use prover_core::round_poly::{INFINITY, ones_index};
use prover_core::{BackendError, ChallengeField, ComputeBackend, DeviceMle, Ready, Summand};

use super::Sabotaged;
use super::handles::{Inner, Point};
use crate::defect::Defect;

impl Sabotaged {
    pub(super) fn fold_one<F: ChallengeField>(
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

    pub(super) fn sums<F: ChallengeField>(
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
}
