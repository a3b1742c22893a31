//! Verification of sumcheck rounds, for the GKR verifier and for other users.
//!
//! A message of degree `d` has `d` elements, at the points of [`prover_core::round_poly`]:
//! - a round outside the eq factor: `s(0), s(∞), s(e_0), …`; `s(1) = claim − s(0)`;
//! - a round inside it, `t_j` its coordinate: `q(1) − q(0), q(∞), q(e_0), …` of the polynomial `q`
//!   without eq factors of bound variables and its own; `q(0) = claim − t_j·(q(1) − q(0))`.

use prover_core::round_poly::MAX_DEGREE;
use prover_core::{ChallengeField, RoundPoly};
use prover_proof::schedule::labels;
use prover_transcript::{Transcript, TranscriptExt};

/// What a sumcheck claims: `claim = Σ_b eq(eq_point, b')·g(b)` over `b` of `num_vars` bits, `b'`
/// being the last `eq_point.len()` of them and `g` of degree at most `degree` in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumcheckClaim<'a, F> {
    /// The claimed sum.
    pub claim: F,
    /// Degree of the round polynomials, `1..=MAX_DEGREE`.
    pub degree: usize,
    /// Variables summed over.
    pub num_vars: usize,
    /// The eq factor's point, over the last variables; empty for none.
    pub eq_point: &'a [F],
}

/// Why messages are not those of a sumcheck.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumcheckError {
    /// The degree is out of range.
    #[error("expected a degree of 1 to {MAX_DEGREE}, found {found}")]
    Degree {
        /// The degree.
        found: usize,
    },
    /// The eq factor has more variables than the sum.
    #[error("an eq point of {found} coordinates in a sum over {num_vars} variables")]
    EqPoint {
        /// Variables of the sum.
        num_vars: usize,
        /// Coordinates of the point.
        found: usize,
    },
    /// Not `degree` elements a round.
    #[error("expected {expected} elements of messages, found {found}")]
    Messages {
        /// `num_vars · degree`.
        expected: usize,
        /// Elements given.
        found: usize,
    },
}

/// Replays the rounds: returns the last claim and the point of the challenges.
///
/// The sum is as claimed, up to the soundness error, if the caller finds `g(point)` to be the last
/// claim (the eq factor is divided out of it).
/// Cost: one absorb, one draw and O(degree²) multiplications a round.
///
/// # Errors
/// If the degree, the eq point or the number of messages does not fit.
pub fn verify_sumcheck<F: ChallengeField>(
    claim: SumcheckClaim<'_, F>,
    messages: &[F],
    transcript: &mut impl Transcript,
) -> Result<(F, Vec<F>), SumcheckError> {
    let SumcheckClaim {
        degree,
        num_vars,
        eq_point,
        ..
    } = claim;
    if !(1..=MAX_DEGREE).contains(&degree) {
        return Err(SumcheckError::Degree { found: degree });
    }
    if eq_point.len() > num_vars {
        let found = eq_point.len();
        return Err(SumcheckError::EqPoint { num_vars, found });
    }
    let expected = num_vars.saturating_mul(degree);
    if messages.len() != expected {
        let found = messages.len();
        return Err(SumcheckError::Messages { expected, found });
    }
    let point = draw_point(degree, messages, transcript);
    let last = last_claim(claim.claim, degree, eq_point, messages, &point);
    Ok((last, point))
}

/// Absorbs one message of `degree` elements after the other and draws its challenge.
pub(crate) fn draw_point<F: ChallengeField>(
    degree: usize,
    messages: &[F],
    transcript: &mut impl Transcript,
) -> Vec<F> {
    messages
        .chunks_exact(degree)
        .map(|message| {
            transcript.absorb_elements(labels::ROUND, message);
            transcript.challenge(labels::CHALLENGE)
        })
        .collect()
}

/// The claim after the rounds of `point`; the eq point covers the last of them.
pub(crate) fn last_claim<F: ChallengeField>(
    claim: F,
    degree: usize,
    eq_point: &[F],
    messages: &[F],
    point: &[F],
) -> F {
    let outside = point.len() - eq_point.len();
    let rounds = messages.chunks_exact(degree).zip(point).enumerate();
    rounds.fold(claim, |claim, (round, (message, &challenge))| {
        let first = message[0];
        let (zero, one) = match round.checked_sub(outside) {
            None => (first, claim - first),
            Some(j) => {
                let zero = claim - eq_point[j] * first;
                (zero, zero + first)
            }
        };
        let mut values = [F::ZERO; MAX_DEGREE + 1];
        values[..2].copy_from_slice(&[zero, one]);
        values[2..=degree].copy_from_slice(&message[1..]);
        RoundPoly::from_values(&values[..=degree]).evaluate(challenge)
    })
}
