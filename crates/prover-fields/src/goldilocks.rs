//! Goldilocks, `p = 2^64 - 2^32 + 1`, and its quadratic extension.

use crate::ops::{binomial_extension, field_operators, uniform_array};
use crate::pow::{pow_all_ones, square_times};
use crate::spec::{Extension, FieldSpec, Form};
use prover_core::field::{ChallengeField, Field, FieldId};

const SPEC: FieldSpec = FieldSpec {
    id: FieldId::Goldilocks,
    modulus: "ffffffff00000001",
    form: Form::Goldilocks,
    generator: 7,
    extension: Extension::Binomial {
        degree: 2,
        non_residue: 7,
    },
    source: "Goldilocks prime 2^64 - 2^32 + 1; x^2 - 7 as in Plonky3's p3-goldilocks",
};

/// An element of Goldilocks as a canonical integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Goldilocks(u64);

impl Goldilocks {
    /// The modulus, `2^64 - 2^32 + 1`.
    pub const MODULUS: u64 = SPEC.modulus_u64();
    /// `2^64 mod p`, which is `2^32 - 1`.
    pub const EPSILON: u64 = Self::MODULUS.wrapping_neg();

    /// The element that is this canonical integer; `None` from the modulus on.
    #[inline]
    pub const fn new(value: u64) -> Option<Self> {
        if value < Self::MODULUS {
            Some(Self(value))
        } else {
            None
        }
    }

    /// The canonical integer.
    #[inline]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The class of any integer; one word product.
    #[inline]
    pub const fn reduce(value: u128) -> Self {
        // With value = low + 2^64 middle + 2^96 high: 2^64 = EPSILON and 2^96 = -1.
        let (low, rest) = (value as u64, (value >> 64) as u64);
        let (middle, high) = (rest & Self::EPSILON, rest >> 32);
        let (difference, borrow) = low.overflowing_sub(high);
        let difference = difference.wrapping_sub(Self::EPSILON & (borrow as u64).wrapping_neg());
        let (sum, carry) = difference.overflowing_add(middle * Self::EPSILON);
        // After a carry the sum is at most 2^64 - 2^33: the correction does not carry again.
        let sum = sum.wrapping_add(Self::EPSILON & (carry as u64).wrapping_neg());
        Self::reduce_once(sum)
    }

    /// The class of any word.
    #[inline]
    const fn reduce_once(value: u64) -> Self {
        let (reduced, borrow) = value.overflowing_sub(Self::MODULUS);
        Self(if borrow { value } else { reduced })
    }

    #[inline]
    const fn sum(self, other: Self) -> Self {
        // a + b = a - (p - b), which needs no 65th bit.
        let (difference, borrow) = self.0.overflowing_sub(Self::MODULUS - other.0);
        Self(if borrow {
            difference.wrapping_add(Self::MODULUS)
        } else {
            difference
        })
    }

    #[inline]
    const fn difference(self, other: Self) -> Self {
        let (difference, borrow) = self.0.overflowing_sub(other.0);
        Self(difference.wrapping_sub(Self::EPSILON & (borrow as u64).wrapping_neg()))
    }

    #[inline]
    const fn negation(self) -> Self {
        Self::ZERO.difference(self)
    }

    #[inline]
    const fn product(self, other: Self) -> Self {
        Self::reduce(wide_product(self, other))
    }
}

/// The product of the canonical integers, below `2^64 p`.
#[inline(always)]
const fn wide_product(a: Goldilocks, b: Goldilocks) -> u128 {
    a.0 as u128 * b.0 as u128
}

/// A word of the class of seven times `a`; not reduced.
#[inline(always)]
const fn times_non_residue(a: Goldilocks) -> Goldilocks {
    // The high word is below the non-residue: after a carry the sum is too small for another.
    let wide = a.0 as u128 * SPEC.non_residue() as u128;
    let (low, high) = (wide as u64, (wide >> 64) as u64);
    let (sum, carry) = low.overflowing_add(high * Goldilocks::EPSILON);
    Goldilocks(sum.wrapping_add(Goldilocks::EPSILON & (carry as u64).wrapping_neg()))
}

/// An integer of the class of `a + b`, for both below `2^64 p`.
#[inline(always)]
const fn wide_sum(a: u128, b: u128) -> u128 {
    const BOUND: u128 = (Goldilocks::MODULUS as u128) << 64;
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_sub(BOUND & (carry as u128).wrapping_neg())
}

field_operators!(Goldilocks);

impl Field for Goldilocks {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const ENCODED_BYTES: usize = SPEC.base_bytes();
    const UNIFORM_BYTES: usize = 16;
    const BITS: f64 = SPEC.base_log2();

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Self::new(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn from_uniform(bytes: &[u8]) -> Self {
        Self::reduce(u128::from_le_bytes(uniform_array(bytes)))
    }

    #[inline]
    fn from_u64(value: u64) -> Self {
        Self::reduce_once(value)
    }

    fn inverse(self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        // p - 2 = 2^33 * (2^31 - 1) + 2^32 - 1.
        let ones31 = pow_all_ones(self, 31);
        let ones32 = ones31.square() * self;
        Some(square_times(ones31, 33) * ones32)
    }
}

/// An element `c0 + c1 x` of Goldilocks' extension by `x^2 = 7`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct GoldilocksExt2([Goldilocks; 2]);

impl GoldilocksExt2 {
    /// The value of `x^2`.
    pub const NON_RESIDUE: Goldilocks = Goldilocks(SPEC.non_residue());

    /// Five word products and three reductions.
    #[inline]
    const fn product(self, other: Self) -> Self {
        let [a0, a1] = self.0;
        let [b0, b1] = other.0;
        let c0 = wide_sum(
            wide_product(a0, b0),
            wide_product(a1, times_non_residue(b1)),
        );
        let c1 = wide_sum(wide_product(a0, b1), wide_product(a1, b0));
        Self([Goldilocks::reduce(c0), Goldilocks::reduce(c1)])
    }

    /// The conjugate, and the norm (the product with it).
    fn cofactor_and_norm(self) -> (Self, Goldilocks) {
        let [a0, a1] = self.0;
        (Self([a0, -a1]), a0 * a0 - Self::NON_RESIDUE * a1 * a1)
    }
}

binomial_extension!(GoldilocksExt2, Goldilocks, 2, SPEC);
