//! The driver over the reference backend: the same messages by every route, and true ones.
#![expect(clippy::unwrap_used, reason = "tests fail by panic")]

#[path = "it/accounting.rs"]
mod accounting;
#[path = "it/lengths.rs"]
mod lengths;
#[path = "it/odd.rs"]
mod odd;
#[path = "it/sharded.rs"]
mod sharded;
#[path = "it/windows.rs"]
mod windows;

use backend_reference::ReferenceBackend;
use prover_core::{ChallengeField, ComputeBackend, Field, RoundPoly, Summand, Term, mle};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31Ext3};
use prover_sumcheck::{
    Driver, HostTerm, Metrics, Outcome, Progress, Statement, SumcheckError, SumcheckRun, prove,
    prove_batch,
};
use prover_transcript::{Sha256Transcript, TranscriptExt};

struct Case<F> {
    summand: Summand<F>,
    tables: Vec<Vec<F>>,
    eq_point: Vec<F>,
    claim: F,
}

fn random<F: Field>(seed: &str, count: usize) -> Vec<F> {
    let mut transcript = Sha256Transcript::new();
    transcript.absorb_elements::<F>("seed", &[F::from_u64(seed.len() as u64)]);
    transcript.absorb_elements::<F>(
        "seed",
        &seed
            .bytes()
            .map(|b| F::from_u64(b.into()))
            .collect::<Vec<_>>(),
    );
    transcript.challenges("values", count)
}

fn case<F: ChallengeField>(degree: usize, num_vars: usize, eq_vars: usize) -> Case<F> {
    let coeffs = random::<F>("coeffs", 3);
    let mut terms = vec![Term {
        coeff: coeffs[0],
        factors: (0..degree).map(|i| i % 3).collect(),
    }];
    terms.push(Term {
        coeff: coeffs[1],
        factors: vec![2],
    });
    if degree > 1 {
        terms.push(Term {
            coeff: coeffs[2],
            factors: vec![1; degree - 1],
        });
    }
    let summand = Summand::new(3, terms);
    let values = random::<F>("tables", 3 << num_vars);
    let tables: Vec<Vec<F>> = values.chunks(1 << num_vars).map(<[F]>::to_vec).collect();
    let eq_point = random::<F>("point", eq_vars);
    let eq = mle::eq_table(&eq_point, F::ONE);
    let claim = (0..1 << num_vars).fold(F::ZERO, |sum, i| {
        let at: Vec<F> = tables.iter().map(|t| t[i]).collect();
        sum + eq[i % eq.len()] * summand.evaluate(&at)
    });
    Case {
        summand,
        tables,
        eq_point,
        claim,
    }
}

fn statement<F: ChallengeField, B: ComputeBackend<F>>(
    case: &Case<F>,
    backend: &B,
) -> Statement<F, B::Mle> {
    let mut queue = backend.open_queue().unwrap();
    let mles = case
        .tables
        .iter()
        .map(|t| backend.upload(&mut queue, t).unwrap())
        .collect();
    Statement::new(
        case.summand.clone(),
        mles,
        case.eq_point.clone(),
        case.claim,
    )
}

fn run<F: ChallengeField>(
    case: &Case<F>,
    window: usize,
    hand_off: Option<usize>,
) -> Result<Outcome<F>, SumcheckError> {
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: hand_off.map(|n| (&backend, n)),
        window,
        metrics: &metrics,
    };
    let mut queue = ComputeBackend::<F>::open_queue(&backend).unwrap();
    prove(
        driver,
        &mut queue,
        statement(case, &backend),
        &mut Sha256Transcript::new(),
    )
}

/// Replays the messages as a verifier does and returns the last claim.
fn replay<F: ChallengeField>(case: &Case<F>, outcome: &Outcome<F>, degree: usize) -> F {
    let mut transcript = Sha256Transcript::new();
    let n = case.tables[0].len().ilog2() as usize;
    let mut claim = case.claim;
    for (round, message) in outcome.messages.chunks(degree).enumerate() {
        let eq_index = (round + case.eq_point.len()).checked_sub(n);
        let (v0, v1) = match eq_index {
            Some(j) => {
                let v0 = claim - case.eq_point[j] * message[0];
                (v0, v0 + message[0])
            }
            None => (message[0], claim - message[0]),
        };
        let values: Vec<F> = [v0, v1]
            .into_iter()
            .chain(message[1..].iter().copied())
            .collect();
        transcript.absorb_elements("round", message);
        let r: F = transcript.challenge("challenge");
        assert_eq!(r, outcome.point[round]);
        claim = RoundPoly::from_values(&values).evaluate(r);
    }
    claim
}

fn every_route_proves_the_same<F: ChallengeField>() {
    for degree in 1..=6 {
        for (num_vars, eq_vars) in [(0, 0), (1, 0), (1, 1), (4, 0), (4, 2), (4, 4), (5, 3)] {
            let case = case::<F>(degree, num_vars, eq_vars);
            let plain = run(&case, 1, None).unwrap();
            assert_eq!(plain.messages.len(), degree * num_vars);
            assert_eq!(replay(&case, &plain, degree), plain.claim);
            for (table, value) in case.tables.iter().zip(&plain.final_evals) {
                assert_eq!(mle::evaluate(table, &plain.point), *value);
            }
            for window in 1..=3 {
                for hand_off in core::iter::once(None).chain((0..=num_vars).map(Some)) {
                    assert_eq!(
                        run(&case, window, hand_off).unwrap(),
                        plain,
                        "{degree} {num_vars}"
                    );
                }
            }
        }
    }
}

