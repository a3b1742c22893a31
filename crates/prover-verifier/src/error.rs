//! Why a proof is not accepted.

use core::fmt;

use prover_core::FieldId;
use prover_proof::{ProofError, Section, ShapeError};

/// Whether a proof could be understood at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A proof that was understood and does not hold.
    Invalid,
    /// Bytes or parameters that are no proof for this circuit.
    Malformed,
}

impl ErrorKind {
    /// The exit code of a program that stops with such an error: 1 or 2.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 1,
            Self::Malformed => 2,
        }
    }
}

/// An equation of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Without mul gates the claim after the add gates is zero (section 7, step 9).
    Linear,
    /// The claim after phase two is `v_x·v_y·M` (section 7, step 10).
    Product,
    /// The input's value at `r_x` is the one claimed (the end of section 7).
    InputX,
    /// The input's value at `r_y` is the one claimed (the end of section 7).
    InputY,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linear => "the claim after the add gates is not zero",
            Self::Product => "the claim after phase two is not the product of the values",
            Self::InputX => "the input has another value at the point of x",
            Self::InputY => "the input has another value at the point of y",
        })
    }
}

/// Why a proof is not accepted; [`VerifyError::kind`] tells malformed from invalid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The bytes are not a proof for this circuit.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// There is no proof of so many instances.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The circuit is not of the field that the verifier was asked to compute in.
    #[error("the circuit is over {circuit}, not over {asked}")]
    CircuitField {
        /// The circuit's field.
        circuit: FieldId,
        /// The verifier's field.
        asked: FieldId,
    },
    /// A section of a proof in memory does not fit the circuit.
    #[error("expected {expected} elements in the {section} section, found {found}")]
    Length {
        /// The section.
        section: Section,
        /// Elements that follow from the circuit.
        expected: u64,
        /// Elements found.
        found: u64,
    },
    /// Outputs in memory are in another field than their encoding.
    #[error("the outputs are in the wrong one of base and challenge field")]
    OutputsField,
    /// The proof is about another number of public inputs.
    #[error(
        "the proof has {proof} public inputs in all its instances, those to compare them with are {found}"
    )]
    PublicLength {
        /// Public inputs in the proof.
        proof: usize,
        /// Public inputs expected.
        found: usize,
    },
    /// The proof is about another circuit.
    #[error("the proof is about another circuit (field {field})")]
    OtherCircuit {
        /// The proof's field.
        field: FieldId,
    },
    /// The proof is about another number of instances than the expected public inputs.
    #[error(
        "the proof is about {proof} instances, the public inputs to compare with about {found}"
    )]
    OtherInstances {
        /// Instances of the proof.
        proof: usize,
        /// Instances expected.
        found: usize,
    },
    /// The proof is about other public inputs.
    #[error("instance {instance}: public input {index} is not the expected one")]
    OtherPublic {
        /// The first instance that differs.
        instance: usize,
        /// The first public input that differs.
        index: usize,
    },
    /// The proof has too few bits.
    #[error("the proof has {bits:.2} bits of soundness, at least {min_bits} are asked for")]
    TooFewBits {
        /// The proof's bits.
        bits: f64,
        /// The limit.
        min_bits: f64,
    },
    /// An equation does not hold.
    #[error("layer {layer}: {check}")]
    Refused {
        /// The layer; 0 for the input.
        layer: usize,
        /// The equation.
        check: Check,
    },
}

impl VerifyError {
    /// Whether the proof was understood.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Proof(_)
            | Self::Shape(_)
            | Self::CircuitField { .. }
            | Self::Length { .. }
            | Self::OutputsField => ErrorKind::Malformed,
            Self::OtherCircuit { .. }
            | Self::OtherInstances { .. }
            | Self::PublicLength { .. }
            | Self::OtherPublic { .. }
            | Self::TooFewBits { .. }
            | Self::Refused { .. } => ErrorKind::Invalid,
        }
    }
}
