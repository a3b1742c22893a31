//! Files by path: transparent `.xz`, and circuits of either format over any field.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use prover_core::{Field, FieldId};
use prover_fields::{ChallengeField, with_field};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::limits::Limits;
use crate::model::{Circuit, GateCounts, Instances};
use crate::reader::{Reader, error_at};
use crate::witness::PublicInputs;
use crate::{expander, format, witness};

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is longer than the limit, possibly only after decompression.
    #[error("{}: byte {limit}: expected the end, the limit of the file's bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// Its xz stream is damaged, or asks for more memory than the limit.
    #[error(
        "{}: in the xz stream, after {offset} decompressed bytes: expected valid xz: {source}",
        path.display()
    )]
    Xz {
        /// The file.
        path: PathBuf,
        /// Bytes that came out before.
        offset: u64,
        /// The decoder's reason.
        source: io::Error,
    },
    /// Its content was refused.
    #[error("{}: {source}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: DecodeError,
    },
}

impl FileError {
    fn decode(path: &Path) -> impl FnOnce(DecodeError) -> Self + use<> {
        let path = path.to_owned();
        |source| Self::Decode { path, source }
    }
}

macro_rules! any_circuit {
    (
        {}
        $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal:
            $challenge:ident over $base:ident;)*
    ) => {
        /// A circuit over one of the fields.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum AnyCircuit {
            $(
                #[doc = concat!("Over the field `", $name, "`.")]
                $variant(Circuit<prover_fields::$base>),
            )*
        }

        $(
            impl From<Circuit<prover_fields::$base>> for AnyCircuit {
                fn from(circuit: Circuit<prover_fields::$base>) -> Self {
                    Self::$variant(circuit)
                }
            }
        )*
    };
}

prover_core::for_each_field!(any_circuit {});

/// Runs an expression on the circuit inside an [`AnyCircuit`], whatever its field; a second name
/// stands for the type of the challenge field.
///
/// ```
/// use prover_circuit::{AnyCircuit, with_circuit};
/// use prover_core::Field;
///
/// fn challenge_bytes(any: &AnyCircuit) -> usize {
///     with_circuit!(any, |_circuit, F| <F as Field>::ENCODED_BYTES)
/// }
/// ```
#[macro_export]
macro_rules! with_circuit {
    ($any:expr, |$circuit:ident| $body:expr) => {
        $crate::with_circuit!($any, |$circuit, _Field| $body)
    };
    ($any:expr, |$circuit:ident, $field:ident| $body:expr) => {
        $crate::__fields::for_each_field!($crate::__match_circuit {
            $any,
            $circuit,
            $field,
            $body
        })
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __match_circuit {
    (
        { $any:expr, $circuit:ident, $field:ident, $body:expr }
        $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal:
            $challenge:ident over $base:ident;)*
    ) => {
        match $any {
            $($crate::AnyCircuit::$variant($circuit) => {
                type $field = $crate::__fields::$challenge;
                $body
            })*
        }
    };
}

impl AnyCircuit {
    /// Reads a circuit of either format over any field.
    ///
    /// # Errors
    /// As [`decode_circuit`].
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        with_field!(peek_field(bytes)?, |F| {
            decode_circuit::<<F as ChallengeField>::Base>(bytes, limits).map(Self::from)
        })
    }

    /// The field.
    pub fn field(&self) -> FieldId {
        with_circuit!(self, |c| c.field())
    }

    /// The canonical encoding's SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        with_circuit!(self, |c| c.digest())
    }

    /// Gates of all layers by kind.
    pub fn gate_counts(&self) -> GateCounts {
        with_circuit!(self, |c| c.gate_counts())
    }
}

/// The field of a circuit file of either format, from its first 40 bytes.
///
/// # Errors
/// If neither magic is there, or the field is none of ours.
pub fn peek_field(bytes: &[u8]) -> Result<FieldId, DecodeError> {
    let mut reader = Reader::new(bytes);
    match bytes.get(..8) {
        Some(magic) if magic == expander::MAGIC => expander::read_field(&mut reader),
        Some(magic) if magic == format::MAGIC => format::read_field(&mut reader),
        _ => Err(error_at(
            0,
            DecodeErrorKind::Magic {
                expected: "ASTRAEAC or CIRCUIT6",
            },
        )),
    }
}

/// Reads a circuit of either format, told apart by the magic.
///
/// # Errors
/// As [`format::decode`] and [`expander::decode`].
pub fn decode_circuit<B: Field>(bytes: &[u8], limits: &Limits) -> Result<Circuit<B>, DecodeError> {
    match bytes.get(..8) {
        Some(magic) if magic == expander::MAGIC => expander::decode(bytes, limits),
        _ => {
            peek_field(bytes)?;
            format::decode(bytes, limits)
        }
    }
}

/// The bytes of a file, decompressed if its name ends in `.xz`.
/// Cost: memory for the content, and up to `limits.max_xz_kib` KiB while decompressing.
///
/// # Errors
/// If the file cannot be read, its content exceeds `limits.max_file_bytes`, or the xz stream is
/// damaged or asks for too much memory.
pub fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, FileError> {
    let io = |source| FileError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("xz"))
    {
        let input = BufReader::new(file.take(limits.max_file_bytes));
        let mut reader = lzma_rust2::XzReader::new_mem_limit(input, true, limits.max_xz_kib);
        return read_bounded(&mut reader, path, limits, |offset, source| FileError::Xz {
            path: path.to_owned(),
            offset,
            source: match source.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(
                    source.kind(),
                    "expected more of the xz stream, the file ends",
                ),
                _ => source,
            },
        });
    }
    let mut file = file;
    read_bounded(&mut file, path, limits, |_, source| io(source))
}

fn read_bounded(
    reader: &mut dyn Read,
    path: &Path,
    limits: &Limits,
    fail: impl Fn(u64, io::Error) -> FileError,
) -> Result<Vec<u8>, FileError> {
    let limit = limits.max_file_bytes;
    let mut bytes = Vec::new();
    let result = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLong {
            path: path.to_owned(),
            limit,
        });
    }
    result.map_err(|source| fail(bytes.len() as u64, source))?;
    Ok(bytes)
}

/// Reads a circuit file of either format over any field.
///
/// # Errors
/// If the file or its content is refused.
pub fn load_any(path: &Path, limits: &Limits) -> Result<AnyCircuit, FileError> {
    AnyCircuit::decode(&read(path, limits)?, limits).map_err(FileError::decode(path))
}

/// Reads a circuit file of either format over `B`.
///
/// # Errors
/// If the file or its content is refused, or it is over another field.
pub fn load_circuit<B: Field>(path: &Path, limits: &Limits) -> Result<Circuit<B>, FileError> {
    decode_circuit(&read(path, limits)?, limits).map_err(FileError::decode(path))
}

/// Reads a witness file of a circuit.
///
/// # Errors
/// If the file or its content is refused.
pub fn load_witness<B: Field>(
    path: &Path,
    circuit: &Circuit<B>,
    limits: &Limits,
) -> Result<Instances<B>, FileError> {
    witness::decode(&read(path, limits)?, circuit, limits).map_err(FileError::decode(path))
}

/// Reads a file of public inputs: JSON or a witness file.
///
/// # Errors
/// If the file or its content is refused.
pub fn load_public<B: Field>(
    path: &Path,
    circuit: &Circuit<B>,
    limits: &Limits,
) -> Result<PublicInputs<B>, FileError> {
    witness::decode_public(&read(path, limits)?, circuit, limits).map_err(FileError::decode(path))
}
