//! Why bytes are not a circuit, a witness or a public file.

use prover_core::FieldId;

use crate::model::{CircuitError, InstancesError};

/// A refused input: where, what was expected there and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {kind}")]
pub struct DecodeError {
    /// Offset in the (decompressed) bytes.
    pub offset: u64,
    /// What was expected.
    pub kind: DecodeErrorKind,
}

/// What was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end too early, or a length promises more items than bytes are left for.
    #[error("expected {wanted} bytes of {what}, {left} are left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Bytes it needs at least.
        wanted: u64,
        /// Bytes left.
        left: u64,
    },
    /// Neither magic is there.
    #[error("expected the magic bytes {expected}")]
    Magic {
        /// The magic.
        expected: &'static str,
    },
    /// Another version of the format.
    #[error("expected version {expected}, found {found}")]
    Version {
        /// The version this code reads.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// A field number or modulus that names none of our fields.
    #[error("expected the {what} of a known field ({})", FieldId::ALL.map(FieldId::name).join(", "))]
    UnknownField {
        /// "number" or "modulus".
        what: &'static str,
    },
    /// A file over another field than the circuit's, or than the one asked for.
    #[error("expected elements of {expected}, the file is over {found}")]
    FieldMismatch {
        /// The field of the circuit, or of the elements that the caller asked for.
        expected: FieldId,
        /// The file's field.
        found: FieldId,
    },
    /// A number that must be below another.
    #[error("expected {what} below {below}, found {found}")]
    NotBelow {
        /// What the number is.
        what: &'static str,
        /// The exclusive bound.
        below: u64,
        /// The number.
        found: u64,
    },
    /// A number that must equal another.
    #[error("expected {what} {expected}, found {found}")]
    Mismatch {
        /// What the number is.
        what: &'static str,
        /// The only acceptable value.
        expected: u64,
        /// The number.
        found: u64,
    },
    /// A length that is not a power of two.
    #[error("expected a power of two as {what}, found {found}")]
    NotPowerOfTwo {
        /// What the number is.
        what: &'static str,
        /// The number.
        found: u64,
    },
    /// Items not in the canonical order, or repeated where they must not be.
    #[error("expected {what} in canonical order")]
    Order {
        /// What the items are.
        what: &'static str,
    },
    /// An element that is not below the modulus.
    #[error("expected a canonical element of {what}")]
    Element {
        /// What the element is.
        what: &'static str,
    },
    /// A constant that no gate uses, or that is zero.
    #[error("expected a constant that is not zero and is used by a gate of its layer")]
    UselessConstant,
    /// A tag or type number without meaning.
    #[error("expected {what}, found {found}")]
    Tag {
        /// The possible values.
        what: &'static str,
        /// The number.
        found: u64,
    },
    /// Bytes after the end.
    #[error("expected the end, {bytes} bytes follow")]
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// A segment that contains itself.
    #[error("segment {segment} contains itself")]
    Cycle {
        /// A segment on the cycle.
        segment: u64,
    },
    /// A limit of the caller's choice.
    #[error("{what}: {found} exceeds the limit of {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The file's value; saturated.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The parts do not form a circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The values do not fit the circuit.
    #[error(transparent)]
    Instances(#[from] InstancesError),
    /// Not the JSON that was expected.
    #[error("{what}")]
    Json {
        /// What was expected, or the parser's own words.
        what: String,
    },
}
