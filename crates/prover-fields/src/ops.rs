//! Operator impls from an element's inherent arithmetic, and byte helpers.

/// Implements the operators of `Field` by `sum`, `difference`, `product` and `negation`.
macro_rules! field_operators {
    ($($field:ty),*) => {$(
        impl core::ops::Add for $field {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                self.sum(other)
            }
        }

        impl core::ops::Sub for $field {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                self.difference(other)
            }
        }

        impl core::ops::Mul for $field {
            type Output = Self;
            #[inline]
            fn mul(self, other: Self) -> Self {
                self.product(other)
            }
        }

        impl core::ops::Neg for $field {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                self.negation()
            }
        }

        impl core::ops::AddAssign for $field {
            #[inline]
            fn add_assign(&mut self, other: Self) {
                *self = self.sum(other);
            }
        }

        impl core::ops::SubAssign for $field {
            #[inline]
            fn sub_assign(&mut self, other: Self) {
                *self = self.difference(other);
            }
        }

        impl core::ops::MulAssign for $field {
            #[inline]
            fn mul_assign(&mut self, other: Self) {
                *self = self.product(other);
            }
        }
    )*};
}

/// Implements the traits of a binomial extension in terms of its array of coefficients.
///
/// The last argument, if any, is a macro with further methods of `ChallengeField`.
macro_rules! binomial_extension {
    ($extension:ident, $base:ty, $degree:literal, $spec:expr $(, $methods:path)?) => {
        impl $extension {
            /// The element of these coefficients, in ascending order.
            #[inline]
            pub const fn new(coeffs: [$base; $degree]) -> Self {
                Self(coeffs)
            }

            /// The coefficients in ascending order.
            #[inline]
            pub const fn coeffs(self) -> [$base; $degree] {
                self.0
            }

            #[inline]
            const fn sum(self, other: Self) -> Self {
                let mut out = self.0;
                let mut i = 0;
                while i < $degree {
                    out[i] = out[i].sum(other.0[i]);
                    i += 1;
                }
                Self(out)
            }

            #[inline]
            const fn difference(self, other: Self) -> Self {
                let mut out = self.0;
                let mut i = 0;
                while i < $degree {
                    out[i] = out[i].difference(other.0[i]);
                    i += 1;
                }
                Self(out)
            }

            #[inline]
            const fn negation(self) -> Self {
                Self::ZERO.difference(self)
            }
        }

        crate::ops::field_operators!($extension);

        impl core::ops::Mul<$base> for $extension {
            type Output = Self;
            #[inline]
            fn mul(self, scalar: $base) -> Self {
                Self(self.0.map(|coeff| coeff * scalar))
            }
        }

        impl From<$base> for $extension {
            #[inline]
            fn from(value: $base) -> Self {
                let mut coeffs = [<$base>::ZERO; $degree];
                coeffs[0] = value;
                Self(coeffs)
            }
        }

        impl Field for $extension {
            const ZERO: Self = Self([<$base>::ZERO; $degree]);
            const ONE: Self = {
                let mut coeffs = [<$base>::ZERO; $degree];
                coeffs[0] = <$base>::ONE;
                Self(coeffs)
            };
            const ENCODED_BYTES: usize = $degree * <$base>::ENCODED_BYTES;
            const UNIFORM_BYTES: usize = $degree * <$base>::UNIFORM_BYTES;
            const BITS: f64 = $spec.challenge_log2();

            fn encode(self, out: &mut Vec<u8>) {
                for coeff in self.0 {
                    coeff.encode(out);
                }
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                if bytes.len() != Self::ENCODED_BYTES {
                    return None;
                }
                let mut coeffs = [<$base>::ZERO; $degree];
                let chunks = bytes.chunks_exact(<$base>::ENCODED_BYTES);
                for (coeff, chunk) in coeffs.iter_mut().zip(chunks) {
                    *coeff = <$base>::decode(chunk)?;
                }
                Some(Self(coeffs))
            }

            fn from_uniform(bytes: &[u8]) -> Self {
                assert_eq!(bytes.len(), Self::UNIFORM_BYTES, "length of uniform bytes");
                let mut coeffs = [<$base>::ZERO; $degree];
                let chunks = bytes.chunks_exact(<$base>::UNIFORM_BYTES);
                for (coeff, chunk) in coeffs.iter_mut().zip(chunks) {
                    *coeff = <$base>::from_uniform(chunk);
                }
                Self(coeffs)
            }

            #[inline]
            fn from_u64(value: u64) -> Self {
                <$base>::from_u64(value).into()
            }

            fn inverse(self) -> Option<Self> {
                let (cofactor, norm) = self.cofactor_and_norm();
                Some(cofactor * norm.inverse()?)
            }
        }

        impl ChallengeField for $extension {
            type Base = $base;
            const ID: FieldId = $spec.id;

            #[inline]
            fn extra_point(index: usize) -> Self {
                Self::from_u64(index as u64 + 2)
            }

            #[inline]
            fn to_base(self) -> Option<$base> {
                self.0[1..]
                    .iter()
                    .all(|coeff| coeff.is_zero())
                    .then_some(self.0[0])
            }

            $($methods!();)?
        }

        impl crate::spec::SpecifiedField for $extension {
            const SPEC: crate::spec::FieldSpec = $spec;
        }
    };
}

pub(crate) use {binomial_extension, field_operators};

/// The bytes as an array.
///
/// # Panics
/// If the length is not `N`.
#[inline]
pub(crate) fn uniform_array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("length of uniform bytes")
}
