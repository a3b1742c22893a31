//! Field elements as people write them.

use prover_core::{ChallengeField, Field};
use prover_fields::{Extension, FieldSpec};
use prover_proof::Outputs;

/// An element as a decimal integer; the coefficients of an extension element ascend in brackets,
/// an element of GF(2^128) is one integer.
pub fn to_decimal<F: Field>(value: F, coefficient_bytes: usize) -> String {
    let mut bytes = Vec::with_capacity(F::ENCODED_BYTES);
    value.encode(&mut bytes);
    let parts: Vec<String> = bytes.chunks(coefficient_bytes).map(integer).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", parts.join(", ")),
    }
}

/// The claimed output at `place` of the output section, as [`to_decimal`].
///
/// # Panics
/// If there are not so many outputs.
pub fn output_decimal<F: ChallengeField>(outputs: &Outputs<F>, place: usize) -> String {
    match outputs {
        Outputs::Base(values) => to_decimal(values[place], F::Base::ENCODED_BYTES),
        Outputs::Challenge(values) => to_decimal(values[place], coefficient_bytes::<F>()),
    }
}

/// Bytes of one coefficient of a challenge-field element.
fn coefficient_bytes<F: ChallengeField>() -> usize {
    match FieldSpec::of(F::ID).extension {
        Extension::BinaryPolynomial { .. } => F::ENCODED_BYTES,
        Extension::None | Extension::Binomial { .. } => F::Base::ENCODED_BYTES,
    }
}

/// A little-endian integer in decimal.
fn integer(bytes: &[u8]) -> String {
    const CHUNK: u64 = 1_000_000_000;
    let mut bytes = bytes.to_vec();
    let mut chunks = Vec::new();
    while bytes.iter().any(|&byte| byte != 0) {
        let mut rest = 0;
        for byte in bytes.iter_mut().rev() {
            let wide = rest << 8 | u64::from(*byte);
            *byte = (wide / CHUNK) as u8;
            rest = wide % CHUNK;
        }
        chunks.push(rest);
    }
    let Some(first) = chunks.pop() else {
        return "0".to_owned();
    };
    let rest = chunks.iter().rev().map(|chunk| format!("{chunk:09}"));
    core::iter::once(first.to_string()).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_all_lengths() {
        assert_eq!(integer(&[0; 32]), "0");
        assert_eq!(integer(&[255]), "255");
        assert_eq!(integer(&u64::MAX.to_le_bytes()), u64::MAX.to_string());
        assert_eq!(integer(&u128::MAX.to_le_bytes()), u128::MAX.to_string());
        let billion = 1_000_000_000u64;
        assert_eq!(integer(&billion.to_le_bytes()), "1000000000");
    }
}
