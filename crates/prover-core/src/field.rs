//! Field traits: what the protocol and the backends ask of an element.
//!
//! Concrete fields live in `prover-fields`.
//! Absent on purpose: square roots, FFT structure, anything about curves, packing (a backend's own,
//! and a field's inside [`ChallengeField::sum_mul_gates`] and the methods beside it).

use core::fmt::Debug;
use core::hash::Hash;
use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::gates::{AddGate, MulGate};
use crate::sums::{self, GateTables};

/// The registration of fields, one line each, handed to a macro as
/// `{ arguments } Variant = number, "name": Challenge over Base; ...`.
///
/// The types are those of `prover-fields`; here they are only names. Everything that must know all
/// fields (`FieldId`, `with_field!`, `AnyCircuit`, ...) is generated from these lines.
///
/// A number is the encoding in circuit files, proofs and transcripts (`docs/protocol.md`,
/// "Fields"): one that was ever published is never used again.
#[macro_export]
macro_rules! for_each_field {
    ($root:tt $(:: $segment:ident)* { $($arguments:tt)* }) => {
        $root $(:: $segment)* ! {
            { $($arguments)* }
            /// BN254's scalar field; challenges in the same field.
            Bn254 = 1, "bn254": Bn254 over Bn254;
            /// Mersenne-31, `2^31 - 1`; challenges in the cubic extension by `x^3 - 5`.
            M31 = 2, "m31": M31Ext3 over M31;
            /// GF(2); challenges in GF(2^128) by `x^128 + x^7 + x^2 + x + 1`.
            Gf2 = 3, "gf2": Gf2e128 over Gf2;
            /// Goldilocks, `2^64 - 2^32 + 1`; challenges in the quadratic extension by `x^2 - 7`.
            Goldilocks = 4, "goldilocks": GoldilocksExt2 over Goldilocks;
        }
    };
}

macro_rules! field_id {
    (
        {}
        $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal:
            $challenge:ident over $base:ident;)*
    ) => {
        /// Names a proof system field in files, proofs and on the command line.
        ///
        /// The number is the encoding in circuit files, proofs and transcripts
        /// (`docs/protocol.md`, "Fields").
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum FieldId {
            $($(#[$doc])* $variant = $number,)*
        }

        impl FieldId {
            /// Every field, in order of its number.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$variant),*];

            /// The name on the command line and in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

for_each_field!(field_id {});

impl FieldId {
    /// The field of this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|id| *id as u32 == number)
    }

    /// The field of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.name() == name)
    }
}

impl core::fmt::Display for FieldId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// An element of a finite field, always fully reduced.
///
/// The Rust value *is* the storage form that crosses the seam: for BN254 the four little-endian
/// 64-bit limbs of `a * 2^256 mod p`, for the others canonical integers.
pub trait Field:
    Copy
    + Debug
    + Default
    + Eq
    + Hash
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + MulAssign
    + Neg<Output = Self>
{
    /// The additive identity; also `Default::default()`.
    const ZERO: Self;
    /// The multiplicative identity.
    const ONE: Self;
    /// Length in bytes of the canonical encoding.
    const ENCODED_BYTES: usize;
    /// Bytes that [`Field::from_uniform`] consumes.
    const UNIFORM_BYTES: usize;
    /// Base-2 logarithm of the number of elements.
    const BITS: f64;

    /// Appends the canonical little-endian integer (coefficients in ascending order for an
    /// extension) of [`Field::ENCODED_BYTES`] bytes.
    fn encode(self, out: &mut Vec<u8>);

    /// Reads a canonical encoding; `None` if the length differs or a coefficient is not reduced.
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// Maps [`Field::UNIFORM_BYTES`] uniform bytes to an element without noticeable bias
    /// (`docs/protocol.md`, section 6).
    ///
    /// # Panics
    /// If the length is not [`Field::UNIFORM_BYTES`].
    fn from_uniform(bytes: &[u8]) -> Self;

    /// The image of a small integer: reduced modulo the characteristic (for GF(2): its parity).
    fn from_u64(value: u64) -> Self;

    /// The multiplicative inverse; `None` for zero.
    fn inverse(self) -> Option<Self>;

    /// The square.
    #[must_use]
    fn square(self) -> Self {
        self * self
    }

    /// Whether this is zero.
    fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Whether multiplying by this changes nothing.
    fn is_one(self) -> bool {
        self == Self::ONE
    }
}

/// The field that challenges are drawn from: equal to, or an extension of, the circuit's field.
///
/// Everything above the seam is generic over one `F: ChallengeField`; `F::Base` holds the
/// circuit's values until the first challenge lifts them.
pub trait ChallengeField: Field + Mul<Self::Base, Output = Self> + From<Self::Base> {
    /// The circuit's field.
    type Base: Field;

    /// The pair's name.
    const ID: FieldId;

    /// The `index`-th evaluation point of a round polynomial after 0, 1 and infinity.
    ///
    /// Distinct for distinct indices below 8 and different from 0 and 1: the integer `index + 2`
    /// in the prime fields, the element whose encoding is the integer `index + 2` in GF(2^128).
    fn extra_point(index: usize) -> Self;

    /// The element as a base-field element, if it is one.
    fn to_base(self) -> Option<Self::Base>;

    /// [`sums::outer_product`], as fast as the field can.
    ///
    /// # Panics
    /// If `out` is longer than the product.
    fn outer_product(rows: &[Self], columns: &[Self], out: &mut [Self]) {
        sums::outer_product(rows, columns, out);
    }

    /// [`sums::add_slices`], as fast as the field can.
    ///
    /// # Panics
    /// If the lengths differ.
    fn add_slices(sums: &mut [Self], values: &[Self]) {
        sums::add_slices(sums, values);
    }

    /// [`sums::sum_mul_gates`], as fast as the field can.
    ///
    /// # Panics
    /// If a gate's wire or coefficient is beyond its table.
    fn sum_mul_gates(gates: &[MulGate], tables: &GateTables<'_, Self>) -> Self {
        sums::sum_mul_gates(gates, tables)
    }

    /// [`sums::sum_add_gates`], as fast as the field can.
    ///
    /// # Panics
    /// If a gate's wire or coefficient is beyond its table.
    fn sum_add_gates(gates: &[AddGate], tables: &GateTables<'_, Self>) -> Self {
        sums::sum_add_gates(gates, tables)
    }
}
