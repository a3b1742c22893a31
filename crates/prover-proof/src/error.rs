//! What may be wrong with a proof's bytes.

use core::fmt;

use prover_core::FieldId;

/// A section of a proof file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// Public inputs.
    Public,
    /// Inputs.
    Input,
    /// Claimed outputs.
    Output,
    /// Messages of the prover.
    Message,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Input => "input",
            Self::Output => "output",
            Self::Message => "message",
        })
    }
}

/// Why bytes are not a proof; offsets count bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The file ends too early.
    #[error("byte {offset}: expected {expected} bytes of {what}, the file ends after {found}")]
    Truncated {
        /// Where the missing part begins.
        offset: usize,
        /// The missing part.
        what: &'static str,
        /// Its length.
        expected: u64,
        /// Bytes left.
        found: u64,
    },
    /// Another file format.
    #[error("byte 0: expected the magic `ASTRAEAP`")]
    Magic,
    /// A number of the header without meaning.
    #[error("byte {offset}: expected {expected}, found {found}")]
    Header {
        /// Where it stands.
        offset: usize,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: u32,
    },
    /// The header speaks of another circuit, number of instances or configuration.
    #[error("byte {offset}: {what} is not the one asked for")]
    Mismatch {
        /// Where it stands.
        offset: usize,
        /// What differs.
        what: &'static str,
    },
    /// A section of a length that does not follow from the circuit.
    #[error("byte {offset}: expected {expected} as length of the {section} section, found {found}")]
    Length {
        /// Where the length stands.
        offset: usize,
        /// The section.
        section: Section,
        /// Length in bytes that follows from the circuit.
        expected: u64,
        /// Length in bytes found.
        found: u64,
    },
    /// An integer that is not below the modulus.
    #[error("byte {offset}: expected a canonical element ({section} section, element {index})")]
    Element {
        /// Where the element begins.
        offset: usize,
        /// The section.
        section: Section,
        /// The element's number in its section.
        index: usize,
    },
    /// Bytes after the last section.
    #[error("byte {offset}: expected the end of the file, found {found} more bytes")]
    Trailing {
        /// Where the file should end.
        offset: usize,
        /// Bytes found there.
        found: u64,
    },
}

/// Why there is no proof of a shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The number of instances is out of range.
    #[error("expected 1 to 2^20 instances, found {found}")]
    Instances {
        /// The number.
        found: u64,
    },
    /// Parts of a circuit that do not fit each other.
    #[error("the circuit's shape is impossible: {what}")]
    Circuit {
        /// What is wrong.
        what: &'static str,
    },
}

/// Why values are not outputs in the base field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("output {index} is not an element of the base field of {field}")]
pub struct OutputsError {
    /// The output's number in the section.
    pub index: usize,
    /// The field.
    pub field: FieldId,
}
