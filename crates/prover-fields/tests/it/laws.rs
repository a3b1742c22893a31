//! The laws of a field and the contract of its trait, for every field.

use crate::agreement::encoded;
use crate::samples::{Extremes, Random};
use prover_fields::{
    Bn254, ChallengeField, Field, Gf2, Gf2e128, Goldilocks, GoldilocksExt2, M31, M31Ext3,
};

/// Extremes and a few random elements: few enough for all triples.
fn few<F: Extremes>() -> Vec<F> {
    let mut few = F::extremes();
    few.extend(Random::new(1).elements::<F>(8));
    few
}

fn ring_laws<F: Extremes>() {
    let few = few::<F>();
    for &a in &few {
        assert_eq!(a + F::ZERO, a);
        assert_eq!(a * F::ONE, a);
        assert_eq!(a * F::ZERO, F::ZERO);
        assert_eq!(a + (-a), F::ZERO);
        assert_eq!(a - (a + F::ZERO), F::ZERO);
        assert_eq!(a.square(), a * a);
        for &b in &few {
            assert_eq!(a + b, b + a);
            assert_eq!(a * b, b * a);
            assert_eq!((a - b) + b, a);
            assert_eq!(a - b, a + (-b));
            for &c in &few {
                assert_eq!((a + b) + c, a + (b + c));
                assert_eq!((a * b) * c, a * (b * c));
                assert_eq!(a * (b + c), a * b + a * c);
            }
        }
    }
}

fn assigning_operators<F: Extremes>() {
    let few = few::<F>();
    for &a in &few {
        for &b in &few {
            let (mut sum, mut difference, mut product) = (a, a, a);
            sum += b;
            difference -= b;
            product *= b;
            assert_eq!([sum, difference, product], [a + b, a - b, a * b]);
        }
    }
}

fn inverses<F: Extremes>() {
    for a in F::samples(50) {
        match a.inverse() {
            Some(inverse) => assert!((a * inverse).is_one(), "inverse of {a:?}"),
            None => assert!(a.is_zero(), "no inverse of {a:?}"),
        }
    }
    assert_eq!(F::ZERO.inverse(), None);
}

fn constants<F: Extremes>() {
    assert_ne!(F::ZERO, F::ONE);
    assert_eq!(F::default(), F::ZERO);
    assert!(F::ZERO.is_zero() && !F::ZERO.is_one());
    assert!(F::ONE.is_one() && !F::ONE.is_zero());
    // The bias of a sample, at most size / 2^(8 bytes), stays below 2^-48 (none in binary fields).
    let surplus = (8 * F::UNIFORM_BYTES) as f64 - F::BITS;
    assert!(
        surplus > 48.9 || F::ONE + F::ONE == F::ZERO,
        "{surplus} bits"
    );
}

fn encoding<F: Extremes>() {
    for a in F::samples(100) {
        let bytes = encoded(a);
        assert_eq!(bytes.len(), F::ENCODED_BYTES);
        assert_eq!(F::decode(&bytes), Some(a));
        assert_eq!(F::decode(&bytes[1..]), None, "one byte short");
        assert_eq!(
            F::decode(&[&bytes[..], &[0]].concat()),
            None,
            "one byte long"
        );
    }
    let mut appended = vec![7];
    F::ONE.encode(&mut appended);
    assert_eq!(appended[0], 7, "encoding appends");
    assert_eq!(appended[1], 1);
    assert!(appended[2..].iter().all(|byte| *byte == 0));
    assert_eq!(F::decode(&[]), None);
}

fn small_integers<F: Extremes>() {
    let mut sum = F::ZERO;
    for value in 0..40 {
        assert_eq!(F::from_u64(value), sum);
        sum += F::ONE;
    }
    // 2^64 - 1 by doublings.
    let doubled = (0..64).fold(F::ZERO, |power, _| power + power + F::ONE);
    assert_eq!(F::from_u64(u64::MAX), doubled);
}

fn uniform_length<F: Extremes>() {
    for length in [0, F::UNIFORM_BYTES - 1, F::UNIFORM_BYTES + 1] {
        let refused = std::panic::catch_unwind(|| F::from_uniform(&vec![0; length]));
        assert!(refused.is_err(), "{length} bytes");
    }
    assert_eq!(F::from_uniform(&vec![0; F::UNIFORM_BYTES]), F::ZERO);
}

fn lifting<F: Extremes + ChallengeField>()
where
    F::Base: Extremes,
{
    for a in F::Base::samples(10) {
        let lifted = F::from(a);
        assert_eq!(lifted.to_base(), Some(a));
        for b in F::Base::extremes() {
            assert_eq!(F::from(a + b), lifted + F::from(b));
            assert_eq!(F::from(a * b), lifted * F::from(b));
        }
        for b in F::extremes() {
            assert_eq!(b * a, b * lifted);
        }
    }
    for a in F::samples(50) {
        match a.to_base() {
            Some(base) => assert_eq!(F::from(base), a),
            None => assert_ne!(F::ENCODED_BYTES, F::Base::ENCODED_BYTES),
        }
    }
}

fn extra_points<F: Extremes + ChallengeField>() {
    let mut points = vec![F::ZERO, F::ONE];
    for index in 0..8 {
        let point = F::extra_point(index);
        let bytes = encoded(point);
        assert_eq!(usize::from(bytes[0]), index + 2);
        assert!(bytes[1..].iter().all(|byte| *byte == 0));
        assert!(!points.contains(&point));
        points.push(point);
    }
}

macro_rules! for_every_field {
    ($($module:ident: $field:ty;)*) => {$(
        mod $module {
            use super::*;
            for_every_field!(@tests $field: ring_laws assigning_operators inverses constants
                encoding small_integers uniform_length);
        }
    )*};
    (@tests $field:ty: $($law:ident)*) => {$(
        #[test]
        fn $law() {
            super::$law::<$field>();
        }
    )*};
    (challenge $($module:ident: $field:ty;)*) => {$(
        mod $module {
            use super::*;
            for_every_field!(@tests $field: lifting extra_points);
        }
    )*};
}

for_every_field! {
    bn254: Bn254;
    m31: M31;
    m31_ext3: M31Ext3;
    gf2: Gf2;
    gf2e128: Gf2e128;
    goldilocks: Goldilocks;
    goldilocks_ext2: GoldilocksExt2;
}

for_every_field! {
    challenge
    bn254_challenge: Bn254;
    m31_challenge: M31Ext3;
    gf2_challenge: Gf2e128;
    goldilocks_challenge: GoldilocksExt2;
}
