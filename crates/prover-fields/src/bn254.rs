//! BN254's scalar field in Montgomery form with 64-bit limbs.

use crate::limbs;
use crate::ops::{field_operators, uniform_array};
use crate::pow::pow_windowed;
use crate::spec::{Extension, FieldSpec, Form, SpecifiedField};
use prover_core::field::{ChallengeField, Field, FieldId};

const SPEC: FieldSpec = FieldSpec {
    id: FieldId::Bn254,
    modulus: "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001",
    form: Form::Montgomery,
    generator: 5,
    extension: Extension::None,
    source: "EIP-197 (the order of alt_bn128's groups)",
};

/// An element `a` of BN254's scalar field as the limbs of `a * 2^256 mod p`, below `p`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Bn254([u64; 4]);

impl Bn254 {
    /// The modulus `p` in little-endian limbs.
    pub const MODULUS: [u64; 4] = SPEC.modulus_limbs();
    /// `2^256 mod p`: the limbs of one.
    pub const R: [u64; 4] = SPEC.montgomery_r();
    /// `2^512 mod p`: multiplying by it converts an integer to Montgomery form.
    pub const R2: [u64; 4] = SPEC.montgomery_r2();
    /// `-p^-1 mod 2^64`.
    pub const NEG_INV: u64 = SPEC.neg_inv_64();

    /// The element whose Montgomery form has these little-endian limbs; `None` from `p` on.
    #[inline]
    pub const fn from_montgomery_limbs(limbs: [u64; 4]) -> Option<Self> {
        if limbs::less_than(limbs, Self::MODULUS) {
            Some(Self(limbs))
        } else {
            None
        }
    }

    /// The little-endian limbs of the Montgomery form.
    #[inline]
    pub const fn montgomery_limbs(self) -> [u64; 4] {
        self.0
    }

    /// The words of the Montgomery form in place.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) const fn montgomery_words(&self) -> &[u64; 4] {
        &self.0
    }

    /// The element whose Montgomery form has these limbs, which are below `p`.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) const fn from_words(limbs: [u64; 4]) -> Self {
        Self(limbs)
    }

    /// The element that is this canonical integer; `None` from `p` on; one multiplication.
    #[inline]
    pub const fn from_canonical_limbs(limbs: [u64; 4]) -> Option<Self> {
        if limbs::less_than(limbs, Self::MODULUS) {
            Some(Self::from_integer(limbs))
        } else {
            None
        }
    }

    /// The little-endian limbs of the canonical integer; one multiplication.
    #[inline]
    pub const fn canonical_limbs(self) -> [u64; 4] {
        montgomery_product(self.0, [1, 0, 0, 0])
    }

    /// The class of any 256-bit integer.
    #[inline]
    const fn from_integer(limbs: [u64; 4]) -> Self {
        Self(montgomery_product(Self::R2, limbs))
    }

    #[inline]
    const fn sum(self, other: Self) -> Self {
        // Both are below p < 2^254: no carry out.
        Self(limbs::reduce_once(
            limbs::add(self.0, other.0).0,
            Self::MODULUS,
        ))
    }

    #[inline]
    const fn difference(self, other: Self) -> Self {
        let (difference, borrow) = limbs::sub(self.0, other.0);
        let mask = (borrow as u64).wrapping_neg();
        let [p0, p1, p2, p3] = Self::MODULUS;
        Self(limbs::add(difference, [p0 & mask, p1 & mask, p2 & mask, p3 & mask]).0)
    }

    #[inline]
    const fn negation(self) -> Self {
        Self::ZERO.difference(self)
    }

    #[inline]
    const fn product(self, other: Self) -> Self {
        Self(montgomery_product(self.0, other.0))
    }
}

