//! Unsigned 256-bit integers as four little-endian 64-bit limbs, in `const` context.

/// The parsed big-endian hexadecimal integer; panics (at compile time) beyond 256 bits.
pub(crate) const fn from_hex(hex: &str) -> [u64; 4] {
    let digits = hex.as_bytes();
    assert!(
        !digits.is_empty() && digits.len() <= 64,
        "1 to 64 hexadecimal digits"
    );
    let mut limbs = [0; 4];
    let mut position = 0;
    while position < digits.len() {
        let digit = match digits[digits.len() - 1 - position] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("lower-case hexadecimal digits only"),
        };
        limbs[position / 16] |= (digit as u64) << (4 * (position % 16));
        position += 1;
    }
    limbs
}

/// Whether `a < b`.
#[inline]
pub(crate) const fn less_than(a: [u64; 4], b: [u64; 4]) -> bool {
    sub(a, b).1
}

/// `a + b` modulo 2^256, and whether it overflowed.
#[inline]
pub(crate) const fn add(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let mut out = [0; 4];
    let mut carry = false;
    let mut i = 0;
    while i < 4 {
        let (partial, first) = a[i].overflowing_add(b[i]);
        let (limb, second) = partial.overflowing_add(carry as u64);
        out[i] = limb;
        carry = first | second;
        i += 1;
    }
    (out, carry)
}

/// `a - b` modulo 2^256, and whether it borrowed.
#[inline]
pub(crate) const fn sub(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let mut out = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (partial, first) = a[i].overflowing_sub(b[i]);
        let (limb, second) = partial.overflowing_sub(borrow as u64);
        out[i] = limb;
        borrow = first | second;
        i += 1;
    }
    (out, borrow)
}

/// `a` if `a < modulus`, otherwise `a - modulus`.
#[inline]
pub(crate) const fn reduce_once(a: [u64; 4], modulus: [u64; 4]) -> [u64; 4] {
    let (difference, borrow) = sub(a, modulus);
    if borrow { a } else { difference }
}

/// `2^exponent mod modulus`, for a modulus below 2^255; one doubling per bit.
pub(crate) const fn power_of_two(exponent: u32, modulus: [u64; 4]) -> [u64; 4] {
    assert!(modulus[3] >> 63 == 0, "the modulus leaves the top bit free");
    let mut value = reduce_once([1, 0, 0, 0], modulus);
    let mut step = 0;
    while step < exponent {
        value = reduce_once(add(value, value).0, modulus);
        step += 1;
    }
    value
}

/// Number of significant bits.
pub(crate) const fn bit_length(a: [u64; 4]) -> u32 {
    let mut limb = 4;
    while limb > 0 {
        limb -= 1;
        if a[limb] != 0 {
            return 64 * limb as u32 + u64::BITS - a[limb].leading_zeros();
        }
    }
    0
}

/// Number of trailing zero bits; 256 for zero.
pub(crate) const fn trailing_zeros(a: [u64; 4]) -> u32 {
    let mut limb = 0;
    while limb < 4 {
        if a[limb] != 0 {
            return 64 * limb as u32 + a[limb].trailing_zeros();
        }
        limb += 1;
    }
    256
}

/// Base-2 logarithm of a positive integer, to about 1e-15 absolute.
///
/// Squares the mantissa once per bit of the fraction; the error of each squaring weighs half of
/// the one before.
pub(crate) const fn log2(a: [u64; 4]) -> f64 {
    let two_to_64 = 18_446_744_073_709_551_616.0;
    let high = a[3] as f64 * two_to_64 + a[2] as f64;
    let mut mantissa = (high * two_to_64 + a[1] as f64) * two_to_64 + a[0] as f64;
    assert!(mantissa >= 1.0, "the logarithm of zero");
    let mut exponent = 0;
    while mantissa >= 2.0 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let (mut fraction, mut weight) = (0.0, 0.5);
    let mut bit = 0;
    while bit < 60 {
        mantissa *= mantissa;
        if mantissa >= 2.0 {
            mantissa /= 2.0;
            fraction += weight;
        }
        weight /= 2.0;
        bit += 1;
    }
    exponent as f64 + fraction
}
