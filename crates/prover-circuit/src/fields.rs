//! What files say about fields: their moduli, and which one an element type belongs to.

use core::any::TypeId;

use prover_core::{Field, FieldId};
use prover_fields::{ChallengeField, FieldSpec, with_field};

use crate::error::DecodeErrorKind;

/// The modulus of the base field as 32 little-endian bytes.
pub fn modulus(field: FieldId) -> [u8; 32] {
    let mut bytes = [0; 32];
    let limbs = FieldSpec::of(field).modulus_limbs();
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    bytes
}

/// The field whose base field has this modulus (32 little-endian bytes), if it is one of ours.
pub fn field_of_modulus(bytes: &[u8]) -> Option<FieldId> {
    FieldId::ALL.into_iter().find(|&id| modulus(id) == bytes)
}

/// The field whose base field is `B`.
///
/// # Panics
/// If `B` is no registered field's base field.
pub fn field_of<B: Field>() -> FieldId {
    let is_base = |&id: &FieldId| {
        with_field!(id, |F| TypeId::of::<B>()
            == TypeId::of::<<F as ChallengeField>::Base>())
    };
    FieldId::ALL
        .into_iter()
        .find(is_base)
        .expect("elements of a registered base field")
}

/// Refuses elements that are not those of `found`.
pub(crate) fn expect_field<B: Field>(found: FieldId) -> Result<(), DecodeErrorKind> {
    let expected = field_of::<B>();
    if expected != found {
        return Err(DecodeErrorKind::FieldMismatch { expected, found });
    }
    Ok(())
}

/// A base element's canonical integer, most significant word first: orders as the integers do.
pub(crate) fn integer_key<B: Field>(value: B, scratch: &mut Vec<u8>) -> [u64; 4] {
    scratch.clear();
    value.encode(scratch);
    scratch.resize(32, 0);
    let mut key = [0; 4];
    for (word, chunk) in key.iter_mut().rev().zip(scratch.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes"));
    }
    key
}
