//! One field's arithmetic against another implementation of it.

use crate::samples::{Extremes, Random};
use core::ops::{Add, Mul, Neg, Sub};
use prover_fields::{ChallengeField, Field};

/// Checks that the operators give the bit-identical element on all pairs of samples.
///
/// `from` refuses what is not canonical, and elements compare by what lies in memory.
pub(crate) fn operators_agree<F: Extremes, O>(to: impl Fn(F) -> O, from: impl Fn(O) -> F)
where
    O: Copy + Add<Output = O> + Sub<Output = O> + Mul<Output = O> + Neg<Output = O>,
{
    let samples = F::samples(100);
    for &a in &samples {
        let theirs = to(a);
        assert_eq!(from(theirs), a, "conversion of {a:?}");
        assert_eq!(-a, from(-theirs), "-{a:?}");
        assert_eq!(a.square(), from(theirs * theirs), "square of {a:?}");
        for &b in &samples {
            let other = to(b);
            assert_eq!(a + b, from(theirs + other), "{a:?} + {b:?}");
            assert_eq!(a - b, from(theirs - other), "{a:?} - {b:?}");
            assert_eq!(a * b, from(theirs * other), "{a:?} * {b:?}");
        }
    }
}

/// Checks products of many random elements.
pub(crate) fn products_agree<F: Field, O: Mul<Output = O>>(
    seed: u64,
    to: impl Fn(F) -> O,
    from: impl Fn(O) -> F,
) {
    let mut random = Random::new(seed);
    for _ in 0..100_000 {
        let (a, b): (F, F) = (random.element(), random.element());
        assert_eq!(a * b, from(to(a) * to(b)), "{a:?} * {b:?}");
    }
}

/// Checks that these encodings are no base elements, and no coefficients of the challenge field's.
pub(crate) fn refuses<F: ChallengeField, const N: usize>(encodings: &[[u8; N]]) {
    assert_eq!(N, F::Base::ENCODED_BYTES);
    for encoding in encodings {
        assert_eq!(F::Base::decode(encoding), None, "{encoding:02x?}");
        for position in 0..F::ENCODED_BYTES / N {
            let mut bytes = encoded(F::ONE);
            bytes[N * position..][..N].copy_from_slice(encoding);
            assert_eq!(F::decode(&bytes), None, "{bytes:02x?}");
        }
    }
}

/// Checks that inverses are the other implementation's, on all samples.
pub(crate) fn inverses_agree<F: Extremes>(theirs: impl Fn(F) -> Option<F>) {
    for a in F::samples(100) {
        assert_eq!(a.inverse(), theirs(a), "inverse of {a:?}");
    }
}

/// The canonical encoding.
pub(crate) fn encoded<F: Field>(value: F) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}
