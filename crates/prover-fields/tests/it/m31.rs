//! Mersenne-31 and its extension against Plonky3.

use crate::agreement::{encoded, inverses_agree, operators_agree, products_agree, refuses};
use crate::samples::{Extremes, Random};
use p3_field::extension::BinomialExtensionField;
use p3_field::{BasedVectorSpace, Field as _, PrimeField32};
use p3_mersenne_31::Mersenne31;
use prover_fields::{Field, M31, M31Ext3};

type TheirExt3 = BinomialExtensionField<Mersenne31, 3>;

fn to_p3(value: M31) -> Mersenne31 {
    Mersenne31::new_checked(value.value()).unwrap()
}

fn from_p3(value: Mersenne31) -> M31 {
    M31::new(value.as_canonical_u32()).unwrap()
}

fn ext_to_p3(value: M31Ext3) -> TheirExt3 {
    TheirExt3::from_basis_coefficients_slice(&value.coeffs().map(to_p3)).unwrap()
}

fn ext_from_p3(value: TheirExt3) -> M31Ext3 {
    let coeffs: &[Mersenne31] = value.as_basis_coefficients_slice();
    M31Ext3::new([from_p3(coeffs[0]), from_p3(coeffs[1]), from_p3(coeffs[2])])
}

#[test]
fn operators_are_plonky3() {
    operators_agree(to_p3, from_p3);
    operators_agree(ext_to_p3, ext_from_p3);
}

#[test]
fn inverses_are_plonky3() {
    inverses_agree(|a: M31| to_p3(a).try_inverse().map(from_p3));
    inverses_agree(|a: M31Ext3| ext_to_p3(a).try_inverse().map(ext_from_p3));
}

#[test]
fn random_products_are_plonky3() {
    products_agree(4, ext_to_p3, ext_from_p3);
}

#[test]
fn reduces_every_word() {
    let p = u64::from(M31::MODULUS);
    let mut words: Vec<u64> = (0..64).flat_map(|i| [1u64 << i, u64::MAX >> i]).collect();
    words.extend([
        p,
        p + 1,
        2 * p,
        2 * p - 1,
        p * p,
        (p - 1) * (p - 1),
        p << 31,
        p << 32,
        p << 33,
    ]);
    words.extend(
        (0..8)
            .map(|i| u64::MAX - i)
            .chain((0..8).map(|i| u64::MAX / p * p - i)),
    );
    let mut random = Random::new(5);
    words.extend((0..10_000).map(|_| random.next_u64()));
    for word in words {
        assert_eq!(u64::from(M31::reduce(word).value()), word % p, "{word}");
        assert_eq!(M31::from_u64(word), M31::reduce(word));
    }
}

#[test]
fn the_cube_of_x_is_five() {
    let [zero, one] = [M31::ZERO, M31::ONE];
    let x = M31Ext3::new([zero, one, zero]);
    assert_eq!(x * x * x, M31Ext3::from_u64(5));
    assert_eq!(M31Ext3::NON_RESIDUE, M31::from_u64(5));
}

#[test]
fn uniform_is_each_integer_modulo_p() {
    let p = u128::from(M31::MODULUS);
    let mut random = Random::new(6);
    let mut inputs: Vec<Vec<u8>> = (0..1000).map(|_| random.bytes(30)).collect();
    inputs.push(vec![0xff; 30]);
    for input in inputs {
        let expected: Vec<M31> = input
            .chunks(10)
            .map(|chunk| {
                chunk
                    .iter()
                    .rev()
                    .fold(0, |value, &byte| (value << 8) + u128::from(byte))
                    % p
            })
            .map(|value| M31::new(value as u32).unwrap())
            .collect();
        assert_eq!(M31Ext3::from_uniform(&input).coeffs()[..], expected[..]);
        assert_eq!(M31::from_uniform(&input[10..20]), expected[1]);
    }
}

#[test]
fn refuses_what_is_not_reduced() {
    let p = M31::MODULUS;
    let values = [p, p + 1, 1 << 31, u32::MAX];
    assert_eq!(values.map(M31::new), [None; 4]);
    refuses::<M31Ext3, _>(&values.map(u32::to_le_bytes));
    assert_eq!(M31::new(p - 1), Some(-M31::ONE));
}

#[test]
fn coefficients_are_encoded_in_ascending_order() {
    let value = M31Ext3::new([1, 2, 3].map(|coeff| M31::new(coeff).unwrap()));
    assert_eq!(encoded(value), [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(M31Ext3::extremes()[5].coeffs()[2], -M31::ONE);
}
