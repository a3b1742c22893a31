//! One field's arithmetic against another implementation of it.

use crate::samples::Extremes;
use core::ops::{Add, Mul, Neg, Sub};

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

/// Checks that inverses are the other implementation's, on all samples.
pub(crate) fn inverses_agree<F: Extremes>(theirs: impl Fn(F) -> Option<F>) {
    for a in F::samples(100) {
        assert_eq!(a.inverse(), theirs(a), "inverse of {a:?}");
    }
}

/// The canonical encoding.
pub(crate) fn encoded<F: Extremes>(value: F) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}
