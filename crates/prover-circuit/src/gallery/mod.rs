//! Ready circuits with known answers, by name or typed.
//!
//! [`build`] makes a circuit with a witness and the answers for any entry of [`list`]; the modules
//! offer the same with types, and describe layout and cost.
//!
//! Absent on purpose: messages of several blocks, circuits that read files.

pub mod bits;
pub mod keccak;
mod layers;
pub mod matmul;
pub mod poseidon2;
mod poseidon2_constants;
pub mod sha256;

use prover_core::{Field, FieldId};
use prover_fields::{ChallengeField, with_field};
use sha2::Digest;

use crate::builder::{BuildError, BuildReport};
use crate::file::AnyCircuit;
use crate::model::{Circuit, CircuitError, Instances, InstancesError, MAX_INSTANCES};
use crate::witness;

use bits::{Random, bytes_of_bits, hex, hex_of_element};

/// Most values of a witness that [`build`] makes.
pub const MAX_WITNESS_VALUES: usize = 1 << 30;
/// Outputs of an instance that are written out one by one, not as a digest.
const MAX_LISTED: usize = 256;

/// A circuit of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What [`build`] calls it.
    pub name: &'static str,
    /// Fields that it is there for.
    pub fields: &'static [FieldId],
    /// One sentence.
    pub description: &'static str,
    /// What its size is.
    pub size_meaning: &'static str,
    /// The size if none is given.
    pub default_size: usize,
    /// The largest size; the smallest is 1.
    pub max_size: usize,
    /// Longest message of one instance, if instances are messages.
    pub max_message: Option<usize>,
}

const ENTRIES: [Entry; 4] = [
    Entry {
        name: "keccak256",
        fields: &FieldId::ALL,
        description: "Keccak-256 of one message of up to 135 bytes per instance",
        size_meaning: "rounds of Keccak-f[1600]; 24 are the hash",
        default_size: keccak::ROUNDS,
        max_size: keccak::ROUNDS,
        max_message: Some(keccak::MAX_MESSAGE),
    },
    Entry {
        name: "sha256",
        fields: &[FieldId::Gf2],
        description: "SHA-256 of one message of up to 55 bytes per instance",
        size_meaning: "rounds of the compression function; 64 are the hash",
        default_size: sha256::ROUNDS,
        max_size: sha256::ROUNDS,
        max_message: Some(sha256::MAX_MESSAGE),
    },
    Entry {
        name: "poseidon2",
        fields: &[FieldId::Bn254, FieldId::M31],
        description: "Poseidon2 permutations of one state per instance (M31: width 16, BN254: 3)",
        size_meaning: "permutations in a chain",
        default_size: 1,
        max_size: poseidon2::MAX_CHAIN,
        max_message: None,
    },
    Entry {
        name: "matmul",
        fields: &FieldId::ALL,
        description: "the product of two square matrices per instance",
        size_meaning: "rows of a matrix",
        default_size: 16,
        max_size: matmul::MAX_SIZE,
        max_message: None,
    },
];

/// Every circuit of the gallery.
pub fn list() -> &'static [Entry] {
    &ENTRIES
}

/// Why the gallery cannot build what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// No entry of this name.
    #[error("the gallery has keccak256, sha256, poseidon2 and matmul, not {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The circuit is not there for this field.
    #[error("{name} is not there over {field}, only over {}", names(.fields))]
    Field {
        /// The circuit.
        name: &'static str,
        /// The field.
        field: FieldId,
        /// Fields that it is there for.
        fields: &'static [FieldId],
    },
    /// A size out of range.
    #[error("{name}: the size ({meaning}) is 1 to {max}, not {found}")]
    Size {
        /// The circuit.
        name: &'static str,
        /// What the size means.
        meaning: &'static str,
        /// The largest.
        max: usize,
        /// The size.
        found: usize,
    },
    /// Bytes for a circuit that hashes none.
    #[error("{name} takes no input bytes")]
    NoMessages {
        /// The circuit.
        name: &'static str,
    },
    /// More values than fit a witness in memory.
    #[error("{found} witness values are more than {MAX_WITNESS_VALUES}")]
    WitnessSize {
        /// Values of all instances; saturated.
        found: usize,
    },
    /// No or too many instances.
    #[error(transparent)]
    Instances(#[from] InstancesError),
    /// The circuit exceeds a limit.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl From<CircuitError> for GalleryError {
    fn from(error: CircuitError) -> Self {
        Self::Build(error.into())
    }
}

