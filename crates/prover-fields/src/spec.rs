//! The one definition per field that its constants, on every device, derive from.

use crate::limbs;
use prover_core::field::{ChallengeField, FieldId};

/// How an element of the base field lies in memory, and by which rule it is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `a * 2^256 mod p` in four little-endian 64-bit limbs.
    Montgomery,
    /// A canonical integer modulo `p = 2^n - 1`, in 32 bits.
    Mersenne,
    /// A canonical integer modulo `p = 2^64 - 2^32 + 1`, in 64 bits.
    Goldilocks,
    /// A bit in a byte; an extension is the integer whose bit `i` is the coefficient of `x^i`.
    Binary,
}

/// How the challenge field extends the base field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// It is the base field.
    None,
    /// By a root of `x^degree - non_residue`; coefficients in ascending order.
    Binomial {
        /// The degree of the extension.
        degree: u32,
        /// The element of the base field, as an integer, that has no root of this degree.
        non_residue: u64,
    },
    /// By a root of `x^degree + low_terms` over GF(2).
    BinaryPolynomial {
        /// The degree of the extension.
        degree: u32,
        /// The polynomial's terms below `x^degree`; bit `i` is the coefficient of `x^i`.
        low_terms: u64,
    },
}

/// A field's defining parameters; everything else is derived by this type's methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its number and name.
    pub id: FieldId,
    /// The characteristic, in lower-case big-endian hexadecimal digits.
    pub modulus: &'static str,
    /// The storage form of the base field.
    pub form: Form,
    /// An integer that generates the base field's multiplicative group.
    pub generator: u64,
    /// The way from the base field to the challenge field.
    pub extension: Extension,
    /// Where the parameters are published.
    pub source: &'static str,
}

/// A challenge field that names its specification.
pub trait SpecifiedField: ChallengeField {
    /// The parameters that this type's constants derive from.
    const SPEC: FieldSpec;
}

impl FieldSpec {
    /// The specification of a field.
    pub const fn of(id: FieldId) -> Self {
        crate::with_field!(id, |F| <F as SpecifiedField>::SPEC)
    }

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        self.id.name()
    }

    /// The characteristic `p` in little-endian limbs.
    pub const fn modulus_limbs(&self) -> [u64; 4] {
        limbs::from_hex(self.modulus)
    }

    /// The characteristic `p` as one word.
    ///
    /// # Panics
    /// If it exceeds 64 bits.
    pub const fn modulus_u64(&self) -> u64 {
        let modulus = self.modulus_limbs();
        assert!(
            limbs::bit_length(modulus) <= 64,
            "the modulus fits one word"
        );
        modulus[0]
    }

    /// The number of significant bits of `p - 1`, the largest canonical integer.
    pub const fn base_bits(&self) -> u32 {
        limbs::bit_length(limbs::sub(self.modulus_limbs(), [1, 0, 0, 0]).0)
    }

    /// The length in bytes of a base element's canonical encoding.
    pub const fn base_bytes(&self) -> usize {
        self.base_bits().div_ceil(8) as usize
    }

    /// The degree of the challenge field over the base field.
    pub const fn degree(&self) -> u32 {
        match self.extension {
            Extension::None => 1,
            Extension::Binomial { degree, .. } | Extension::BinaryPolynomial { degree, .. } => {
                degree
            }
        }
    }

    /// The element that the extension adjoins a root of.
    ///
    /// # Panics
    /// If the extension is not by a binomial.
    pub const fn non_residue(&self) -> u64 {
        match self.extension {
            Extension::Binomial { non_residue, .. } => non_residue,
            _ => panic!("not an extension by a binomial"),
        }
    }

    /// The reduction polynomial's terms below its degree.
    ///
    /// # Panics
    /// If the extension is not by a polynomial over GF(2).
    pub const fn low_terms(&self) -> u64 {
        match self.extension {
            Extension::BinaryPolynomial { low_terms, .. } => low_terms,
            _ => panic!("not an extension by a polynomial over GF(2)"),
        }
    }

    /// The base-2 logarithm of the base field's size.
    pub const fn base_log2(&self) -> f64 {
        limbs::log2(self.modulus_limbs())
    }

    /// The base-2 logarithm of the challenge field's size.
    pub const fn challenge_log2(&self) -> f64 {
        self.degree() as f64 * self.base_log2()
    }

    /// The Montgomery radix `R = 2^256 mod p`, which represents one.
    pub const fn montgomery_r(&self) -> [u64; 4] {
        limbs::power_of_two(256, self.modulus_limbs())
    }

    /// `R^2 mod p`, which converts an integer to Montgomery form.
    pub const fn montgomery_r2(&self) -> [u64; 4] {
        limbs::power_of_two(512, self.modulus_limbs())
    }

    /// `-p^-1 mod 2^64`, for an odd `p`.
    pub const fn neg_inv_64(&self) -> u64 {
        let modulus = self.modulus_limbs()[0];
        assert!(
            modulus & 1 == 1,
            "an even number has no inverse modulo 2^64"
        );
        // Newton's iteration doubles the number of correct low bits; p is right to three.
        let mut inverse = modulus;
        let mut correct_bits = 3;
        while correct_bits < 64 {
            let error = modulus.wrapping_mul(inverse);
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(error));
            correct_bits *= 2;
        }
        inverse.wrapping_neg()
    }

    /// `-p^-1 mod 2^32`, for arithmetic with 32-bit limbs.
    pub const fn neg_inv_32(&self) -> u32 {
        self.neg_inv_64() as u32
    }

    /// The largest `k` such that `2^k` divides `p - 1`.
    ///
    /// # Panics
    /// If `p` is 2.
    pub const fn two_adicity(&self) -> u32 {
        let modulus = self.modulus_limbs();
        assert!(modulus[0] & 1 == 1, "GF(2) has no subgroup of even order");
        limbs::trailing_zeros(limbs::sub(modulus, [1, 0, 0, 0]).0)
    }
}
