//! BN254 against arkworks.

use crate::agreement::{encoded, inverses_agree, operators_agree, products_agree};
use crate::samples::{Extremes, Random};
use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field as _, PrimeField};
use prover_fields::{Bn254, Field};

fn to_ark(value: Bn254) -> Fr {
    Fr::from_bigint(BigInt(value.canonical_limbs())).unwrap()
}

fn from_ark(value: Fr) -> Bn254 {
    Bn254::decode(&value.into_bigint().to_bytes_le()).unwrap()
}

#[test]
fn operators_are_arkworks() {
    operators_agree(to_ark, from_ark);
}

#[test]
fn inverses_are_arkworks() {
    inverses_agree(|a| to_ark(a).inverse().map(from_ark));
}

#[test]
fn montgomery_limbs_are_arkworks() {
    for a in Bn254::samples(1000) {
        assert_eq!(to_ark(a).0.0, a.montgomery_limbs());
        assert_eq!(Bn254::from_montgomery_limbs(a.montgomery_limbs()), Some(a));
    }
}

#[test]
fn random_products_are_arkworks() {
    products_agree(2, to_ark, from_ark);
}

#[test]
fn uniform_is_the_integer_modulo_p() {
    let mut random = Random::new(3);
    let mut inputs: Vec<Vec<u8>> = (0..1000).map(|_| random.bytes(48)).collect();
    inputs.extend([vec![0xff; 48], [vec![0xff; 32], vec![0; 16]].concat()]);
    inputs.extend([
        [vec![0; 32], vec![0xff; 16]].concat(),
        [vec![1], vec![0; 47]].concat(),
    ]);
    for input in inputs {
        assert_eq!(
            Bn254::from_uniform(&input),
            from_ark(Fr::from_le_bytes_mod_order(&input))
        );
    }
}

#[test]
fn refuses_what_is_not_reduced() {
    let [p0, p1, p2, p3] = Bn254::MODULUS;
    let ones = u64::MAX;
    let refused = [
        [p0, p1, p2, p3],
        [p0 + 1, p1, p2, p3],
        [0, p1 + 1, p2, p3],
        [0, 0, p2 + 1, p3],
        [0, 0, 0, p3 + 1],
        [ones, ones, ones, ones >> 2],
        [ones; 4],
    ];
    for limbs in refused {
        let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        assert_eq!(Bn254::decode(&bytes), None);
        assert_eq!(Bn254::from_montgomery_limbs(limbs), None);
        assert_eq!(Bn254::from_canonical_limbs(limbs), None);
    }
    let largest = Bn254::from_canonical_limbs([p0 - 1, p1, p2, p3]).unwrap();
    assert_eq!(largest, -Bn254::ONE);
    assert_eq!(Bn254::decode(&encoded(largest)), Some(largest));
}

#[test]
fn debug_shows_the_canonical_integer() {
    let shown = format!("{:?}", Bn254::from_u64(0xabc));
    assert_eq!(shown, format!("Bn254(0x{:064x})", 0xabc));
}

#[cfg(feature = "arkworks")]
#[test]
fn conversions_keep_the_limbs() {
    for a in Bn254::samples(100) {
        assert_eq!(Fr::from(a), to_ark(a));
        assert_eq!(Bn254::from(Fr::from(a)), a);
    }
}
