//! Goldilocks and its extension against Plonky3.

use crate::agreement::{inverses_agree, operators_agree, products_agree, refuses};
use crate::samples::Random;
use p3_field::extension::BinomialExtensionField;
use p3_field::{BasedVectorSpace, Field as _, PrimeField64};
use prover_fields::{Field, Goldilocks, GoldilocksExt2};

type Theirs = p3_goldilocks::Goldilocks;
type TheirExt2 = BinomialExtensionField<Theirs, 2>;

fn to_p3(value: Goldilocks) -> Theirs {
    Theirs::new(value.value())
}

fn from_p3(value: Theirs) -> Goldilocks {
    Goldilocks::new(value.as_canonical_u64()).unwrap()
}

fn ext_to_p3(value: GoldilocksExt2) -> TheirExt2 {
    TheirExt2::from_basis_coefficients_slice(&value.coeffs().map(to_p3)).unwrap()
}

fn ext_from_p3(value: TheirExt2) -> GoldilocksExt2 {
    let coeffs: &[Theirs] = value.as_basis_coefficients_slice();
    GoldilocksExt2::new([from_p3(coeffs[0]), from_p3(coeffs[1])])
}

#[test]
fn operators_are_plonky3() {
    operators_agree(to_p3, from_p3);
    operators_agree(ext_to_p3, ext_from_p3);
}

#[test]
fn inverses_are_plonky3() {
    inverses_agree(|a: Goldilocks| to_p3(a).try_inverse().map(from_p3));
    inverses_agree(|a: GoldilocksExt2| ext_to_p3(a).try_inverse().map(ext_from_p3));
}

#[test]
fn random_products_are_plonky3() {
    products_agree(7, ext_to_p3, ext_from_p3);
}

#[test]
fn reduces_every_double_word() {
    let p = u128::from(Goldilocks::MODULUS);
    let mut values: Vec<u128> = (0..128)
        .flat_map(|i| [1u128 << i, u128::MAX >> i])
        .collect();
    values.extend([
        p,
        p + 1,
        2 * p - 1,
        2 * p,
        p * p,
        (p - 1) * (p - 1),
        p << 64,
        (p << 64) - 1,
    ]);
    // All combinations of extreme 32-bit words: each borrow and each carry.
    let words = [
        0u128,
        1,
        1 << 31,
        u128::from(u32::MAX) - 1,
        u128::from(u32::MAX),
    ];
    for code in 0..625 {
        let digits = [code / 125, code / 25 % 5, code / 5 % 5, code % 5];
        values.push(
            digits
                .iter()
                .fold(0, |value, digit| (value << 32) | words[*digit]),
        );
    }
    let mut random = Random::new(8);
    values.extend((0..10_000).map(|_| u128::from(random.next_u64()) << 64));
    values.extend((0..10_000).map(|_| u128::from(random.next_u64()) * 0x1_0000_0001_0000_0001));
    for value in values {
        assert_eq!(
            u128::from(Goldilocks::reduce(value).value()),
            value % p,
            "{value}"
        );
        assert_eq!(
            Goldilocks::from_uniform(&value.to_le_bytes()),
            Goldilocks::reduce(value)
        );
    }
}

#[test]
fn integers_from_the_modulus_on_wrap() {
    let p = Goldilocks::MODULUS;
    for (value, expected) in [(p - 1, p - 1), (p, 0), (p + 1, 1), (u64::MAX, u64::MAX - p)] {
        assert_eq!(Goldilocks::from_u64(value).value(), expected);
    }
}

#[test]
fn the_square_of_x_is_seven() {
    let x = GoldilocksExt2::new([Goldilocks::ZERO, Goldilocks::ONE]);
    assert_eq!(x * x, GoldilocksExt2::from_u64(7));
    assert_eq!(GoldilocksExt2::NON_RESIDUE, Goldilocks::from_u64(7));
}

#[test]
fn uniform_takes_sixteen_bytes_per_coefficient() {
    let mut bytes = vec![0xff; 16];
    bytes.extend(5u128.to_le_bytes());
    let expected = (u128::MAX % u128::from(Goldilocks::MODULUS)) as u64;
    let [c0, c1] = GoldilocksExt2::from_uniform(&bytes).coeffs();
    assert_eq!([c0.value(), c1.value()], [expected, 5]);
}

#[test]
fn refuses_what_is_not_reduced() {
    let p = Goldilocks::MODULUS;
    let values = [p, p + 1, u64::MAX];
    assert_eq!(values.map(Goldilocks::new), [None; 3]);
    refuses::<GoldilocksExt2, _>(&values.map(u64::to_le_bytes));
    assert_eq!(Goldilocks::new(p - 1), Some(-Goldilocks::ONE));
}
