//! Keccak-256 of a message of one block: up to 135 bytes.
//!
//! One instance is one message. Private inputs are the 1088 bits of the padded block (bit
//! `8k + j` is bit `j` of byte `k`, least significant first), claimed outputs the 256 bits of the
//! digest in the same order. That the block is well padded is left to whoever reads the inputs.
//!
//! Over GF(2) a round is two layers: chi together with the column parities of its results, then
//! theta's sums along with rho and pi, which only rename wires.
//!
//! Over the other fields a bit `b` of the state is carried as the sign `1 - 2b`, so that exclusive
//! or is a product. A round is a polynomial of degree 33 in signs, hence at least six layers; it
//! takes six: four multiply the eleven signs of theta, two are chi,
//! `a·(1 - b + c + bc)/2`. The first layer also asserts that every input is a bit.
//!
//! Cost for all 24 rounds: see [`circuit`].

use prover_core::Field;

use crate::builder::{BuildError, Built, CircuitBuilder, Wire};
use crate::fields::field_of;

use super::bits::{bits_of_bytes, bytes_of_bits};

/// Rounds of Keccak-f\[1600\].
pub const ROUNDS: usize = 24;
/// Bytes of a block.
pub const RATE: usize = 136;
/// Longest message of one block.
pub const MAX_MESSAGE: usize = RATE - 1;
/// Bytes of a digest.
pub const DIGEST: usize = 32;

/// Rotations of rho by lane `x + 5y`.
const ROTATIONS: [usize; 25] = [
    0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

/// Constants of iota by round.
const ROUND_CONSTANTS: [u64; ROUNDS] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// Number of bit `z` of lane `(x, y)`; every coordinate is taken modulo its range.
fn at(x: usize, y: usize, z: usize) -> usize {
    64 * (x % 5 + 5 * (y % 5)) + z % 64
}

/// Where bit `z` of lane `(x, y)` comes from in rho and pi, as `(x, y, z)`.
fn rho_pi_source(x: usize, y: usize, z: usize) -> (usize, usize, usize) {
    // Pi moves lane (u, v) to (v, 2u + 3v).
    let (u, v) = ((x + 3 * y) % 5, x);
    (u, v, (z + 64 - ROTATIONS[u + 5 * v]) % 64)
}

/// The circuit of Keccak-256 with this many rounds ([`ROUNDS`] for the hash itself).
///
/// Cost of 24 rounds over GF(2): 48 layers of up to 2^11 wires (96,000 wires in all), 72,576 mul,
/// 262,400 add and 168 const gates.
/// Over the other fields: 144 layers of up to 2^12 wires (384,256 in all), 185,216 mul, 187,648
/// add (110,464 of them relays) and 38,848 const gates, 1,088 asserted wires.
///
/// # Panics
/// If there are no or more than [`ROUNDS`] rounds.
///
/// # Errors
/// Never within these bounds.
pub fn circuit<B: Field>(rounds: usize) -> Result<Built<B>, BuildError> {
    assert!((1..=ROUNDS).contains(&rounds), "{rounds} rounds");
    let mut builder = CircuitBuilder::new(field_of::<B>());
    let block = builder.inputs(8 * RATE);
    match (B::ONE + B::ONE).inverse() {
        None => binary(&mut builder, &block, rounds),
        Some(half) => Signs {
            builder: &mut builder,
            half,
        }
        .hash(&block, rounds),
    }
    builder.build()
}

/// The hash over a field of characteristic two.
fn binary<B: Field>(builder: &mut CircuitBuilder<B>, block: &[Wire], rounds: usize) {
    let zero = builder.constant(B::ZERO);
    let mut state = block.to_vec();
    state.resize(1600, zero);
    for constant in &ROUND_CONSTANTS[..rounds] {
        let parity: Vec<Wire> = (0..320)
            .map(|i| builder.sum(&[0, 1, 2, 3, 4].map(|y| state[320 * y + i])))
            .collect();
        let theta = |builder: &mut CircuitBuilder<B>, x, y, z| {
            let (left, right) = (parity[at(x + 4, 0, z)], parity[at(x + 1, 0, z + 63)]);
            builder.sum(&[state[at(x, y, z)], left, right])
        };
        let moved = for_each_bit(|x, y, z| {
            let (x, y, z) = rho_pi_source(x, y, z);
            theta(builder, x, y, z)
        });
        state = for_each_bit(|x, y, z| {
            let [a, b, c] = [0, 1, 2].map(|d| moved[at(x + d, y, z)]);
            let product = builder.and(b, c);
            let flip = iota(*constant, x, y, z).then_some(B::ONE);
            let terms = [a, c, product].map(|w| (B::ONE, w));
            builder.linear_combination(&terms, flip.unwrap_or(B::ZERO))
        });
    }
    state[..8 * DIGEST]
        .iter()
        .for_each(|&bit| builder.output(bit));
}

/// Whether iota flips a bit.
fn iota(constant: u64, x: usize, y: usize, z: usize) -> bool {
    x == 0 && y == 0 && constant >> z & 1 == 1
}

/// A value for each bit of the state.
fn for_each_bit(mut make: impl FnMut(usize, usize, usize) -> Wire) -> Vec<Wire> {
    (0..1600)
        .map(|i| make(i / 64 % 5, i / 320, i % 64))
        .collect()
}

/// The hash with bits as signs `1 - 2b`.
struct Signs<'a, B> {
    builder: &'a mut CircuitBuilder<B>,
    half: B,
}

