//! Mersenne-31, `p = 2^31 - 1`, and its cubic extension.

use crate::ops::{binomial_extension, field_operators, uniform_array};
use crate::pow::{pow_all_ones, square_times};
use crate::spec::{Extension, FieldSpec, Form};
use prover_core::field::{ChallengeField, Field, FieldId};

const SPEC: FieldSpec = FieldSpec {
    id: FieldId::M31,
    modulus: "7fffffff",
    form: Form::Mersenne,
    generator: 7,
    extension: Extension::Binomial {
        degree: 3,
        non_residue: 5,
    },
    source: "Mersenne prime 2^31 - 1; x^3 - 5 as in Plonky3's p3-mersenne-31",
};

/// The modulus as the operand of 64-bit arithmetic.
const P: u64 = M31::MODULUS as u64;
/// The exponent `n` of `p = 2^n - 1`.
const N: u32 = SPEC.base_bits();

/// An element of Mersenne-31 as a canonical integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct M31(u32);

impl M31 {
    /// The modulus, `2^31 - 1`.
    pub const MODULUS: u32 = SPEC.modulus_u64() as u32;

    /// The element that is this canonical integer; `None` from the modulus on.
    #[inline]
    pub const fn new(value: u32) -> Option<Self> {
        if value < Self::MODULUS {
            Some(Self(value))
        } else {
            None
        }
    }

    /// The canonical integer.
    #[inline]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The class of any integer, by two foldings and a subtraction.
    #[inline]
    pub const fn reduce(value: u64) -> Self {
        // Below 2^31 + 2^33, then at most 2^31 + 3, which is below 2p.
        Self::reduce_once(fold(fold(value)) as u32)
    }

    /// The class of an integer below `2p`.
    #[inline]
    const fn reduce_once(value: u32) -> Self {
        let reduced = value.wrapping_sub(Self::MODULUS);
        Self(if reduced < value { reduced } else { value })
    }

    #[inline]
    const fn sum(self, other: Self) -> Self {
        Self::reduce_once(self.0 + other.0)
    }

    #[inline]
    const fn difference(self, other: Self) -> Self {
        let difference = self.0.wrapping_sub(other.0);
        let corrected = difference.wrapping_add(Self::MODULUS);
        Self(if corrected < difference {
            corrected
        } else {
            difference
        })
    }

    #[inline]
    const fn negation(self) -> Self {
        Self::ZERO.difference(self)
    }

    #[inline]
    const fn product(self, other: Self) -> Self {
        // A product of canonical integers folds to below 2p at once.
        Self::reduce_once(fold(self.0 as u64 * other.0 as u64) as u32)
    }
}

/// A smaller integer of the same class: low 31 bits plus the rest, at most `2^31 + 2^33`.
#[inline(always)]
const fn fold(value: u64) -> u64 {
    (value & P) + (value >> N)
}

field_operators!(M31);

impl Field for M31 {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const ENCODED_BYTES: usize = SPEC.base_bytes();
    /// Three coefficients fit in one hash.
    const UNIFORM_BYTES: usize = 10;
    const BITS: f64 = SPEC.base_log2();

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Self::new(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn from_uniform(bytes: &[u8]) -> Self {
        let [b0, b1, b2, b3, b4, b5, b6, b7, low, high] = uniform_array(bytes);
        let value = u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]);
        // 2^64 is 4.
        Self::reduce(value) + Self::reduce(4 * u64::from(u16::from_le_bytes([low, high])))
    }

    #[inline]
    fn from_u64(value: u64) -> Self {
        Self::reduce(value)
    }

    fn inverse(self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        // p - 2 = 4 * (2^29 - 1) + 1.
        Some(square_times(pow_all_ones(self, N - 2), 2) * self)
    }
}

/// An element `c0 + c1 x + c2 x^2` of Mersenne-31's extension by `x^3 = 5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct M31Ext3([M31; 3]);

impl M31Ext3 {
    /// The value of `x^3`.
    pub const NON_RESIDUE: M31 = M31(SPEC.non_residue() as u32);

    /// Nine word products and three full reductions.
    #[inline]
    const fn product(self, other: Self) -> Self {
        const W: u64 = SPEC.non_residue();
        let [a0, a1, a2] = self.words();
        let [b0, b1, b2] = other.words();
        // Products are below 2^62: three of them fit, and so do two with a folded multiple of W.
        let c0 = a0 * b0 + W * fold(a1 * b2 + a2 * b1);
        let c1 = a0 * b1 + a1 * b0 + W * fold(a2 * b2);
        let c2 = a0 * b2 + a1 * b1 + a2 * b0;
        Self([M31::reduce(c0), M31::reduce(c1), M31::reduce(c2)])
    }

    #[inline(always)]
    const fn words(self) -> [u64; 3] {
        let [M31(c0), M31(c1), M31(c2)] = self.0;
        [c0 as u64, c1 as u64, c2 as u64]
    }

    /// The product of the other conjugates, and the norm (the product of all three).
    fn cofactor_and_norm(self) -> (Self, M31) {
        let [a0, a1, a2] = self.0;
        let w = Self::NON_RESIDUE;
        let c0 = a0 * a0 - w * a1 * a2;
        let c1 = w * a2 * a2 - a0 * a1;
        let c2 = a1 * a1 - a0 * a2;
        (Self([c0, c1, c2]), a0 * c0 + w * (a1 * c2 + a2 * c1))
    }
}

binomial_extension!(M31Ext3, M31, 3, SPEC, crate::vector::vectorised_methods);