fn names(fields: &[FieldId]) -> String {
    let names: Vec<&str> = fields.iter().map(|f| f.name()).collect();
    names.join(", ")
}

/// A circuit of the gallery with instances and their answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The circuit.
    pub circuit: AnyCircuit,
    /// The instances as a witness file.
    pub witness: Vec<u8>,
    /// The claimed outputs of each instance as [`text_of_outputs`], computed without the circuit.
    pub expected_outputs: Vec<String>,
    /// What building amounted to.
    pub report: BuildReport,
}

/// Builds a circuit of the gallery and instances of it.
///
/// `input` are bytes to hash, cut into one message per instance (the longest that an instance
/// takes, the last one shorter; no bytes are one empty message); `instances` is then ignored.
/// Without it the instances are pseudo-random, the same at every call.
/// Cost: the circuit, the witness, and the hash of every instance on the host.
///
/// # Errors
/// If there is no such circuit over the field, or the size, the instances or the input do not
/// suit it.
pub fn build(
    name: &str,
    field: FieldId,
    size: Option<usize>,
    instances: usize,
    input: Option<&[u8]>,
) -> Result<Built, GalleryError> {
    let unknown = || GalleryError::Unknown { name: name.into() };
    let entry = ENTRIES
        .iter()
        .find(|e| e.name == name)
        .ok_or_else(unknown)?;
    let (name, fields) = (entry.name, entry.fields);
    if !fields.contains(&field) {
        return Err(GalleryError::Field {
            name,
            field,
            fields,
        });
    }
    let size = size.unwrap_or(entry.default_size);
    if size == 0 || size > entry.max_size {
        return Err(GalleryError::Size {
            name,
            meaning: entry.size_meaning,
            max: entry.max_size,
            found: size,
        });
    }
    let messages = match (input, entry.max_message) {
        (Some(_), None) => return Err(GalleryError::NoMessages { name }),
        (Some([]), Some(_)) => Some(vec![&[][..]]),
        (Some(bytes), Some(longest)) => Some(bytes.chunks(longest).collect()),
        (None, _) => None,
    };
    let instances = messages.as_ref().map_or(instances, Vec::len);
    if instances == 0 || instances > MAX_INSTANCES {
        let found = instances as u64;
        return Err(InstancesError::Number { found }.into());
    }
    let order = Order {
        entry,
        field,
        size,
        instances,
        messages,
    };
    match name {
        "sha256" => order.fill(|order| {
            order.hashes(
                sha256::circuit(order.size)?,
                sha256::inputs_for,
                sha256::reference,
            )
        }),
        _ => with_field!(field, |F| {
            order.fill(by_name::<<F as ChallengeField>::Base>)
        }),
    }
}

/// The claimed outputs of one instance as text: the digest in hex for a hash, else the elements
/// in hex, up to 256 of them one by one, more as the SHA-256 of their encodings.
///
/// Bits of a hash that are no bits are written as elements.
pub fn text_of_outputs<B: Field>(entry: &Entry, outputs: &[B]) -> String {
    let digest = entry.max_message.and_then(|_| bytes_of_bits(outputs));
    if let Some(digest) = digest {
        return hex(&digest);
    }
    if outputs.len() <= MAX_LISTED {
        let elements: Vec<String> = outputs.iter().map(|&v| hex_of_element(v)).collect();
        return elements.join(" ");
    }
    let mut bytes = Vec::with_capacity(outputs.len() * B::ENCODED_BYTES);
    outputs.iter().for_each(|v| v.encode(&mut bytes));
    format!("sha256:{}", hex(&sha2::Sha256::digest(&bytes)))
}