impl<B: Field> Signs<'_, B> {
    fn hash(&mut self, block: &[Wire], rounds: usize) {
        let (one, two) = (B::ONE, B::from_u64(2));
        let mut state: Vec<Wire> = Vec::with_capacity(1600);
        for &bit in block {
            self.builder.assert_bit(bit);
            state.push(self.builder.linear_combination(&[(-two, bit)], one));
        }
        state.resize(1600, self.builder.constant(one));
        for &constant in &ROUND_CONSTANTS[..rounds] {
            let mixed = self.theta(&state);
            state = self.chi(&mixed, constant);
        }
        for &sign in &state[..8 * DIGEST] {
            let bit = self
                .builder
                .linear_combination(&[(-self.half, sign)], self.half);
            self.builder.output(bit);
        }
    }

    /// Each sign times the ten of its two neighbouring columns, grouped so that four layers do:
    /// `(a·(e·e'))·((p·q)·(p'·q'))`, columns being `p·q·e` with `p`, `q` products of two.
    fn theta(&mut self, state: &[Wire]) -> Vec<Wire> {
        let builder = &mut *self.builder;
        let fours: Vec<Wire> = (0..320)
            .map(|i| {
                let p = builder.mul(state[i], state[320 + i]);
                let q = builder.mul(state[640 + i], state[960 + i]);
                builder.mul(p, q)
            })
            .collect();
        let pairs: Vec<(Wire, Wire)> = (0..320)
            .map(|i| {
                let (x, z) = (i / 64, i % 64);
                let (left, right) = (at(x + 4, 0, z), at(x + 1, 0, z + 63));
                let fifths = builder.mul(state[1280 + left], state[1280 + right]);
                (fifths, builder.mul(fours[left], fours[right]))
            })
            .collect();
        for_each_bit(|x, y, z| {
            let (fifths, eight) = pairs[at(x, 0, z)];
            let three = builder.mul(state[at(x, y, z)], fifths);
            builder.mul(three, eight)
        })
    }

    /// Rho, pi, chi and iota.
    fn chi(&mut self, mixed: &[Wire], constant: u64) -> Vec<Wire> {
        let builder = &mut *self.builder;
        let moved = for_each_bit(|x, y, z| {
            let (x, y, z) = rho_pi_source(x, y, z);
            mixed[at(x, y, z)]
        });
        let half = self.half;
        for_each_bit(|x, y, z| {
            let [a, b, c] = [0, 1, 2].map(|d| moved[at(x + d, y, z)]);
            let h = if iota(constant, x, y, z) { -half } else { half };
            let product = builder.mul(b, c);
            let and = builder.linear_combination(&[(-h, b), (h, c), (h, product)], h);
            builder.mul(a, and)
        })
    }
}

/// The padded block of a message.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`].
pub fn pad(message: &[u8]) -> [u8; RATE] {
    assert!(message.len() <= MAX_MESSAGE, "{} bytes", message.len());
    let mut block = [0; RATE];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] ^= 0x01;
    block[RATE - 1] ^= 0x80;
    block
}

/// The private inputs for a message: the bits of its padded block.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`].
pub fn inputs_for<B: Field>(message: &[u8]) -> Vec<B> {
    bits_of_bytes(&pad(message))
}

/// The digest that claimed outputs spell; `None` if they are not 256 bits.
pub fn digest_of_outputs<B: Field>(outputs: &[B]) -> Option<[u8; DIGEST]> {
    bytes_of_bits(outputs)?.try_into().ok()
}

/// The hash on words, as an oracle for the circuit.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`], or there are more than [`ROUNDS`] rounds.
pub fn reference(message: &[u8], rounds: usize) -> [u8; DIGEST] {
    let mut a = [0u64; 25];
    for (lane, bytes) in a.iter_mut().zip(pad(message).chunks_exact(8)) {
        *lane = u64::from_le_bytes(bytes.try_into().expect("chunks of eight bytes"));
    }
    for constant in &ROUND_CONSTANTS[..rounds] {
        let c: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |sum, y| sum ^ a[x + 5 * y]));
        let d: [u64; 5] = std::array::from_fn(|x| c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1));
        let mut b = [0u64; 25];
        for (i, &lane) in a.iter().enumerate() {
            let (x, y) = (i % 5, i / 5);
            let rotated = (lane ^ d[x]).rotate_left(ROTATIONS[i] as u32);
            b[y + 5 * ((2 * x + 3 * y) % 5)] = rotated;
        }
        for (i, lane) in a.iter_mut().enumerate() {
            let (x, row) = (i % 5, i - i % 5);
            *lane = b[i] ^ (!b[row + (x + 1) % 5] & b[row + (x + 2) % 5]);
        }
        a[0] ^= constant;
    }
    let mut digest = [0; DIGEST];
    for (bytes, lane) in digest.chunks_exact_mut(8).zip(a) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    digest
}
