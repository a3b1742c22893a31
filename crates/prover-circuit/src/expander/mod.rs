//! Expander's `CIRCUIT6` files, brought into our form (`docs/circuits.md`).
//!
//! Absent on purpose: writing such files.

mod flatten;
mod parse;
mod power;

use prover_core::{Field, FieldId};

use crate::error::{DecodeError, DecodeErrorKind};
use crate::fields::{expect_field, field_of_modulus};
use crate::limits::Limits;
use crate::model::Circuit;
use crate::reader::{Reader, error_at};

/// First bytes of the file.
pub const MAGIC: &[u8; 8] = b"CIRCUIT6";

/// Reads and flattens a circuit.
/// Cost: memory for the file's segments and the flattened gates, and a sort of every layer; the
/// number of flattened gates is known and held against the limits before the first one is made.
///
/// # Errors
/// If the bytes are not such a circuit over `B` to the last byte, an index or offset leaves its
/// layer, segments nest in a cycle, the layers do not fit, or a limit is exceeded.
pub fn decode<B: Field>(bytes: &[u8], limits: &Limits) -> Result<Circuit<B>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let field = read_field(&mut reader)?;
    expect_field::<B>(field).map_err(|kind| error_at(8, kind))?;
    let file = parse::parse::<B>(&mut reader, limits)?;
    flatten::flatten(field, file, limits)
}

/// Reads magic and modulus.
pub(crate) fn read_field(reader: &mut Reader<'_>) -> Result<FieldId, DecodeError> {
    if reader.take(8, "magic")? != MAGIC {
        return Err(error_at(
            0,
            DecodeErrorKind::Magic {
                expected: "CIRCUIT6",
            },
        ));
    }
    read_modulus(reader)
}

/// Reads a modulus, which names the field.
pub(crate) fn read_modulus(reader: &mut Reader<'_>) -> Result<FieldId, DecodeError> {
    let at = reader.offset();
    field_of_modulus(reader.take(32, "modulus")?)
        .ok_or_else(|| error_at(at, DecodeErrorKind::UnknownField { what: "modulus" }))
}
