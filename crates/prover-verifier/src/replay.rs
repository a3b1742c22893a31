//! The transcript from beginning to end: every challenge, and every claim, which messages fix.

use prover_core::{ChallengeField, RandomCoefs};
use prover_proof::schedule::labels;
use prover_proof::{LayerOpening, LayerShape, OutputPoint, Proof, ProofShape};
use prover_proof::{absorb_outputs, open, open_layer};
use prover_transcript::{Transcript, TranscriptExt};

use crate::sumcheck::draw_point;

/// Degree of every round of the protocol.
pub(crate) const DEGREE: usize = 2;

/// A claimed value of a table at a point.
#[derive(Clone, Debug)]
pub(crate) struct Claim<F> {
    pub(crate) point: Vec<F>,
    pub(crate) value: F,
}

/// What is claimed about a layer's output: one or two values at the same point of the instances.
#[derive(Clone, Debug)]
pub(crate) struct Claims<F> {
    pub(crate) first: Claim<F>,
    pub(crate) second: Option<Claim<F>>,
    pub(crate) instances: Vec<F>,
}

/// Phase two of a layer with mul gates.
pub(crate) struct PhaseTwo<'a, F> {
    pub(crate) messages: &'a [F],
    pub(crate) y: Claim<F>,
}

/// All messages and challenges of a layer.
pub(crate) struct LayerTrace<'a, F> {
    /// About the layer's output.
    pub(crate) claims: Claims<F>,
    pub(crate) opening: LayerOpening<F>,
    /// Phase one over x, then over the instances.
    pub(crate) messages: &'a [F],
    pub(crate) x: Claim<F>,
    /// `r_s`.
    pub(crate) instances: Vec<F>,
    pub(crate) phase_two: Option<PhaseTwo<'a, F>>,
}

impl<F: ChallengeField> LayerTrace<'_, F> {
    /// What is claimed about the layer's input.
    pub(crate) fn claims_below(&self) -> Claims<F> {
        Claims {
            first: self.x.clone(),
            second: self.phase_two.as_ref().map(|two| two.y.clone()),
            instances: self.instances.clone(),
        }
    }
}

/// A proof with its challenges.
pub(crate) struct Trace<'a, F: ChallengeField> {
    pub(crate) random: RandomCoefs<F>,
    /// The layers, the last one (the output's) first.
    pub(crate) layers: Vec<LayerTrace<'a, F>>,
    /// About the input.
    pub(crate) input: Claims<F>,
}

/// Draws all challenges of a proof whose sections have the lengths of `shape`.
/// `output_value` computes the claimed outputs' value at the output point.
pub(crate) fn replay<'a, F: ChallengeField>(
    shape: &ProofShape,
    proof: &'a Proof<F>,
    transcript: &mut impl Transcript,
    output_value: impl FnOnce(&OutputPoint<F>) -> F,
) -> Trace<'a, F> {
    let random = open(transcript, shape, &proof.public, &proof.input);
    let output = absorb_outputs(transcript, shape, &proof.outputs);
    let value = output_value(&output);
    let OutputPoint { z, instances } = output;
    let first = Claim { point: z, value };
    let mut claims = Claims {
        first,
        second: None,
        instances,
    };
    let mut messages = Messages {
        left: &proof.messages,
    };
    let mut layers = Vec::with_capacity(shape.circuit().layers.len());
    for layer in shape.circuit().layers.iter().rev() {
        let trace = replay_layer(layer, claims, &mut messages, transcript);
        claims = trace.claims_below();
        layers.push(trace);
    }
    debug_assert!(messages.left.is_empty(), "the shape counts every message");
    Trace {
        random,
        layers,
        input: claims,
    }
}

fn replay_layer<'a, F: ChallengeField>(
    layer: &LayerShape,
    claims: Claims<F>,
    messages: &mut Messages<'a, F>,
    transcript: &mut impl Transcript,
) -> LayerTrace<'a, F> {
    let opening = open_layer(transcript, layer, claims.second.is_some());
    let input_vars = layer.input_vars as usize;
    let phase_one = messages.take(DEGREE * (input_vars + claims.instances.len()));
    let mut point = draw_point(DEGREE, phase_one, transcript);
    let instances = point.split_off(input_vars);
    let value = messages.take(1)[0];
    transcript.absorb_elements(labels::EVAL_X, &[value]);
    let phase_two = layer.has_mul.then(|| {
        let messages_two = messages.take(DEGREE * input_vars);
        let point = draw_point(DEGREE, messages_two, transcript);
        let value = messages.take(1)[0];
        transcript.absorb_elements(labels::EVAL_Y, &[value]);
        PhaseTwo {
            messages: messages_two,
            y: Claim { point, value },
        }
    });
    LayerTrace {
        claims,
        opening,
        messages: phase_one,
        x: Claim { point, value },
        instances,
        phase_two,
    }
}

/// The messages not yet used; the caller has checked that there are as many as the shape's.
struct Messages<'a, F> {
    left: &'a [F],
}

impl<'a, F> Messages<'a, F> {
    fn take(&mut self, count: usize) -> &'a [F] {
        let (taken, left) = self.left.split_at(count);
        self.left = left;
        taken
    }
}
