//! A proof in memory.

use prover_core::{ChallengeField, Field};

use crate::codec::ProofHeader;
use crate::error::OutputsError;
use crate::shape::ProofShape;

/// The claimed outputs, in the field that they are encoded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs<F: ChallengeField> {
    /// Base elements.
    Base(Vec<F::Base>),
    /// Challenge elements: random coefficients were drawn from the challenge field.
    Challenge(Vec<F>),
}

impl<F: ChallengeField> Outputs<F> {
    /// Outputs in the field that the shape asks for.
    ///
    /// # Errors
    /// If the shape asks for base elements and a value is none.
    pub fn new(shape: &ProofShape, values: Vec<F>) -> Result<Self, OutputsError> {
        if !shape.outputs_in_base() {
            return Ok(Self::Challenge(values));
        }
        let field = F::ID;
        let to_base =
            |(index, value): (usize, &F)| value.to_base().ok_or(OutputsError { index, field });
        values
            .iter()
            .enumerate()
            .map(to_base)
            .collect::<Result<_, _>>()
            .map(Self::Base)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Base(values) => values.len(),
            Self::Challenge(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, in the challenge field.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn lifted(&self, index: usize) -> F {
        match self {
            Self::Base(values) => F::from(values[index]),
            Self::Challenge(values) => values[index],
        }
    }

    /// Bytes of their encoding.
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Base(values) => values.len() * F::Base::ENCODED_BYTES,
            Self::Challenge(values) => values.len() * F::ENCODED_BYTES,
        }
    }
}

/// A proof (`docs/protocol.md`, section 5); [`Proof::encode`] and [`Proof::decode`] are its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof<F: ChallengeField> {
    /// Field, configuration, circuit and number of instances.
    pub header: ProofHeader,
    /// Public inputs, instance after instance.
    pub public: Vec<F::Base>,
    /// Inputs, instance after instance.
    pub input: Vec<F::Base>,
    /// Claimed outputs, instance after instance.
    pub outputs: Outputs<F>,
    /// The prover's messages in the order of the protocol.
    pub messages: Vec<F>,
}
