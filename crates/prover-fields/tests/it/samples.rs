//! The values that tests run on: a fixed pseudo-random sequence and each field's extremes.

use prover_fields::{Bn254, Field, Gf2, Gf2e128, Goldilocks, GoldilocksExt2, M31, M31Ext3};

/// SplitMix64, so that every run sees the same values.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next_u64() as u8).collect()
    }

    pub(crate) fn element<F: Field>(&mut self) -> F {
        F::from_uniform(&self.bytes(F::UNIFORM_BYTES))
    }

    pub(crate) fn elements<F: Field>(&mut self, count: usize) -> Vec<F> {
        (0..count).map(|_| self.element()).collect()
    }
}

/// A field with values at which carries and reductions go wrong first.
pub(crate) trait Extremes: Field {
    /// Zero, one, their neighbours and the longest carry chains; few enough for triples.
    fn extremes() -> Vec<Self>;

    /// Every element of one bit; enough for pairs.
    fn single_bits() -> Vec<Self>;

    /// The extremes, the single bits, and random elements.
    fn samples(random: usize) -> Vec<Self> {
        let mut all = Self::extremes();
        all.extend(Self::single_bits());
        all.extend(Random::new(0x5eed).elements::<Self>(random));
        all
    }
}

impl Extremes for Bn254 {
    fn extremes() -> Vec<Self> {
        let [p0, p1, p2, p3] = Self::MODULUS;
        let ones = u64::MAX;
        let forms = [
            [0, 0, 0, 0],
            [1, 0, 0, 0],
            [p0 - 1, p1, p2, p3],
            [p0 - 2, p1, p2, p3],
            [ones, ones, ones, p3 - 1],
            [ones, p1 - 1, p2, p3],
            [ones, ones, p2 - 1, p3],
            [ones, 0, 0, 0],
            [0, ones, 0, 0],
            [0, 0, ones, 0],
            [0, 0, 0, p3],
            [ones, ones, ones, 0],
            [1 << 31; 4],
            [1 << 63, 1 << 63, 1 << 63, 0],
            // Half of p, rounded down and up: sums around p.
            [
                (p0 >> 1) | (p1 << 63),
                (p1 >> 1) | (p2 << 63),
                (p2 >> 1) | (p3 << 63),
                p3 >> 1,
            ],
            [
                (p0 >> 1 | p1 << 63) + 1,
                p1 >> 1 | p2 << 63,
                p2 >> 1 | p3 << 63,
                p3 >> 1,
            ],
        ];
        // Each as the limbs in memory and as the canonical integer.
        let montgomery = forms
            .iter()
            .map(|limbs| Self::from_montgomery_limbs(*limbs).unwrap());
        let canonical = forms
            .iter()
            .map(|limbs| Self::from_canonical_limbs(*limbs).unwrap());
        montgomery.chain(canonical).collect()
    }

    fn single_bits() -> Vec<Self> {
        let bit = |i: usize| {
            let mut limbs = [0; 4];
            limbs[i / 64] = 1 << (i % 64);
            Self::from_montgomery_limbs(limbs).unwrap()
        };
        (0..254).map(bit).collect()
    }
}

impl Extremes for M31 {
    fn extremes() -> Vec<Self> {
        let p = Self::MODULUS;
        [
            0,
            1,
            2,
            5,
            p / 2,
            p / 2 + 1,
            1 << 16,
            0xffff,
            p - 5,
            p - 2,
            p - 1,
        ]
        .map(|value| Self::new(value).unwrap())
        .to_vec()
    }

    fn single_bits() -> Vec<Self> {
        (0..31).map(|i| Self::new(1 << i).unwrap()).collect()
    }
}

/// The integers below `p` whose multiples by seven end in almost 64 ones: the product's reduction
/// carries.
fn sevenths() -> [Goldilocks; 2] {
    [3u128, 6].map(|k| Goldilocks::new((((k << 64) - 1) / 7) as u64).unwrap())
}

impl Extremes for Goldilocks {
    fn extremes() -> Vec<Self> {
        let p = Self::MODULUS;
        let epsilon = u64::from(u32::MAX);
        let values = [
            [0, 1, 2, 7, epsilon - 1, epsilon, epsilon + 1, 1 << 31],
            [
                p / 2,
                p / 2 + 1,
                1 << 63,
                (1 << 63) - 1,
                p - 7,
                p - 2,
                p - 1,
                p - epsilon,
            ],
        ];
        let values = values
            .concat()
            .into_iter()
            .map(|value| Self::new(value).unwrap());
        values.chain(sevenths()).collect()
    }

    fn single_bits() -> Vec<Self> {
        (0..64).map(|i| Self::new(1 << i).unwrap()).collect()
    }
}

impl Extremes for M31Ext3 {
    fn extremes() -> Vec<Self> {
        let [zero, one, max] = [0, 1, M31::MODULUS - 1].map(|value| M31::new(value).unwrap());
        let choices = [zero, one, max];
        (0..27)
            .map(|i| Self::new([choices[i / 9], choices[i / 3 % 3], choices[i % 3]]))
            .collect()
    }

    fn single_bits() -> Vec<Self> {
        let at = |position, value| {
            let mut coeffs = [M31::ZERO; 3];
            coeffs[position] = value;
            Self::new(coeffs)
        };
        (0..3)
            .flat_map(|position| M31::single_bits().into_iter().map(move |v| at(position, v)))
            .collect()
    }
}

impl Extremes for GoldilocksExt2 {
    fn extremes() -> Vec<Self> {
        let max = Goldilocks::MODULUS - 1;
        let mut choices = [0, 1, max, max / 2]
            .map(|value| Goldilocks::new(value).unwrap())
            .to_vec();
        choices.extend(sevenths());
        (0..36)
            .map(|i| Self::new([choices[i / 6], choices[i % 6]]))
            .collect()
    }

    fn single_bits() -> Vec<Self> {
        let bits = Goldilocks::single_bits();
        let low = bits.iter().map(|bit| Self::new([*bit, Goldilocks::ZERO]));
        let high = bits.iter().map(|bit| Self::new([Goldilocks::ZERO, *bit]));
        low.chain(high).collect()
    }
}

impl Extremes for Gf2 {
    fn extremes() -> Vec<Self> {
        vec![Self::ZERO, Self::ONE]
    }

    fn single_bits() -> Vec<Self> {
        vec![Self::ONE]
    }
}

impl Extremes for Gf2e128 {
    fn extremes() -> Vec<Self> {
        let ones = u128::MAX;
        let values = [
            [0, 1, 2, 0x87, ones, ones - 1, ones << 64],
            [
                ones >> 64,
                1 << 127,
                0b11 << 126,
                1 << 63,
                1 << 64,
                ones << 121,
                ones >> 1,
            ],
        ];
        values.concat().into_iter().map(Self::new).collect()
    }

    fn single_bits() -> Vec<Self> {
        (0..128).map(|i| Self::new(1 << i)).collect()
    }
}
