//! Powers by the exponents that Fermat inversions need.

use prover_core::field::Field;

/// `value^(2^count)` by `count` squarings.
pub(crate) fn square_times<F: Field>(value: F, count: u32) -> F {
    (0..count).fold(value, |power, _| power.square())
}

/// `value^(2^ones - 1)` for `ones >= 1`: `ones - 1` squarings and at most `2 log2(ones)` products.
pub(crate) fn pow_all_ones<F: Field>(value: F, ones: u32) -> F {
    let mut power = value;
    let mut length = 1;
    for bit in (0..ones.ilog2()).rev() {
        power *= square_times(power, length);
        length *= 2;
        if (ones >> bit) & 1 == 1 {
            power = power.square() * value;
            length += 1;
        }
    }
    power
}

/// `value^exponent` for a little-endian exponent, by windows of four bits.
pub(crate) fn pow_windowed<F: Field>(value: F, exponent: [u64; 4]) -> F {
    let mut powers = [F::ONE; 16];
    for i in 1..16 {
        powers[i] = powers[i - 1] * value;
    }
    let mut result = F::ONE;
    for limb in exponent.into_iter().rev() {
        for shift in (0..64).step_by(4).rev() {
            result = square_times(result, 4) * powers[(limb >> shift) as usize & 15];
        }
    }
    result
}
