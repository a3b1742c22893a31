//! What prover and verifier agree on beside the circuit.

/// The field that random coefficients are drawn from.
///
/// The number is the encoding in proofs and transcripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum RandomCoefField {
    /// The circuit's field: as other provers do it, with as few bits as that field has.
    Base = 0,
    /// The challenge field.
    #[default]
    Challenge = 1,
}

impl RandomCoefField {
    /// The choice of this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Base, Self::Challenge]
            .into_iter()
            .find(|choice| *choice as u32 == number)
    }
}

/// How the prover is bound to the input.
///
/// The number is the encoding in proofs and transcripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum CommitmentKind {
    /// The inputs themselves are in the proof.
    #[default]
    Raw = 0,
}

impl CommitmentKind {
    /// The kind of this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        (number == Self::Raw as u32).then_some(Self::Raw)
    }
}

/// The choices of one proof (`docs/protocol.md`, section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProtocolConfig {
    /// Where random coefficients come from.
    pub random_coefs: RandomCoefField,
    /// How the prover is bound to the input.
    pub commitment: CommitmentKind,
}

impl ProtocolConfig {
    /// Both numbers, as in the proof file and in the transcript.
    pub fn encode(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&(self.random_coefs as u32).to_le_bytes());
        bytes[4..].copy_from_slice(&(self.commitment as u32).to_le_bytes());
        bytes
    }
}
