//! What prover and verifier absorb and draw alike (`docs/protocol.md`, sections 6 and 7).

use prover_core::{ChallengeField, RandomCoefs};
use prover_transcript::{Transcript, TranscriptExt};

use crate::config::RandomCoefField;
use crate::error::Section;
use crate::proof::Outputs;
use crate::shape::{LayerShape, ProofShape};

/// The protocol's name, absorbed first.
pub const PROTOCOL: &[u8] = b"astraea-gkr-2";

/// The labels of the transcript.
pub mod labels {
    /// Opening, step 1.
    pub const PROTOCOL: &str = "protocol";
    /// Opening, step 2.
    pub const CONFIG: &str = "config";
    /// Opening, step 3.
    pub const FIELD: &str = "field";
    /// Opening, step 4.
    pub const CIRCUIT: &str = "circuit";
    /// Opening, step 5.
    pub const INSTANCES: &str = "instances";
    /// Opening, step 6.
    pub const PUBLIC: &str = "public";
    /// Opening, step 7.
    pub const INPUT: &str = "input";
    /// Opening, step 8.
    pub const COEFFICIENTS: &str = "coefficients";
    /// Opening, step 9.
    pub const OUTPUTS: &str = "outputs";
    /// Opening, step 10.
    pub const OUTPUT_POINT: &str = "output-point";
    /// Layers, step 1.
    pub const ASSERT: &str = "assert";
    /// Layers, step 2.
    pub const COMBINE: &str = "combine";
    /// Layers, steps 5, 6 and 10: the message.
    pub const ROUND: &str = "round";
    /// Layers, steps 5, 6 and 10: the challenge.
    pub const CHALLENGE: &str = "challenge";
    /// Layers, step 7.
    pub const EVAL_X: &str = "eval-x";
    /// Layers, step 10.
    pub const EVAL_Y: &str = "eval-y";
}

/// Opening sequence, steps 1 to 8: binds the transcript to the statement and draws the random
/// coefficients.
///
/// `public` and `input` are those of all instances, instance after instance.
///
/// # Panics
/// If the lengths are not the shape's, or the shape's field is not `F`.
pub fn open<F: ChallengeField>(
    transcript: &mut impl Transcript,
    shape: &ProofShape,
    public: &[F::Base],
    input: &[F::Base],
) -> RandomCoefs<F> {
    let circuit = shape.circuit();
    assert_eq!(circuit.field, F::ID, "a shape of another field");
    assert_len(shape, Section::Public, public.len());
    assert_len(shape, Section::Input, input.len());
    transcript.absorb(labels::PROTOCOL, PROTOCOL);
    transcript.absorb(labels::CONFIG, &shape.config().encode());
    transcript.absorb(labels::FIELD, &(circuit.field as u32).to_le_bytes());
    transcript.absorb(labels::CIRCUIT, &circuit.digest);
    let num_instances = shape.num_instances() as u32;
    transcript.absorb(labels::INSTANCES, &num_instances.to_le_bytes());
    transcript.absorb_elements(labels::PUBLIC, public);
    transcript.absorb_elements(labels::INPUT, input);
    let count = circuit.num_random as usize;
    match shape.config().random_coefs {
        RandomCoefField::Base => {
            RandomCoefs::Base(transcript.challenges(labels::COEFFICIENTS, count))
        }
        RandomCoefField::Challenge => {
            RandomCoefs::Challenge(transcript.challenges(labels::COEFFICIENTS, count))
        }
    }
}

/// Where the outputs are claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPoint<F> {
    /// `z*`: as many coordinates as the last layer has output variables.
    pub z: Vec<F>,
    /// `t`: as many coordinates as there are variables of instances.
    pub instances: Vec<F>,
}

/// Opening sequence, steps 9 and 10: absorbs the claimed outputs and draws their point.
///
/// # Panics
/// If the outputs are not the shape's in length or field.
pub fn absorb_outputs<F: ChallengeField>(
    transcript: &mut impl Transcript,
    shape: &ProofShape,
    outputs: &Outputs<F>,
) -> OutputPoint<F> {
    assert_len(shape, Section::Output, outputs.len());
    match outputs {
        Outputs::Base(values) if shape.outputs_in_base() => {
            transcript.absorb_elements(labels::OUTPUTS, values);
        }
        Outputs::Challenge(values) if !shape.outputs_in_base() => {
            transcript.absorb_elements(labels::OUTPUTS, values);
        }
        _ => panic!("outputs in another field than the shape's"),
    }
    let output_vars = shape.circuit().output_vars() as usize;
    let count = output_vars + shape.instance_vars() as usize;
    let mut z = transcript.challenges(labels::OUTPUT_POINT, count);
    let instances = z.split_off(output_vars);
    OutputPoint { z, instances }
}

/// The challenges at the start of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerOpening<F> {
    /// `γ` and the point `b`, if the layer asserts outputs.
    pub assert: Option<(F, Vec<F>)>,
    /// `α`, if there are two claims.
    pub combine: Option<F>,
}

/// Section 7, steps 1 and 2.
pub fn open_layer<F: ChallengeField>(
    transcript: &mut impl Transcript,
    layer: &LayerShape,
    two_claims: bool,
) -> LayerOpening<F> {
    let assert = layer.has_asserts.then(|| {
        let count = 1 + layer.output_vars as usize;
        let mut challenges = transcript.challenges(labels::ASSERT, count);
        let point = challenges.split_off(1);
        (challenges[0], point)
    });
    let combine = two_claims.then(|| transcript.challenge(labels::COMBINE));
    LayerOpening { assert, combine }
}

fn assert_len(shape: &ProofShape, section: Section, found: usize) {
    let expected = shape.num_elements(section);
    assert_eq!(
        found as u64, expected,
        "the {section} section does not fit the shape"
    );
}
