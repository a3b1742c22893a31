//! What files say about fields: numbers, moduli, encoded lengths.

use prover_core::{Field, FieldId};

use crate::error::DecodeErrorKind;

/// The modulus of the base field as 32 little-endian bytes.
pub fn modulus(field: FieldId) -> [u8; 32] {
    let limbs: [u64; 4] = match field {
        FieldId::Bn254 => [
            0x43e1_f593_f000_0001,
            0x2833_e848_79b9_7091,
            0xb850_45b6_8181_585d,
            0x3064_4e72_e131_a029,
        ],
        FieldId::M31 => [(1 << 31) - 1, 0, 0, 0],
        FieldId::Gf2 => [2, 0, 0, 0],
        FieldId::Goldilocks => [0xffff_ffff_0000_0001, 0, 0, 0],
    };
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    bytes
}

/// The field whose base field has this modulus (32 little-endian bytes), if it is one of ours.
pub fn field_of_modulus(bytes: &[u8]) -> Option<FieldId> {
    FieldId::ALL.into_iter().find(|&id| modulus(id) == bytes)
}

/// Encoded length of a base element; different for every field.
pub fn base_bytes(field: FieldId) -> usize {
    match field {
        FieldId::Bn254 => 32,
        FieldId::M31 => 4,
        FieldId::Gf2 => 1,
        FieldId::Goldilocks => 8,
    }
}

/// Refuses elements that are not those of `found`.
pub(crate) fn expect_field<B: Field>(found: FieldId) -> Result<(), DecodeErrorKind> {
    if base_bytes(found) != B::ENCODED_BYTES {
        return Err(DecodeErrorKind::WrongField {
            expected_bytes: B::ENCODED_BYTES,
            found,
        });
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
