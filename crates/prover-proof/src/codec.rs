//! The proof file (`docs/protocol.md`, section 5).

use prover_core::{ChallengeField, Field, FieldId};

use crate::config::{CommitmentKind, ProtocolConfig, RandomCoefField};
use crate::error::{ProofError, Section};
use crate::proof::{Outputs, Proof};
use crate::shape::{MAX_INSTANCES, ProofShape};

/// First bytes of a proof file.
pub const MAGIC: [u8; 8] = *b"ASTRAEAP";
/// The version written and read.
pub const VERSION: u32 = 2;
/// Bytes before the first section.
pub const HEADER_BYTES: usize = 60;

const FIELD_AT: usize = 12;
const CONFIG_AT: usize = 16;
const DIGEST_AT: usize = 24;
const INSTANCES_AT: usize = 56;

/// What a proof says about itself: enough to choose the field and to find the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofHeader {
    /// The field.
    pub field: FieldId,
    /// The configuration.
    pub config: ProtocolConfig,
    /// Digest of the circuit.
    pub digest: [u8; 32],
    /// The number of instances, `1..=2^20`.
    pub num_instances: usize,
}

impl ProofHeader {
    /// The header of a proof of this shape.
    pub fn of(shape: &ProofShape) -> Self {
        Self {
            field: shape.circuit().field,
            config: shape.config(),
            digest: shape.circuit().digest,
            num_instances: shape.num_instances(),
        }
    }

