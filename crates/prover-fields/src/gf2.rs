//! GF(2) and its extension of degree 128 in the polynomial basis.
//!
//! `unsafe` is here for the call that needs a detected CPU feature.

use crate::ops::{field_operators, uniform_array};
use crate::pow::pow_all_ones;
use crate::spec::{Extension, FieldSpec, Form, SpecifiedField};
use prover_core::field::{ChallengeField, Field, FieldId};

const SPEC: FieldSpec = FieldSpec {
    id: FieldId::Gf2,
    modulus: "2",
    form: Form::Binary,
    generator: 1,
    extension: Extension::BinaryPolynomial {
        degree: 128,
        low_terms: 0x87,
    },
    source: "NIST SP 800-38D (GCM's polynomial, in the bit order of SP 800-38B)",
};

/// An element of GF(2) as a byte that is 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Gf2(u8);

impl Gf2 {
    /// The element that is this bit; `None` from 2 on.
    #[inline]
    pub const fn new(value: u8) -> Option<Self> {
        if value < 2 { Some(Self(value)) } else { None }
    }

    /// The bit.
    #[inline]
    pub const fn value(self) -> u8 {
        self.0
    }

    #[inline]
    const fn sum(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    #[inline]
    const fn difference(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    #[inline]
    const fn negation(self) -> Self {
        self
    }

    #[inline]
    const fn product(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

field_operators!(Gf2, Gf2e128);

impl Field for Gf2 {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const ENCODED_BYTES: usize = SPEC.base_bytes();
    const UNIFORM_BYTES: usize = 1;
    const BITS: f64 = SPEC.base_log2();

    fn encode(self, out: &mut Vec<u8>) {
        out.push(self.0);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let [byte] = bytes.try_into().ok()?;
        Self::new(byte)
    }

    fn from_uniform(bytes: &[u8]) -> Self {
        let [byte] = uniform_array(bytes);
        Self(byte & 1)
    }

    #[inline]
    fn from_u64(value: u64) -> Self {
        Self((value & 1) as u8)
    }

    #[inline]
    fn inverse(self) -> Option<Self> {
        (self.0 == 1).then_some(self)
    }

    #[inline]
    fn square(self) -> Self {
        self
    }
}

/// An element of GF(2^128) by `x^128 + x^7 + x^2 + x + 1`; bit `i` is the coefficient of `x^i`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Gf2e128(u128);

impl Gf2e128 {
    /// The value of `x^128`: the reduction polynomial's terms below it.
    pub const LOW_TERMS: u64 = SPEC.low_terms();

    /// The element of these coefficients.
    #[inline]
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// The coefficients.
    #[inline]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The class of the polynomial `low + x^128 high`.
    #[inline]
    pub const fn reduce(low: u128, high: u128) -> Self {
        const TERMS: [u32; Gf2e128::LOW_TERMS.count_ones() as usize] = exponents();
        const { assert!(TERMS[0] == 0 && Gf2e128::LOW_TERMS < 1 << 8) };
        let (mut folded, mut overflow) = (high, 0);
        let mut i = 1;
        while i < TERMS.len() {
            folded ^= high << TERMS[i];
            overflow ^= high >> (128 - TERMS[i]);
            i += 1;
        }
        // The overflow has at most seven bits: its multiple does not overflow again.
        let mut i = 0;
        while i < TERMS.len() {
            folded ^= overflow << TERMS[i];
            i += 1;
        }
        Self(low ^ folded)
    }

    #[inline]
    const fn sum(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    #[inline]
    const fn difference(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    #[inline]
    const fn negation(self) -> Self {
        self
    }

    #[inline]
    fn product(self, other: Self) -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_pclmulqdq() {
            #[expect(unsafe_code, reason = "calls a function of a detected CPU feature")]
            // SAFETY: the CPU has just been found to have pclmulqdq.
            return unsafe { self.mul_pclmulqdq(other) };
        }
        self.mul_portable(other)
    }

    /// The product by shifts and table look-ups, in time that depends on the operands.
    pub const fn mul_portable(self, other: Self) -> Self {
        let (a0, a1) = (self.0 as u64, (self.0 >> 64) as u64);
        let (b0, b1) = (other.0 as u64, (other.0 >> 64) as u64);
        let low = carryless_product(a0, b0);
        let high = carryless_product(a1, b1);
        let middle = carryless_product(a0 ^ a1, b0 ^ b1) ^ low ^ high;
        Self::reduce(low ^ (middle << 64), high ^ (middle >> 64))
    }

    /// The square by spreading bits: squaring is linear in characteristic two.
    pub const fn square_portable(self) -> Self {
        Self::reduce(spread(self.0 as u64), spread((self.0 >> 64) as u64))
    }

    /// The product by six carry-less multiplications.
    ///
    /// A caller that has the feature enabled itself calls this safely and inlines it.
    ///
    /// # Safety
    /// The CPU has `pclmulqdq`.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    pub fn mul_pclmulqdq(self, other: Self) -> Self {
        use core::arch::x86_64::{_mm_clmulepi64_si128, _mm_slli_si128, _mm_srli_si128};
        use core::arch::x86_64::{_mm_set_epi64x, _mm_xor_si128};
        let (a, b) = (to_vector(self.0), to_vector(other.0));
        let low = _mm_clmulepi64_si128::<0x00>(a, b);
        let high = _mm_clmulepi64_si128::<0x11>(a, b);
        let middle = _mm_xor_si128(
            _mm_clmulepi64_si128::<0x01>(a, b),
            _mm_clmulepi64_si128::<0x10>(a, b),
        );
        let low = _mm_xor_si128(low, _mm_slli_si128::<8>(middle));
        let high = _mm_xor_si128(high, _mm_srli_si128::<8>(middle));
        // Fold x^192 and up onto x^64, then x^128 and up onto 1.
        let terms = _mm_set_epi64x(0, const { Self::LOW_TERMS as i64 });
        let top = _mm_clmulepi64_si128::<0x01>(high, terms);
        let low = _mm_xor_si128(low, _mm_slli_si128::<8>(top));
        let high = _mm_xor_si128(high, _mm_srli_si128::<8>(top));
        let rest = _mm_clmulepi64_si128::<0x00>(high, terms);
        Self(from_vector(_mm_xor_si128(low, rest)))
    }
}

/// The exponents of the reduction polynomial's low terms, ascending.
const fn exponents<const COUNT: usize>() -> [u32; COUNT] {
    let mut out = [0; COUNT];
    let mut terms = Gf2e128::LOW_TERMS;
    let mut i = 0;
    while i < COUNT {
        out[i] = terms.trailing_zeros();
        terms &= terms - 1;
        i += 1;
    }
    out
}

/// The 127-bit product of two polynomials over GF(2), by windows of four bits.
const fn carryless_product(a: u64, b: u64) -> u128 {
    let mut multiples = [0u128; 16];
    let mut i = 1;
    while i < 16 {
        multiples[i] = (multiples[i / 2] << 1) ^ if i % 2 == 1 { a as u128 } else { 0 };
        i += 1;
    }
    let mut product = 0;
    let mut shift = 64;
    while shift > 0 {
        shift -= 4;
        product = (product << 4) ^ multiples[(b >> shift) as usize & 15];
    }
    product
}

/// The polynomial's square: bit `i` moves to bit `2i`.
const fn spread(bits: u64) -> u128 {
    let mut x = bits as u128;
    x = (x | (x << 32)) & 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff;
    x = (x | (x << 16)) & 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff;
    x = (x | (x << 8)) & 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff;
    x = (x | (x << 4)) & 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f;
    x = (x | (x << 2)) & 0x3333_3333_3333_3333_3333_3333_3333_3333;
    (x | (x << 1)) & 0x5555_5555_5555_5555_5555_5555_5555_5555
}

/// Whether the CPU multiplies polynomials; detected once.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn has_pclmulqdq() -> bool {
    std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn to_vector(bits: u128) -> core::arch::x86_64::__m128i {
    core::arch::x86_64::_mm_set_epi64x((bits >> 64) as i64, bits as i64)
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn from_vector(vector: core::arch::x86_64::__m128i) -> u128 {
    use core::arch::x86_64::{_mm_cvtsi128_si64, _mm_unpackhi_epi64};
    let low = _mm_cvtsi128_si64(vector) as u64;
    let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(vector, vector)) as u64;
    (u128::from(high) << 64) | u128::from(low)
}

impl core::fmt::Debug for Gf2e128 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Gf2e128({:#034x})", self.0)
    }
}

impl core::ops::Mul<Gf2> for Gf2e128 {
    type Output = Self;
    #[inline]
    fn mul(self, scalar: Gf2) -> Self {
        if scalar.0 == 1 { self } else { Self::ZERO }
    }
}

impl From<Gf2> for Gf2e128 {
    #[inline]
    fn from(value: Gf2) -> Self {
        Self(value.0.into())
    }
}

impl Field for Gf2e128 {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const ENCODED_BYTES: usize = 16;
    const UNIFORM_BYTES: usize = 16;
    const BITS: f64 = SPEC.challenge_log2();

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(u128::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn from_uniform(bytes: &[u8]) -> Self {
        Self(u128::from_le_bytes(uniform_array(bytes)))
    }

    #[inline]
    fn from_u64(value: u64) -> Self {
        Gf2::from_u64(value).into()
    }

    fn inverse(self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        // 2^128 - 2 = 2 * (2^127 - 1).
        Some(pow_all_ones(self, SPEC.degree() - 1).square())
    }

    #[inline]
    fn square(self) -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_pclmulqdq() {
            return self.product(self);
        }
        self.square_portable()
    }
}

impl ChallengeField for Gf2e128 {
    type Base = Gf2;
    const ID: FieldId = SPEC.id;

    #[inline]
    fn extra_point(index: usize) -> Self {
        Self(index as u128 + 2)
    }

    #[inline]
    fn to_base(self) -> Option<Gf2> {
        (self.0 < 2).then_some(Gf2(self.0 as u8))
    }

    crate::vector::vectorised_methods!();
}

impl SpecifiedField for Gf2e128 {
    const SPEC: FieldSpec = SPEC;
}
