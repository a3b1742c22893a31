//! GF(2^128) against a bit-serial definition and against GHASH.

use crate::agreement::{encoded, operators_agree};
use crate::samples::{Extremes, Random};
use core::ops::{Add, Mul, Neg, Sub};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use prover_fields::{ChallengeField, Field, Gf2, Gf2e128};

/// The definition: multiply by `x` one bit at a time.
#[derive(Clone, Copy)]
struct BitSerial(u128);

impl Mul for BitSerial {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (mut shifted, mut product) = (self.0, 0);
        for i in 0..128 {
            if (other.0 >> i) & 1 == 1 {
                product ^= shifted;
            }
            let overflow = shifted >> 127 == 1;
            shifted <<= 1;
            if overflow {
                // x^7 + x^2 + x + 1
                shifted ^= 0b1000_0111;
            }
        }
        Self(product)
    }
}

#[expect(
    clippy::suspicious_arithmetic_impl,
    reason = "addition in characteristic two"
)]
impl Add for BitSerial {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

#[expect(
    clippy::suspicious_arithmetic_impl,
    reason = "subtraction in characteristic two"
)]
impl Sub for BitSerial {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl Neg for BitSerial {
    type Output = Self;
    fn neg(self) -> Self {
        self
    }
}

/// GHASH puts the coefficient of `x^0` into the first byte's highest bit.
fn from_ghash(block: [u8; 16]) -> Gf2e128 {
    Gf2e128::new(u128::from_be_bytes(block).reverse_bits())
}

fn to_ghash(value: Gf2e128) -> [u8; 16] {
    value.bits().reverse_bits().to_be_bytes()
}

#[test]
fn operators_are_the_bit_serial_definition() {
    operators_agree(|a: Gf2e128| BitSerial(a.bits()), |b| Gf2e128::new(b.0));
}

#[test]
fn every_path_multiplies_alike() {
    let samples = Gf2e128::samples(200);
    for &a in &samples {
        assert_eq!(a.square_portable(), a.mul_portable(a));
        for &b in &samples {
            let product = a.mul_portable(b);
            assert_eq!(a * b, product, "{a:?} * {b:?}");
            assert_eq!(
                product.bits(),
                (BitSerial(a.bits()) * BitSerial(b.bits())).0
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_instruction_multiplies_alike() {
    if !std::arch::is_x86_feature_detected!("pclmulqdq") {
        return;
    }
    let samples = Gf2e128::samples(200);
    for &a in &samples {
        for &b in &samples {
            // SAFETY: the CPU has just been found to have pclmulqdq.
            let product = unsafe { a.mul_pclmulqdq(b) };
            assert_eq!(product, a.mul_portable(b), "{a:?} * {b:?}");
        }
    }
}

#[test]
fn products_are_ghash() {
    let mut random = Random::new(9);
    let mut pairs: Vec<(Gf2e128, Gf2e128)> = (0..1000)
        .map(|_| (random.element(), random.element()))
        .collect();
    pairs.extend(
        Gf2e128::extremes()
            .into_iter()
            .map(|a| (a, Gf2e128::new(u128::MAX))),
    );
    for (key, value) in pairs {
        let mut hash = GHash::new(&to_ghash(key).into());
        hash.update(&[to_ghash(value).into()]);
        assert_eq!(from_ghash(hash.finalize().into()), key * value);
    }
}

/// Test case 2 of the GCM specification (McGrew and Viega): `X1 = C H`, `GHASH = (X1 + L) H`.
#[test]
fn gcm_test_case_2() {
    let block = |value: u128| from_ghash(value.to_be_bytes());
    let key = block(0x66e9_4bd4_ef8a_2c3b_884c_fa59_ca34_2b2e);
    let ciphertext = block(0x0388_dace_60b6_a392_f328_c2b9_71b2_fe78);
    let first = ciphertext * key;
    assert_eq!(first, block(0x5e2e_c746_9170_6288_2c85_b068_5353_deb7));
    let hash = (first + block(0x80)) * key;
    assert_eq!(hash, block(0xf38c_bb1a_d692_23dc_c345_7ae5_b6b0_f885));
}

#[test]
fn reduces_every_double_width_polynomial() {
    // Class of low + x^128 high, where x^128 is the reduction polynomial's low part.
    let x128 = BitSerial(0b1000_0111);
    let samples = Gf2e128::samples(50);
    for &low in &samples {
        for &high in &samples {
            let expected = BitSerial(low.bits()) + x128 * BitSerial(high.bits());
            assert_eq!(Gf2e128::reduce(low.bits(), high.bits()).bits(), expected.0);
        }
    }
}

#[test]
fn the_multiplicative_order_divides_no_proper_divisor() {
    // Fermat for the field, and not for the subfields of degree 64, 32, ..., 1.
    let element: Gf2e128 = Random::new(10).element();
    let mut power = element;
    for exponent in 1..=128 {
        power = power.square();
        assert_eq!(power == element, exponent == 128, "2^{exponent}");
    }
}

#[test]
fn encodings_are_little_endian_integers() {
    let bytes: Vec<u8> = (1..=16).collect();
    let value = Gf2e128::decode(&bytes).unwrap();
    assert_eq!(value.bits(), 0x100f_0e0d_0c0b_0a09_0807_0605_0403_0201);
    assert_eq!(encoded(value), bytes);
    assert_eq!(Gf2e128::from_uniform(&bytes), value);
}

#[test]
fn the_base_field_is_one_bit() {
    for byte in 2..=255 {
        assert_eq!(Gf2::new(byte), None);
        assert_eq!(Gf2::decode(&[byte]), None);
    }
    for byte in 0..=255 {
        assert_eq!(Gf2::from_uniform(&[byte]).value(), byte % 2);
        assert_eq!(Gf2::from_u64(byte.into()).value(), byte % 2);
        assert_eq!(Gf2e128::from_u64(byte.into()).bits(), u128::from(byte % 2));
    }
    assert_eq!(Gf2e128::new(2).to_base(), None);
    assert_eq!(Gf2e128::new(1 << 127).to_base(), None);
}
