//! One value at a time in 64-bit words, reduced as late as possible.
//!
//! A product by a scalar is a sum of rows: with `row_i = 2^(64 (i + 1)) r mod p`, the products
//! `d_i row_i` add up to `2^64 r d` in five words instead of eight, and one Montgomery step divides
//! by `2^64`: 21 word products, where a Montgomery product has 36.

use prover_fields::Bn254;

use super::constants::{P, Words, power_of_two, quotient, words_of_times_p};

/// A sum of products in words.
pub(super) type Wide = [u64; 9];

/// `2p`.
const TWICE_P: Words = words_of_times_p(2);
/// The multiple of `p` at or below `index 2^253`, its low words.
const MULTIPLES: [Words; 16] = {
    let mut multiples = [[0; 4]; 16];
    let mut index = 0;
    while index < 16 {
        multiples[index] = words_of_times_p(quotient(index as u64, 253));
        index += 1;
    }
    multiples
};
/// `2^(64 (k - 3)) mod p`: what word `k` of a sum counts when word 3 counts one.
const WORD_WEIGHTS: [Words; 9] = {
    let mut weights = [[0; 4]; 9];
    let mut k = 0;
    while k < 9 {
        weights[k] = power_of_two(64 * (k as i32 - 3));
        k += 1;
    }
    weights
};