    /// Reads the first [`HEADER_BYTES`] of a proof file; what follows is not looked at.
    ///
    /// # Errors
    /// If they are too few or a number has no meaning.
    pub fn peek(bytes: &[u8]) -> Result<Self, ProofError> {
        let mut reader = Reader { bytes, offset: 0 };
        if reader.take::<8>("the magic")? != MAGIC {
            return Err(ProofError::Magic);
        }
        reader.number("version 2", |number| (number == VERSION).then_some(()))?;
        let field = reader.number("a field number", FieldId::from_number)?;
        let random_coefs = reader.number(
            "0 or 1 for the field of random coefficients",
            RandomCoefField::from_number,
        )?;
        let commitment = reader.number("0 for a raw commitment", CommitmentKind::from_number)?;
        let digest = reader.take("the circuit's digest")?;
        let num_instances = reader.number("1 to 2^20 instances", |number| {
            let number = usize::try_from(number).ok()?;
            (1..=MAX_INSTANCES).contains(&number).then_some(number)
        })?;
        let config = ProtocolConfig {
            random_coefs,
            commitment,
        };
        Ok(Self {
            field,
            config,
            digest,
            num_instances,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend((self.field as u32).to_le_bytes());
        out.extend(self.config.encode());
        out.extend(self.digest);
        out.extend((self.num_instances as u32).to_le_bytes());
    }

    /// Refuses a header that is not the one of `shape` in field `F`.
    fn check<F: ChallengeField>(&self, shape: &ProofShape) -> Result<(), ProofError> {
        let expected = Self::of(shape);
        let checks = [
            (
                FIELD_AT,
                "the field",
                self.field == F::ID && self.field == expected.field,
            ),
            (
                CONFIG_AT,
                "the configuration",
                self.config == expected.config,
            ),
            (
                DIGEST_AT,
                "the circuit's digest",
                self.digest == expected.digest,
            ),
            (
                INSTANCES_AT,
                "the number of instances",
                self.num_instances == expected.num_instances,
            ),
        ];
        match checks.into_iter().find(|&(_, _, same)| !same) {
            Some((offset, what, _)) => Err(ProofError::Mismatch { offset, what }),
            None => Ok(()),
        }
    }
}

impl<F: ChallengeField> Proof<F> {
    /// The proof file.
    pub fn encode(&self) -> Vec<u8> {
        let (base, full) = (F::Base::ENCODED_BYTES, F::ENCODED_BYTES);
        let lengths = [
            self.public.len() * base,
            self.input.len() * base,
            self.outputs.encoded_len(),
            self.messages.len() * full,
        ];
        let total = HEADER_BYTES + lengths.iter().map(|len| 8 + len).sum::<usize>();
        let mut out = Vec::with_capacity(total);
        self.header.encode(&mut out);
        encode_section(&mut out, &self.public);
        encode_section(&mut out, &self.input);
        match &self.outputs {
            Outputs::Base(values) => encode_section(&mut out, values),
            Outputs::Challenge(values) => encode_section(&mut out, values),
        }
        encode_section(&mut out, &self.messages);
        out
    }

    /// Reads a proof file of exactly this shape.
    ///
    /// Nothing is allocated before the length of a section is found to be the shape's and the
    /// bytes are there.
    ///
    /// # Errors
    /// If the header is not the shape's, a length is not the one that follows from the shape, an
    /// element is not canonical, or bytes are missing or left over.
    pub fn decode(bytes: &[u8], shape: &ProofShape) -> Result<Self, ProofError> {
        let header = ProofHeader::peek(bytes)?;
        header.check::<F>(shape)?;
        let mut reader = Reader {
            bytes,
            offset: HEADER_BYTES,
        };
        let expected = |section| (section, shape.section_bytes::<F>(section));
        let public = reader.section(expected(Section::Public))?;
        let input = reader.section(expected(Section::Input))?;
        let outputs = if shape.outputs_in_base() {
            Outputs::Base(reader.section(expected(Section::Output))?)
        } else {
            Outputs::Challenge(reader.section(expected(Section::Output))?)
        };
        let messages = reader.section(expected(Section::Message))?;
        let (offset, found) = (reader.offset, reader.left());
        if found > 0 {
            return Err(ProofError::Trailing { offset, found });
        }
        Ok(Self {
            header,
            public,
            input,
            outputs,
            messages,
        })
    }
}

fn encode_section<E: Field>(out: &mut Vec<u8>, elements: &[E]) {
    let len = elements.len() as u64 * E::ENCODED_BYTES as u64;
    out.extend(len.to_le_bytes());
    for &element in elements {
        element.encode(out);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn left(&self) -> u64 {
        (self.bytes.len() - self.offset) as u64
    }

    fn slice(&mut self, what: &'static str, len: u64) -> Result<&'a [u8], ProofError> {
        let rest = &self.bytes[self.offset..];
        let truncated = ProofError::Truncated {
            offset: self.offset,
            what,
            expected: len,
            found: rest.len() as u64,
        };
        let len = usize::try_from(len).map_err(|_| truncated.clone())?;
        let slice = rest.get(..len).ok_or(truncated)?;
        self.offset += len;
        Ok(slice)
    }

    fn take<const LEN: usize>(&mut self, what: &'static str) -> Result<[u8; LEN], ProofError> {
        let mut array = [0; LEN];
        array.copy_from_slice(self.slice(what, LEN as u64)?);
        Ok(array)
    }

    fn number<T>(
        &mut self,
        expected: &'static str,
        accept: impl Fn(u32) -> Option<T>,
    ) -> Result<T, ProofError> {
        let offset = self.offset;
        let found = u32::from_le_bytes(self.take(expected)?);
        accept(found).ok_or(ProofError::Header {
            offset,
            expected,
            found,
        })
    }

    fn section<E: Field>(&mut self, of: (Section, u64)) -> Result<Vec<E>, ProofError> {
        let (section, expected) = of;
        let offset = self.offset;
        let found = u64::from_le_bytes(self.take("a section's length")?);
        if found != expected {
            return Err(ProofError::Length {
                offset,
                section,
                expected,
                found,
            });
        }
        let start = self.offset;
        let bytes = self.slice("a section", expected)?;
        let mut elements = Vec::with_capacity(bytes.len() / E::ENCODED_BYTES);
        for (index, piece) in bytes.chunks_exact(E::ENCODED_BYTES).enumerate() {
            let offset = start + index * E::ENCODED_BYTES;
            elements.push(E::decode(piece).ok_or(ProofError::Element {
                offset,
                section,
                index,
            })?);
        }
        Ok(elements)
    }
}
