//! What a window's sums become: messages, challenges and the next claim.

use prover_core::{ChallengeField, ComputeBackend, RoundPoly, WindowGrid, window_points};
use prover_transcript::{Transcript, TranscriptExt};

use super::SumcheckRun;
use crate::SumcheckError;
use crate::statement::Driver;

impl<F: ChallengeField, B: ComputeBackend<F>, H: ComputeBackend<F>> SumcheckRun<F, B, H> {
    /// Makes the rounds of a window from its sums.
    pub(super) fn absorb_window(
        &mut self,
        driver: Driver<'_, B, H>,
        window: usize,
        mut values: Vec<F>,
        transcript: &mut impl Transcript,
    ) -> Result<(), SumcheckError> {
        let degree = self.summand.degree();
        let (_, implied) = window_points(degree, window, self.num_vars, self.eq_point.len());
        if !self.scale.is_one() {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
        if window == 1 {
            // The grid of one variable is the polynomial of its round.
            let poly = match implied {
                true => RoundPoly::from_implied(&values, self.claim),
                false => RoundPoly::from_values(&values),
            };
            self.exchange(driver, &poly, transcript)?;
            return Ok(());
        }
        let mut grid = match implied {
            true => WindowGrid::from_implied(degree, window, values, self.claim),
            false => WindowGrid::from_full(degree, window, values),
        };
        for round in 0..window {
            let eq_rest = (!implied).then(|| {
                let next = self.eq_point.len() - self.num_vars + 1;
                &self.eq_point[next..][..grid.window() - 1]
            });
            let poly = grid.first_round(eq_rest);
            let r = self.exchange(driver, &poly, transcript)?;
            if round + 1 < window {
                grid = grid.bind(r);
            }
        }
        Ok(())
    }

    /// Absorbs one message, draws its challenge and moves the claim on.
    fn exchange(
        &mut self,
        driver: Driver<'_, B, H>,
        poly: &RoundPoly<F>,
        transcript: &mut impl Transcript,
    ) -> Result<F, SumcheckError> {
        let eq_coordinate = self.eq_point.len().checked_sub(self.num_vars);
        let eq_coordinate = eq_coordinate.map(|next| self.eq_point[next]);
        if let Some(t) = eq_coordinate
            && poly.at_zero() + t * (poly.at_one() - poly.at_zero()) != self.claim
        {
            return Err(self.inconsistent(driver));
        }
        let masked = self.host_term.as_mut();
        let masked = masked.map(|term| poly.plus(&term.round_poly(eq_coordinate)));
        let sent = masked.as_ref().unwrap_or(poly);
        let from = self.messages.len();
        match eq_coordinate {
            Some(_) => self.messages.push(sent.at_one() - sent.at_zero()),
            None => self.messages.push(sent.at_zero()),
        }
        self.messages.extend(sent.values().iter().skip(2));
        transcript.absorb_elements("round", &self.messages[from..]);
        let r: F = transcript.challenge("challenge");
        if let Some(term) = &mut self.host_term {
            term.bind(r);
        }
        self.claim = poly.evaluate(r);
        self.point.push(r);
        self.unfolded.push(r);
        self.num_vars -= 1;
        Ok(r)
    }
}