/// `acc + a b + carry` as low and high word; it cannot overflow.
#[inline(always)]
const fn multiply_add(acc: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = acc as u128 + a as u128 * b as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a + b + carry` and the carry.
#[inline(always)]
const fn carrying_add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// `a - b - borrow` and the borrow.
#[inline(always)]
const fn borrowing_sub(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(borrow as u64);
    (difference, first | second)
}

/// The sum modulo `2^256` and the carry.
#[inline(always)]
fn plus(a: Words, b: Words) -> (Words, bool) {
    let (w0, carry) = a[0].overflowing_add(b[0]);
    let (w1, carry) = carrying_add(a[1], b[1], carry);
    let (w2, carry) = carrying_add(a[2], b[2], carry);
    let (w3, carry) = carrying_add(a[3], b[3], carry);
    ([w0, w1, w2, w3], carry)
}

/// The difference modulo `2^256` and the borrow.
#[inline(always)]
fn minus(a: Words, b: Words) -> (Words, bool) {
    let (w0, borrow) = a[0].overflowing_sub(b[0]);
    let (w1, borrow) = borrowing_sub(a[1], b[1], borrow);
    let (w2, borrow) = borrowing_sub(a[2], b[2], borrow);
    let (w3, borrow) = borrowing_sub(a[3], b[3], borrow);
    ([w0, w1, w2, w3], borrow)
}

/// `x + y` below `2p`, for a sum below `2^257`.
#[inline(always)]
pub(super) fn sum(x: Words, y: Words) -> Words {
    // index 2^253 <= sum < (index + 1) 2^253, and index 2^253 is less than p above its multiple of p:
    // what is left is below p + 2^253 < 1.67p.
    let (sum, carry) = plus(x, y);
    let index = u64::from(carry) << 3 | sum[3] >> 61;
    minus(sum, MULTIPLES[index as usize]).0
}

/// `x - y + 2p`, for `x` and `y` below `2p`: below `4p < 2^256`.
#[inline(always)]
pub(super) fn difference(x: Words, y: Words) -> Words {
    // Modulo 2^256 whatever the borrow.
    plus(minus(x, y).0, TWICE_P).0
}

/// The element of any integer's class.
#[inline(always)]
pub(super) fn canonical(words: Words) -> Bn254 {
    let below_2p = sum(words, [0; 4]);
    let (reduced, borrow) = minus(below_2p, P);
    let words = if borrow { below_2p } else { reduced };
    Bn254::from_montgomery_limbs(words).expect("a value below 2p less p, if it is not below p")
}

/// `t += x row`, for a sum below `2^320`.
#[inline(always)]
fn add_row(t: &mut [u64; 5], x: u64, row: &Words) {
    let carry;
    (t[0], carry) = multiply_add(t[0], x, row[0], 0);
    let carry1;
    (t[1], carry1) = multiply_add(t[1], x, row[1], carry);
    let carry2;
    (t[2], carry2) = multiply_add(t[2], x, row[2], carry1);
    let carry3;
    (t[3], carry3) = multiply_add(t[3], x, row[3], carry2);
    t[4] += carry3;
}

/// `t / 2^64` modulo `p`, less than `p` above the quotient, for `t + 2^64 p < 2^320`.
#[inline(always)]
fn divided(t: [u64; 5]) -> Words {
    let q = t[0].wrapping_mul(Bn254::NEG_INV);
    let (_, carry) = multiply_add(t[0], q, P[0], 0);
    let (w0, carry) = multiply_add(t[1], q, P[1], carry);
    let (w1, carry) = multiply_add(t[2], q, P[2], carry);
    let (w2, carry) = multiply_add(t[3], q, P[3], carry);
    [w0, w1, w2, t[4] + carry]
}

/// The rows of a scalar.
pub(super) fn rows(scalar: Bn254) -> [Words; 4] {
    const POWERS: [Words; 4] = [
        power_of_two(64),
        power_of_two(128),
        power_of_two(192),
        power_of_two(256),
    ];
    // The Montgomery form of the scalar times the number whose Montgomery form is the power is the
    // power times the scalar as an integer.
    POWERS.map(|power| {
        let power = Bn254::from_montgomery_limbs(power).expect("a residue");
        (scalar * power).montgomery_limbs()
    })
}

/// `low + r (high - low)` below `2p`, for values below `2p`.
#[inline(always)]
pub(super) fn fold(low: Words, high: Words, rows: &[Words; 4]) -> Words {
    // d < 4p < 0.757 2^256: the rows add up to less than 3.757 2^64 p, the quotient is below 4.757p,
    // and the sum with `low` below 6.757p < 2^257.
    let d = difference(high, low);
    let mut t = [0; 5];
    add_row(&mut t, d[0], &rows[0]);
    add_row(&mut t, d[1], &rows[1]);
    add_row(&mut t, d[2], &rows[2]);
    add_row(&mut t, d[3], &rows[3]);
    sum(divided(t), low)
}

/// Adds a product to a sum of less than `2^64` of them.
#[inline(always)]
pub(super) fn add_product(acc: &mut Wide, x: Words, y: Words) {
    let mut t = [0; 8];
    let mut i = 0;
    while i < 4 {
        let mut carry = 0;
        (t[i], carry) = multiply_add(t[i], x[0], y[i], carry);
        (t[i + 1], carry) = multiply_add(t[i + 1], x[1], y[i], carry);
        (t[i + 2], carry) = multiply_add(t[i + 2], x[2], y[i], carry);
        (t[i + 3], carry) = multiply_add(t[i + 3], x[3], y[i], carry);
        t[i + 4] = carry;
        i += 1;
    }
    let mut carry = false;
    let mut i = 0;
    while i < 8 {
        (acc[i], carry) = carrying_add(acc[i], t[i], carry);
        i += 1;
    }
    acc[8] += u64::from(carry);
}

/// The Montgomery product of a sum's factors below `2p`, for a sum of at most `2^32` products.
#[inline(always)]
pub(super) fn reduced(acc: &Wide) -> Words {
    // Words 3 to 6 are below 2^256; four rows of a word and one of a half word are below
    // (4 + 2^-32) 2^64 p: the quotient is below 5.001p < 2^256, also as a sum with 2^64 p.
    let mut t = [acc[3], acc[4], acc[5], acc[6], 0];
    add_row(&mut t, acc[0], &WORD_WEIGHTS[0]);
    add_row(&mut t, acc[1], &WORD_WEIGHTS[1]);
    add_row(&mut t, acc[2], &WORD_WEIGHTS[2]);
    add_row(&mut t, acc[7], &WORD_WEIGHTS[7]);
    add_row(&mut t, acc[8], &WORD_WEIGHTS[8]);
    sum(divided(t), [0; 4])
}

/// A sum of one value.
#[inline(always)]
pub(super) fn widened([w0, w1, w2, w3]: Words) -> Wide {
    // Times 2^256, as products are.
    [0, 0, 0, 0, w0, w1, w2, w3, 0]
}
