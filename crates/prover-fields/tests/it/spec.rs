//! What derives from the specifications, against arkworks, Plonky3 and the definitions.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{FftField, Field as _, MontConfig, PrimeField};
use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field as _, PrimeField32, PrimeField64, TwoAdicField};
use p3_mersenne_31::Mersenne31;
use prover_fields::{
    Bn254, ChallengeField, Extension, Field, FieldId, FieldSpec, Form, with_field,
};

#[test]
fn bn254_is_arkworks() {
    let spec = FieldSpec::of(FieldId::Bn254);
    assert_eq!(spec.form, Form::Montgomery);
    assert_eq!(spec.extension, Extension::None);
    assert_eq!(spec.modulus_limbs(), Fr::MODULUS.0);
    assert_eq!(spec.montgomery_r(), <FrConfig as MontConfig<4>>::R.0);
    assert_eq!(spec.montgomery_r2(), <FrConfig as MontConfig<4>>::R2.0);
    assert_eq!(spec.neg_inv_64(), <FrConfig as MontConfig<4>>::INV);
    assert_eq!(Fr::from(spec.generator), Fr::GENERATOR);
    assert_eq!(spec.two_adicity(), Fr::TWO_ADICITY);
    assert_eq!(spec.base_bits(), Fr::MODULUS_BIT_SIZE);
    assert_eq!((spec.base_bytes(), spec.degree()), (32, 1));
    assert_eq!(Bn254::NEG_INV, spec.neg_inv_64());
    assert_eq!(Bn254::R2, spec.montgomery_r2());
    assert_eq!(Fr::ONE.0.0, Bn254::R);
}

#[test]
fn m31_is_plonky3() {
    let spec = FieldSpec::of(FieldId::M31);
    assert_eq!(spec.form, Form::Mersenne);
    assert_eq!(spec.modulus_u64(), u64::from(Mersenne31::ORDER_U32));
    assert_eq!(
        Mersenne31::GENERATOR.as_canonical_u32(),
        spec.generator as u32
    );
    let non_residue = <Mersenne31 as BinomiallyExtendable<3>>::W.as_canonical_u32();
    assert_eq!(
        spec.extension,
        Extension::Binomial {
            degree: 3,
            non_residue: 5
        }
    );
    assert_eq!(spec.non_residue(), u64::from(non_residue));
    assert_eq!(
        (spec.base_bits(), spec.base_bytes(), spec.two_adicity()),
        (31, 4, 1)
    );
}

#[test]
fn goldilocks_is_plonky3() {
    type Theirs = p3_goldilocks::Goldilocks;
    let spec = FieldSpec::of(FieldId::Goldilocks);
    assert_eq!(spec.form, Form::Goldilocks);
    assert_eq!(spec.modulus_u64(), Theirs::ORDER_U64);
    assert_eq!(Theirs::GENERATOR.as_canonical_u64(), spec.generator);
    let non_residue = <Theirs as BinomiallyExtendable<2>>::W.as_canonical_u64();
    assert_eq!(
        spec.extension,
        Extension::Binomial {
            degree: 2,
            non_residue: 7
        }
    );
    assert_eq!(spec.non_residue(), non_residue);
    assert_eq!((spec.base_bits(), spec.base_bytes()), (64, 8));
    assert_eq!(spec.two_adicity() as usize, Theirs::TWO_ADICITY);
}

#[test]
fn gf2_is_gcm() {
    let spec = FieldSpec::of(FieldId::Gf2);
    assert_eq!(spec.form, Form::Binary);
    assert_eq!(spec.low_terms(), (1 << 7) | (1 << 2) | (1 << 1) | 1);
    assert_eq!(
        (spec.base_bits(), spec.base_bytes(), spec.degree()),
        (1, 1, 128)
    );
}

#[test]
fn sizes_are_logarithms() {
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let p = |id| {
        let limbs = FieldSpec::of(id).modulus_limbs();
        limbs
            .iter()
            .rev()
            .fold(0.0, |value, limb| value * 2f64.powi(64) + *limb as f64)
    };
    for id in FieldId::ALL {
        let spec = FieldSpec::of(id);
        assert!(close(spec.base_log2(), p(id).log2()), "{id}");
        let (challenge, base) = with_field!(id, |F| {
            (
                <F as Field>::BITS,
                <<F as ChallengeField>::Base as Field>::BITS,
            )
        });
        assert!(
            close(challenge, f64::from(spec.degree()) * p(id).log2()),
            "{id}"
        );
        assert!(close(base, p(id).log2()), "{id}");
    }
    assert_eq!(FieldSpec::of(FieldId::Gf2).challenge_log2(), 128.0);
}

#[test]
fn inverses_of_the_modulus() {
    let bn254 = FieldSpec::of(FieldId::Bn254);
    let registered = [FieldId::Bn254, FieldId::M31, FieldId::Goldilocks].map(FieldSpec::of);
    // The registered moduli are close to 1 or -1 in their low bits, which makes inverting easy.
    let arbitrary =
        ["3", "5", "b", "d", "123456789abcdef1d"].map(|modulus| FieldSpec { modulus, ..bn254 });
    for spec in registered.into_iter().chain(arbitrary) {
        let modulus = spec.modulus_limbs()[0];
        assert_eq!(modulus.wrapping_mul(spec.neg_inv_64()), u64::MAX);
        assert_eq!((modulus as u32).wrapping_mul(spec.neg_inv_32()), u32::MAX);
    }
}

#[test]
fn every_field_is_registered_under_its_name() {
    for id in FieldId::ALL {
        assert_eq!(with_field!(id, |F| F::ID), id);
        let spec = FieldSpec::of(id);
        assert_eq!((spec.id, spec.name()), (id, id.name()));
        assert!(!spec.source.is_empty());
    }
}

#[test]
fn encodings_have_the_protocols_lengths() {
    let lengths = FieldId::ALL.map(|id| {
        with_field!(id, |F| {
            type Base = <F as ChallengeField>::Base;
            assert_eq!(Base::ENCODED_BYTES, FieldSpec::of(id).base_bytes());
            [
                [Base::ENCODED_BYTES, Base::UNIFORM_BYTES],
                [<F as Field>::ENCODED_BYTES, <F as Field>::UNIFORM_BYTES],
            ]
        })
    });
    assert_eq!(lengths[0], [[32, 48], [32, 48]]);
    assert_eq!(lengths[1], [[4, 10], [12, 30]]);
    assert_eq!(lengths[2], [[1, 1], [16, 16]]);
    assert_eq!(lengths[3], [[8, 16], [16, 32]]);
}