/// A checked request.
struct Order<'a> {
    entry: &'static Entry,
    field: FieldId,
    size: usize,
    instances: usize,
    messages: Option<Vec<&'a [u8]>>,
}

/// What fills an order over one field.
struct Filled<B> {
    built: crate::Built<B>,
    inputs: Vec<B>,
    expected_outputs: Vec<String>,
}

/// The circuits that are there over several fields.
fn by_name<B: Field>(order: &Order<'_>) -> Result<Filled<B>, GalleryError> {
    let size = order.size;
    match order.entry.name {
        "keccak256" => order.hashes(
            keccak::circuit(size)?,
            keccak::inputs_for,
            keccak::reference,
        ),
        "poseidon2" => {
            let parameters = poseidon2::Parameters::new().expect("the entry lists its fields");
            order.elements(poseidon2::circuit(size)?, |state| {
                poseidon2::reference(&parameters, state, size)
            })
        }
        "matmul" => order.elements(matmul::circuit(size)?, |inputs| {
            let (a, b) = inputs.split_at(size * size);
            matmul::reference(size, a, b)
        }),
        other => unreachable!("the entry {other} lists its fields"),
    }
}

impl Order<'_> {
    fn fill<B: Field>(
        &self,
        make: impl Fn(&Self) -> Result<Filled<B>, GalleryError>,
    ) -> Result<Built, GalleryError>
    where
        AnyCircuit: From<Circuit<B>>,
    {
        let Filled {
            built,
            inputs,
            expected_outputs,
        } = make(self)?;
        let instances = Instances::new(&built.circuit, self.instances, inputs, Vec::new())?;
        Ok(Built {
            witness: witness::encode(self.field, &instances),
            circuit: built.circuit.into(),
            expected_outputs,
            report: built.report,
        })
    }

    /// Instances that are messages.
    fn hashes<B: Field, const N: usize>(
        &self,
        built: crate::Built<B>,
        inputs_for: impl Fn(&[u8]) -> Vec<B>,
        reference: impl Fn(&[u8], usize) -> [u8; N],
    ) -> Result<Filled<B>, GalleryError> {
        let longest = self.entry.max_message.unwrap_or(0);
        self.instances(built, |instance, random| {
            let message = match &self.messages {
                Some(messages) => messages[instance].to_vec(),
                None => random.message(longest),
            };
            let digest = reference(&message, self.size);
            (inputs_for(&message), hex(&digest))
        })
    }

    /// Instances that are pseudo-random elements.
    fn elements<B: Field>(
        &self,
        built: crate::Built<B>,
        reference: impl Fn(&[B]) -> Vec<B>,
    ) -> Result<Filled<B>, GalleryError> {
        let count = built.layout.num_private as usize;
        self.instances(built, |_, random| {
            let inputs = random.elements(count);
            let text = text_of_outputs(self.entry, &reference(&inputs));
            (inputs, text)
        })
    }

    /// Private inputs and answer of every instance, which has random numbers of its own.
    fn instances<B: Field>(
        &self,
        built: crate::Built<B>,
        instance: impl Fn(usize, &mut Random) -> (Vec<B>, String),
    ) -> Result<Filled<B>, GalleryError> {
        let found = self.instances.saturating_mul(built.circuit.num_inputs());
        if found > MAX_WITNESS_VALUES {
            return Err(GalleryError::WitnessSize { found });
        }
        let mut inputs = Vec::with_capacity(found);
        let mut expected_outputs = Vec::with_capacity(self.instances);
        for s in 0..self.instances {
            let (private, text) = instance(s, &mut Random::new(s as u64));
            inputs.extend(built.layout.pad(&private));
            expected_outputs.push(text);
        }
        Ok(Filled {
            built,
            inputs,
            expected_outputs,
        })
    }
}
