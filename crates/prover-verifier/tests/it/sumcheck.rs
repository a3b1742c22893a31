//! The sumcheck helper against sums written out, for every degree and eq point.

use prover_core::round_poly::{INFINITY, round_point};
use prover_core::{ChallengeField, Field};
use prover_fields::{Gf2e128, GoldilocksExt2};
use prover_transcript::{Sha256Transcript, Transcript, TranscriptExt};
use prover_verifier::{SumcheckClaim, SumcheckError, verify_sumcheck};

use crate::circuits::Rng;

/// `eq(point, index)` from its definition.
fn eq<F: ChallengeField>(point: &[F], index: usize) -> F {
    let bits = (0..point.len()).rev().map(|shift| index >> shift & 1);
    let factors = point.iter().zip(bits);
    factors.fold(F::ONE, |acc, (&t, bit)| {
        acc * if bit == 1 { t } else { F::ONE - t }
    })
}

/// Σ over the unbound bits of `eq(rest)` times the product of the tables, the first variable at
/// the place of this number among `0, 1, ∞, e_0, …` (degree 1: among `0, 1`).
fn sum_at<F: ChallengeField>(tables: &[Vec<F>], rest: &[F], place: usize) -> F {
    let half = tables[0].len() / 2;
    let infinity = tables.len() >= 2 && place == INFINITY;
    let value = |table: &Vec<F>, i: usize| match infinity {
        true => table[half + i] - table[i],
        false => table[i] + round_point::<F>(place) * (table[half + i] - table[i]),
    };
    (0..half).fold(F::ZERO, |sum, i| {
        let product = tables
            .iter()
            .fold(F::ONE, |product, t| product * value(t, i));
        sum + eq(rest, i % (1 << rest.len())) * product
    })
}

/// The messages, and the product of the tables at the point.
fn prove<F: ChallengeField>(
    mut tables: Vec<Vec<F>>,
    eq_point: &[F],
    transcript: &mut Sha256Transcript,
) -> (Vec<F>, F) {
    let degree = tables.len();
    let mut messages = Vec::new();
    while tables[0].len() > 1 {
        let vars = tables[0].len().ilog2() as usize;
        let inside = vars <= eq_point.len();
        let rest = &eq_point[eq_point.len() - eq_point.len().min(vars - usize::from(inside))..];
        let zero = sum_at(&tables, rest, 0);
        let mut message = vec![if inside {
            sum_at(&tables, rest, 1) - zero
        } else {
            zero
        }];
        message.extend((2..=degree).map(|place| sum_at(&tables, rest, place)));
        let mut bytes = Vec::new();
        message.iter().for_each(|m| m.encode(&mut bytes));
        transcript.absorb("round", &bytes);
        let r: F = transcript.challenges("challenge", 1)[0];
        for table in &mut tables {
            let half = table.len() / 2;
            *table = (0..half)
                .map(|i| table[i] + r * (table[half + i] - table[i]))
                .collect();
        }
        messages.extend(message);
    }
    (
        messages,
        tables.iter().fold(F::ONE, |product, t| product * t[0]),
    )
}

fn check<F: ChallengeField>(degree: usize, num_vars: usize, eq_vars: usize) {
    let mut rng = Rng(degree as u64);
    let tables: Vec<Vec<F>> = (0..degree).map(|_| rng.elements(1 << num_vars)).collect();
    let eq_point: Vec<F> = rng.elements(eq_vars);
    let claim = (0..1 << num_vars).fold(F::ZERO, |sum, i| {
        let product = tables.iter().fold(F::ONE, |product, t| product * t[i]);
        sum + eq(&eq_point, i % (1 << eq_vars)) * product
    });
    let (messages, last) = prove(tables.clone(), &eq_point, &mut Sha256Transcript::new());
    let statement = SumcheckClaim {
        claim,
        degree,
        num_vars,
        eq_point: &eq_point,
    };
    let mut transcript = Sha256Transcript::new();
    let (found, point) =
        verify_sumcheck(statement, &messages, &mut transcript).expect("messages that fit");
    assert_eq!(point.len(), num_vars);
    assert_eq!(
        found, last,
        "degree {degree}, {num_vars} variables, eq over {eq_vars}"
    );
    let wrong = SumcheckClaim {
        claim: claim + F::ONE,
        ..statement
    };
    let mut transcript = Sha256Transcript::new();
    let wrong = verify_sumcheck(wrong, &messages, &mut transcript).expect("messages that fit");
    assert_ne!(wrong.0, last);
}

#[test]
fn every_degree_and_eq_point_is_followed() {
    for degree in 1..=6 {
        for (num_vars, eq_vars) in [(0, 0), (1, 0), (1, 1), (3, 0), (3, 2), (3, 3)] {
            check::<GoldilocksExt2>(degree, num_vars, eq_vars);
            check::<Gf2e128>(degree, num_vars, eq_vars);
        }
    }
}

#[test]
fn impossible_parameters_are_refused() {
    let verify = |degree, num_vars, eq_vars, messages| {
        let eq_point = vec![Gf2e128::ONE; eq_vars];
        let claim = SumcheckClaim {
            claim: Gf2e128::ZERO,
            degree,
            num_vars,
            eq_point: &eq_point,
        };
        let messages = vec![Gf2e128::ZERO; messages];
        verify_sumcheck(claim, &messages, &mut Sha256Transcript::new()).map(|_| ())
    };
    assert_eq!(verify(2, 3, 3, 6), Ok(()));
    assert_eq!(verify(0, 3, 0, 0), Err(SumcheckError::Degree { found: 0 }));
    assert_eq!(verify(7, 1, 0, 7), Err(SumcheckError::Degree { found: 7 }));
    assert_eq!(
        verify(1, 2, 3, 2),
        Err(SumcheckError::EqPoint {
            num_vars: 2,
            found: 3
        })
    );
    assert_eq!(
        verify(2, 3, 0, 5),
        Err(SumcheckError::Messages {
            expected: 6,
            found: 5
        })
    );
}