#[test]
fn windows_and_hand_off_do_not_change_messages_in_any_field() {
    every_route_proves_the_same::<Bn254>();
    every_route_proves_the_same::<M31Ext3>();
    every_route_proves_the_same::<Gf2e128>();
    every_route_proves_the_same::<GoldilocksExt2>();
}

#[test]
fn a_false_claim_is_an_error() {
    for (num_vars, eq_vars) in [(0, 0), (3, 0), (3, 3), (4, 2)] {
        let mut case = case::<M31Ext3>(2, num_vars, eq_vars);
        case.claim += M31Ext3::ONE;
        // Inside an eq factor every message implies the claim, outside only the last values do.
        let bound_vars = num_vars - eq_vars;
        let bound_vars = if eq_vars == 0 { num_vars } else { bound_vars };
        let backend = "reference";
        let expected = SumcheckError::Inconsistent {
            backend,
            bound_vars,
        };
        assert_eq!(run(&case, 2, None), Err(expected));
    }
}

#[test]
fn a_scale_and_a_part_that_becomes_known_later() {
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 2,
        metrics: &metrics,
    };
    let case = case::<M31Ext3>(2, 3, 0);
    let [scale, part] = [5, 7].map(M31Ext3::from_u64);
    let mut statement = statement(&case, &backend);
    statement.scale = scale;
    statement.claim = scale * case.claim + part;
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let mut run = SumcheckRun::new(driver, &mut queue, statement).unwrap();
    run.submit(driver, &mut queue).unwrap();
    run.subtract_from_claim(part);
    let mut transcript = Sha256Transcript::new();
    while run.absorb(driver, &mut transcript).unwrap() == Progress::Continues {
        run.submit(driver, &mut queue).unwrap();
    }
    let outcome = run.into_outcome().unwrap();
    let expected = scale * case.summand.evaluate(&outcome.final_evals);
    assert_eq!(outcome.claim, expected);
    for (table, value) in case.tables.iter().zip(&outcome.final_evals) {
        assert_eq!(mle::evaluate(table, &outcome.point), *value);
    }
}

#[test]
fn a_batch_proves_what_its_members_prove_alone() {
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let driver = Driver {
        backend: &backend,
        hand_off: Some((&backend, 2)),
        window: 2,
        metrics: &metrics,
    };
    let cases: Vec<_> = [(2, 4, 2), (1, 3, 0), (3, 5, 5), (2, 0, 0)]
        .map(|(d, n, k)| case::<GoldilocksExt2>(d, n, k))
        .into();
    let mut queue = ComputeBackend::<GoldilocksExt2>::open_queue(&backend).unwrap();
    let statements = cases.iter().map(|c| statement(c, &backend)).collect();
    let mut transcripts: Vec<_> = cases.iter().map(|_| Sha256Transcript::new()).collect();
    let together = prove_batch(driver, &mut queue, statements, &mut transcripts).unwrap();
    for (case, outcome) in cases.iter().zip(together) {
        assert_eq!(run(case, 1, None).unwrap(), outcome);
    }
}

/// The table `values` summed over its bits, as a host term.
struct TableTerm<F>(Vec<F>);

impl<F: ChallengeField> HostTerm<F> for TableTerm<F> {
    fn degree(&self) -> usize {
        1
    }

    fn claim(&self) -> F {
        self.0.iter().fold(F::ZERO, |a, &b| a + b)
    }

    fn round_poly(&mut self, eq_coordinate: Option<F>) -> RoundPoly<F> {
        assert!(eq_coordinate.is_none());
        let (lo, hi) = self.0.split_at(self.0.len() / 2);
        let sum = |part: &[F]| part.iter().fold(F::ZERO, |a, &b| a + b);
        RoundPoly::from_values(&[sum(lo), sum(hi)])
    }

    fn bind(&mut self, challenge: F) {
        let half = self.0.len() / 2;
        self.0 = (0..half)
            .map(|i| self.0[i] + challenge * (self.0[i + half] - self.0[i]))
            .collect();
    }
}

#[test]
fn a_host_term_adds_to_every_message_and_to_the_claim() {
    let backend = ReferenceBackend::new();
    let metrics = Metrics::default();
    let mut case = case::<M31Ext3>(2, 4, 0);
    let mask = random::<M31Ext3>("mask", 16);
    let mut statement = statement(&case, &backend);
    statement.host_term = Some(Box::new(TableTerm(mask.clone())));
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 3,
        metrics: &metrics,
    };
    let mut queue = ComputeBackend::<M31Ext3>::open_queue(&backend).unwrap();
    let outcome = prove(driver, &mut queue, statement, &mut Sha256Transcript::new()).unwrap();
    case.claim += mask.iter().fold(M31Ext3::ZERO, |a, &b| a + b);
    assert_eq!(replay(&case, &outcome, 2), outcome.claim);
    let expected =
        case.summand.evaluate(&outcome.final_evals) + mle::evaluate(&mask, &outcome.point);
    assert_eq!(outcome.claim, expected);
}
