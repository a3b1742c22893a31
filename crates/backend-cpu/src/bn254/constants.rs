//! Constants that derive from the modulus.

use prover_fields::Bn254;

/// A 256-bit integer in four words.
pub(super) type Words = [u64; 4];
/// An integer in five limbs of 52 bits; the last may have more.
pub(super) type Limbs = [u64; 5];

/// Bits of a limb.
pub(super) const LIMB: u32 = 52;
/// A limb of ones.
pub(super) const LIMB_MASK: u64 = (1 << LIMB) - 1;

/// `p` in words.
pub(super) const P: Words = Bn254::MODULUS;
/// `p` in limbs.
pub(super) const P_LIMBS: Limbs = limbs_of(P);

// Bounds below are in multiples of p: 2^256 is more than 5.28p and 2^254 less than 1.33p.
const _: () = assert!(less(times_p(5), limbs_of([u64::MAX; 4])) && P[3] >> 60 == 3);

/// The limbs of an integer in words.
pub(super) const fn limbs_of(w: Words) -> Limbs {
    [
        w[0] & LIMB_MASK,
        (w[0] >> 52 | w[1] << 12) & LIMB_MASK,
        (w[1] >> 40 | w[2] << 24) & LIMB_MASK,
        (w[2] >> 28 | w[3] << 36) & LIMB_MASK,
        w[3] >> 16,
    ]
}

/// The limbs 4 to 9 of an integer in words times `2^256`.
#[cfg(any(target_arch = "x86_64", test))]
pub(super) const fn shifted_limbs(w: Words) -> [u64; 6] {
    [
        w[0] << 48 & LIMB_MASK,
        w[0] >> 4 & LIMB_MASK,
        (w[0] >> 56 | w[1] << 8) & LIMB_MASK,
        (w[1] >> 44 | w[2] << 20) & LIMB_MASK,
        (w[2] >> 32 | w[3] << 32) & LIMB_MASK,
        w[3] >> 20,
    ]
}

/// Whether `a < b`, for limbs in which only the last may exceed 52 bits.
const fn less(a: Limbs, b: Limbs) -> bool {
    let mut i = 5;
    while i > 0 {
        i -= 1;
        if a[i] != b[i] {
            return a[i] < b[i];
        }
    }
    false
}

/// `n p`, for `n` below 1000.
pub(super) const fn times_p(n: u64) -> Limbs {
    let mut out = [0; 5];
    let mut carry = 0;
    let mut i = 0;
    while i < 5 {
        let limb = n * P_LIMBS[i] + carry;
        out[i] = if i < 4 { limb & LIMB_MASK } else { limb };
        carry = limb >> LIMB;
        i += 1;
    }
    out
}

/// The largest `n` such that `n p` is at most `index 2^shift`; `shift` is 208 or more.
pub(super) const fn quotient(index: u64, shift: u32) -> u64 {
    let bound = [0, 0, 0, 0, index << (shift - 4 * LIMB)];
    let mut n = 0;
    while !less(bound, times_p(n + 1)) {
        n += 1;
    }
    n
}

/// The low words of `n p`.
pub(super) const fn words_of_times_p(n: u64) -> Words {
    let mut out = [0; 4];
    let mut carry = 0;
    let mut i = 0;
    while i < 4 {
        let word = n as u128 * P[i] as u128 + carry;
        out[i] = word as u64;
        carry = word >> 64;
        i += 1;
    }
    out
}

/// `2^exponent mod p`, for exponents of either sign.
pub(super) const fn power_of_two(exponent: i32) -> Words {
    let mut value = [1, 0, 0, 0];
    let mut step = 0;
    while step < exponent.unsigned_abs() {
        value = if exponent > 0 {
            doubled(value)
        } else {
            halved(value)
        };
        step += 1;
    }
    value
}

/// `2 a mod p` for `a < p`.
const fn doubled(a: Words) -> Words {
    // p < 2^254: nothing is lost.
    let twice = plus(a, a);
    if less(limbs_of(twice), P_LIMBS) {
        return twice;
    }
    let complement = plus([!P[0], !P[1], !P[2], !P[3]], [1, 0, 0, 0]);
    plus(twice, complement)
}

/// `a / 2 mod p` for `a < p`.
const fn halved(a: Words) -> Words {
    let [w0, w1, w2, w3] = if a[0] & 1 == 0 { a } else { plus(a, P) };
    [
        w0 >> 1 | w1 << 63,
        w1 >> 1 | w2 << 63,
        w2 >> 1 | w3 << 63,
        w3 >> 1,
    ]
}

/// The sum modulo `2^256`.
const fn plus(a: Words, b: Words) -> Words {
    let mut out = [0; 4];
    let mut carry = 0;
    let mut i = 0;
    while i < 4 {
        let word = a[i] as u128 + b[i] as u128 + carry;
        out[i] = word as u64;
        carry = word >> 64;
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use prover_fields::Field;

    #[test]
    #[cfg_attr(miri, ignore = "minutes, and nothing in it is unsafe")]
    fn powers_of_two_are_those_of_the_field() {
        let element = |words| Bn254::from_canonical_limbs(words).expect("below p");
        let mut power = Bn254::ONE;
        for exponent in 0..600 {
            assert_eq!(element(power_of_two(exponent)), power);
            assert_eq!(element(power_of_two(-exponent)) * power, Bn254::ONE);
            power += power;
        }
    }

    #[test]
    fn multiples_are_sums() {
        let mut sum = [0u64; 4];
        for n in 0..5 {
            assert_eq!(times_p(n), limbs_of(sum));
            assert_eq!(words_of_times_p(n), sum);
            sum = plus(sum, P);
        }
        // 2^254 is between p and 2p, 2^256 between 5p and 6p.
        let quotients: Vec<u64> = (0..5).map(|i| quotient(i, 254)).collect();
        assert_eq!(quotients, [0, 1, 2, 3, 5]);
    }

    #[test]
    fn shifted_limbs_are_the_words_from_bit_256_on() {
        for bit in 0..256 {
            let mut words = [0; 4];
            words[bit / 64] = 1 << (bit % 64);
            let mut want = [0; 6];
            want[(bit + 48) / 52] = 1 << ((bit + 48) % 52);
            assert_eq!(shifted_limbs(words), want);
        }
    }
}