/// `acc + a * b + carry` as low and high word; it cannot overflow.
#[inline(always)]
const fn multiply_add(acc: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = acc as u128 + a as u128 * b as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a * b / 2^256 mod p`, for `a < p` and any `b`; below `p`; 32 word products.
///
/// Each round keeps `t < a + p < 2^255`, so that no carry leaves the fourth limb; the result is
/// below `2p` because `b < 2^256`.
#[inline(always)]
const fn montgomery_product(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    const P: [u64; 4] = Bn254::MODULUS;
    const { assert!(P[3] >> 62 == 0, "2p leaves the top bit free") };
    let mut t = [0u64; 4];
    let mut i = 0;
    while i < 4 {
        let (t0, mut high) = multiply_add(t[0], a[0], b[i], 0);
        let factor = t0.wrapping_mul(Bn254::NEG_INV);
        let (_, mut carry) = multiply_add(t0, factor, P[0], 0);
        let mut j = 1;
        while j < 4 {
            let word;
            (word, high) = multiply_add(t[j], a[j], b[i], high);
            (t[j - 1], carry) = multiply_add(word, factor, P[j], carry);
            j += 1;
        }
        t[3] = high + carry;
        i += 1;
    }
    limbs::reduce_once(t, P)
}

/// Little-endian bytes as limbs.
const fn limbs_from_bytes(bytes: [u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    let mut i = 0;
    while i < 32 {
        limbs[i / 8] |= (bytes[i] as u64) << (8 * (i % 8));
        i += 1;
    }
    limbs
}

field_operators!(Bn254);

impl core::fmt::Debug for Bn254 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [c0, c1, c2, c3] = self.canonical_limbs();
        write!(f, "Bn254(0x{c3:016x}{c2:016x}{c1:016x}{c0:016x})")
    }
}

impl Field for Bn254 {
    const ZERO: Self = Self([0; 4]);
    const ONE: Self = Self(Self::R);
    const ENCODED_BYTES: usize = SPEC.base_bytes();
    const UNIFORM_BYTES: usize = 48;
    const BITS: f64 = SPEC.challenge_log2();

    fn encode(self, out: &mut Vec<u8>) {
        for limb in self.canonical_limbs() {
            out.extend_from_slice(&limb.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Self::from_canonical_limbs(limbs_from_bytes(bytes.try_into().ok()?))
    }

    fn from_uniform(bytes: &[u8]) -> Self {
        let bytes: [u8; 48] = uniform_array(bytes);
        let mut low = [0; 32];
        low.copy_from_slice(&bytes[..32]);
        let mut high = [0; 32];
        high[..16].copy_from_slice(&bytes[32..]);
        // The Montgomery form of 2^256 is R^2.
        let two_to_256 = Self(Self::R2);
        Self::from_integer(limbs_from_bytes(low))
            + two_to_256 * Self::from_integer(limbs_from_bytes(high))
    }

    #[inline]
    fn from_u64(value: u64) -> Self {
        Self::from_integer([value, 0, 0, 0])
    }

    fn inverse(self) -> Option<Self> {
        const EXPONENT: [u64; 4] = limbs::sub(Bn254::MODULUS, [2, 0, 0, 0]).0;
        if self.is_zero() {
            return None;
        }
        Some(pow_windowed(self, EXPONENT))
    }
}

impl ChallengeField for Bn254 {
    type Base = Self;
    const ID: FieldId = SPEC.id;

    #[inline]
    fn extra_point(index: usize) -> Self {
        Self::from_u64(index as u64 + 2)
    }

    #[inline]
    fn to_base(self) -> Option<Self> {
        Some(self)
    }

    crate::vector::vectorised_methods!();
}

impl SpecifiedField for Bn254 {
    const SPEC: FieldSpec = SPEC;
}

#[cfg(feature = "arkworks")]
mod arkworks {
    use super::Bn254;
    use ark_bn254::Fr;
    use ark_ff::BigInt;

    /// Takes the limbs over: arkworks stores the same Montgomery form.
    impl From<Fr> for Bn254 {
        #[inline]
        fn from(value: Fr) -> Self {
            Self(value.0.0)
        }
    }

    /// Takes the limbs over: arkworks stores the same Montgomery form.
    impl From<Bn254> for Fr {
        #[inline]
        fn from(value: Bn254) -> Self {
            Self::new_unchecked(BigInt(value.0))
        }
    }
}
