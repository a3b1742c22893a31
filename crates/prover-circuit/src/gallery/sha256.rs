//! SHA-256 over GF(2) of a message of one block: up to 55 bytes.
//!
//! One instance is one message. Private inputs are the 512 bits of the padded block (bit `8k + j`
//! is bit `j` of byte `k`, least significant first), claimed outputs the 256 bits of the digest in
//! the same order. That the block is well padded is left to whoever reads the inputs.
//!
//! Sums of several words are brought to two by carry-save adders, and added by parallel prefixes
//! of the carries. With `d` = `a` of three rounds before, a round adds
//! `e' = (d + h + K + W) + Σ1(e) + Ch` and `a' = e' - d + Σ0(a) + Maj`: only what depends on `e`
//! and `a` waits for them, so a round adds about seven layers.
//!
//! Cost for all 64 rounds: see [`circuit`].

use prover_core::{Field, FieldId};
use prover_fields::Gf2;

use crate::builder::{BuildError, Built, CircuitBuilder, Wire};

use super::bits::{bits_of_bytes, bytes_of_bits};

/// Rounds of SHA-256.
pub const ROUNDS: usize = 64;
/// Bytes of a block.
pub const BLOCK: usize = 64;
/// Longest message of one block.
pub const MAX_MESSAGE: usize = BLOCK - 9;
/// Bytes of a digest.
pub const DIGEST: usize = 32;

/// The first state: FIPS 180-4, 5.3.3.
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Constants by round: FIPS 180-4, 4.2.2.
#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; ROUNDS] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// A word, least significant bit first.
type Word = [Wire; 32];

/// The circuit of SHA-256 with this many rounds ([`ROUNDS`] for the hash itself).
///
/// Cost of 64 rounds: 463 layers of up to 2^11 wires (803,584 wires in all), 131,921 mul,
/// 661,849 add (522,432 of them relays) and 3,388 const gates.
///
/// # Panics
/// If there are no or more than [`ROUNDS`] rounds.
///
/// # Errors
/// Never within these bounds.
pub fn circuit(rounds: usize) -> Result<Built<Gf2>, BuildError> {
    assert!((1..=ROUNDS).contains(&rounds), "{rounds} rounds");
    let mut adders = Adders(CircuitBuilder::new(FieldId::Gf2));
    let block = adders.0.inputs(8 * BLOCK);
    let mut schedule: Vec<Word> = (0..16)
        .map(|word| std::array::from_fn(|i| block[position(word, i)]))
        .collect();
    let start = START.map(|word| adders.constant(word));
    // `a` and `e` by round, those before the first round being the start's.
    let mut a: Vec<Word> = start[..4].iter().rev().copied().collect();
    let mut e: Vec<Word> = start[4..].iter().rev().copied().collect();
    for t in 0..rounds {
        if t >= 16 {
            let next = adders.schedule(&schedule, t);
            schedule.push(next);
        }
        let constant = adders.constant(ROUND_CONSTANTS[t]);
        let early = adders.add(&[a[t], e[t], constant, schedule[t]], false, Pace::Fast);
        let sigma = adders.rotations(&e[t + 3], [6, 11, 25]);
        let choice = adders.choice(&e[t + 3], &e[t + 2], &e[t + 1]);
        let next = adders.add(&[early, sigma, choice], false, Pace::Fast);
        e.push(next);
        let sigma = adders.rotations(&a[t + 3], [2, 13, 22]);
        let majority = adders.majority(&a[t + 3], &a[t + 2], &a[t + 1]);
        let minus_d = a[t].map(|bit| adders.0.not(bit));
        a.push(adders.add(&[next, sigma, minus_d, majority], true, Pace::Fast));
    }
    let last = |words: &[Word]| -> Vec<Word> { words[rounds..].iter().rev().copied().collect() };
    let state = [last(&a), last(&e)].concat();
    let digest: Vec<Word> = (0..8)
        .map(|i| adders.add(&[state[i], start[i]], false, Pace::Fast))
        .collect();
    for bit in 0..8 * DIGEST {
        let (word, i) = (bit / 32, bit % 32);
        adders.0.output(digest[word][(3 - i / 8) * 8 + i % 8]);
    }
    adders.0.build()
}

/// Number of bit `i` of a word in the block: words are big-endian.
fn position(word: usize, i: usize) -> usize {
    32 * word + 8 * (3 - i / 8) + i % 8
}

/// How the carries of an addition are found.
#[derive(Clone, Copy)]
enum Pace {
    /// Sklansky's prefixes: six layers.
    Fast,
    /// Brent and Kung's: ten layers, and half as many products.
    Slow,
}

impl Pace {
    /// Pairs `(i, below)` in order: the bits of `i` are to be joined with the bits of `below`,
    /// which end where they begin.
    fn prefixes(self) -> Vec<(usize, usize)> {
        let bits = 0..31usize;
        match self {
            Self::Fast => (0..5)
                .flat_map(|k| {
                    let high = bits.clone().filter(move |i| i >> k & 1 == 1);
                    high.map(move |i| (i, (i >> k << k) - 1))
                })
                .collect(),
            Self::Slow => {
                let ends = |k: usize, rest: usize| {
                    let ends = bits.clone().filter(move |i| (i + 1) % (2 << k) == rest);
                    ends.filter(move |i| i >> k > 0)
                        .map(move |i| (i, i - (1 << k)))
                };
                let up = (0..5).flat_map(|k| ends(k, 0));
                let down = (0..4).rev().flat_map(|k| ends(k, 1 << k));
                up.chain(down.filter(|&(i, _)| i > 0)).collect()
            }
        }
    }
}

/// Arithmetic of words.
struct Adders(CircuitBuilder<Gf2>);

impl Adders {
    fn constant(&mut self, value: u32) -> Word {
        std::array::from_fn(|i| self.0.constant(Gf2::from_u64(u64::from(value >> i & 1))))
    }

    /// Word `t` of the message schedule, `t` being at least 16.
    fn schedule(&mut self, words: &[Word], t: usize) -> Word {
        let old = words[t - 15];
        let lower = self.small_sigma(&old, [7, 18], 3);
        let upper = self.small_sigma(&words[t - 2], [17, 19], 10);
        // The word known last stands first, and the adder is slow: early words would wait for their
        // rounds, on a wire of every layer.
        self.add(
            &[upper, words[t - 16], lower, words[t - 7]],
            false,
            Pace::Slow,
        )
    }

    fn small_sigma(&mut self, word: &Word, rotations: [usize; 2], shift: usize) -> Word {
        std::array::from_fn(|i| {
            let mut bits = rotations.map(|r| word[(i + r) % 32]).to_vec();
            bits.extend(word.get(i + shift));
            self.0.sum(&bits)
        })
    }

    fn rotations(&mut self, word: &Word, by: [usize; 3]) -> Word {
        std::array::from_fn(|i| self.0.sum(&by.map(|r| word[(i + r) % 32])))
    }

    /// `g + e·(f + g)`.
    fn choice(&mut self, e: &Word, f: &Word, g: &Word) -> Word {
        std::array::from_fn(|i| self.0.select(e[i], f[i], g[i]))
    }

    fn majority(&mut self, a: &Word, b: &Word, c: &Word) -> Word {
        std::array::from_fn(|i| self.majority_bit(a[i], b[i], c[i]))
    }

    /// `bc + a·(b + c)`.
    fn majority_bit(&mut self, a: Wire, b: Wire, c: Wire) -> Wire {
        let (both, either) = (self.0.and(b, c), self.0.xor(b, c));
        let chosen = self.0.and(a, either);
        self.0.xor(both, chosen)
    }

    /// The sum modulo `2^32` of two or more words, and of one if `plus_one`: the first two have
    /// the longest way to go.
    fn add(&mut self, words: &[Word], plus_one: bool, pace: Pace) -> Word {
        let mut low = plus_one;
        let mut pair = [words[0], words[1]];
        for word in &words[2..] {
            let [u, v] = pair;
            let sum = std::array::from_fn(|i| self.0.sum(&[u[i], v[i], word[i]]));
            let mut carry = [self.bit(low); 32];
            for i in 0..31 {
                carry[i + 1] = self.majority_bit(word[i], u[i], v[i]);
            }
            low = false;
            pair = [sum, carry];
        }
        debug_assert!(!low, "no place for the one");
        self.add_two(&pair[0], &pair[1], pace)
    }

    fn bit(&mut self, value: bool) -> Wire {
        self.0.constant(if value { Gf2::ONE } else { Gf2::ZERO })
    }

    /// Carries by parallel prefixes: `carry[i]` is the carry out of some bits up to `i`, in the end
    /// of all, and `through[i]` says that they pass a carry on.
    fn add_two(&mut self, a: &Word, b: &Word, pace: Pace) -> Word {
        let half: Word = std::array::from_fn(|i| self.0.xor(a[i], b[i]));
        let mut carry: Word = std::array::from_fn(|i| self.0.and(a[i], b[i]));
        let mut through = half;
        for (i, below) in pace.prefixes() {
            let passed = self.0.and(through[i], carry[below]);
            carry[i] = self.0.xor(carry[i], passed);
            through[i] = self.0.and(through[i], through[below]);
        }
        std::array::from_fn(|i| match i {
            0 => half[0],
            _ => self.0.xor(half[i], carry[i - 1]),
        })
    }
}

/// The padded block of a message.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`].
pub fn pad(message: &[u8]) -> [u8; BLOCK] {
    assert!(message.len() <= MAX_MESSAGE, "{} bytes", message.len());
    let mut block = [0; BLOCK];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&(8 * message.len() as u64).to_be_bytes());
    block
}

/// The private inputs for a message: the bits of its padded block.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`].
pub fn inputs_for(message: &[u8]) -> Vec<Gf2> {
    bits_of_bytes(&pad(message))
}

/// The digest that claimed outputs spell; `None` if they are not 256.
pub fn digest_of_outputs(outputs: &[Gf2]) -> Option<[u8; DIGEST]> {
    bytes_of_bits(outputs)?.try_into().ok()
}

/// The hash on words, as an oracle for the circuit.
///
/// # Panics
/// If the message is longer than [`MAX_MESSAGE`], or there are more than [`ROUNDS`] rounds.
pub fn reference(message: &[u8], rounds: usize) -> [u8; DIGEST] {
    let mut w: Vec<u32> = pad(message)
        .chunks_exact(4)
        .map(|b| u32::from_be_bytes(b.try_into().expect("chunks of four bytes")))
        .collect();
    for t in 16..rounds {
        let (x, y) = (w[t - 15], w[t - 2]);
        let lower = x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
        let upper = y.rotate_right(17) ^ y.rotate_right(19) ^ y >> 10;
        let sum = lower.wrapping_add(upper).wrapping_add(w[t - 7]);
        w.push(sum.wrapping_add(w[t - 16]));
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = START;
    for (&word, &constant) in w.iter().zip(&ROUND_CONSTANTS[..rounds]) {
        let upper = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let t1 = (h.wrapping_add(upper)).wrapping_add(e & f ^ !e & g);
        let t1 = t1.wrapping_add(constant).wrapping_add(word);
        let lower = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = lower.wrapping_add(a & b ^ a & c ^ b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(t2));
    }
    let mut digest = [0; DIGEST];
    let state = [a, b, c, d, e, f, g, h];
    for (bytes, (word, start)) in digest.chunks_exact_mut(4).zip(state.into_iter().zip(START)) {
        bytes.copy_from_slice(&word.wrapping_add(start).to_be_bytes());
    }
    digest
}

#[cfg(test)]
mod tests {
    use prover_fields::Gf2e128;

    use super::*;
    use crate::evaluate;

    /// Long carries, which random words hardly ever have: `2^j - 2^i` and its neighbours, `+ 2^i`.
    #[test]
    fn adders_carry_from_every_bit_to_every_bit() {
        for pace in [Pace::Fast, Pace::Slow] {
            let mut adders = Adders(CircuitBuilder::new(FieldId::Gf2));
            let words: [Word; 2] = std::array::from_fn(|_| {
                let bits = adders.0.inputs(32);
                std::array::from_fn(|i| bits[i])
            });
            let sum = adders.add(&words, false, pace);
            sum.iter().for_each(|&bit| adders.0.output(bit));
            let built = adders.0.build().unwrap();
            for (i, j) in (0..32u32).flat_map(|i| (i..32).map(move |j| (i, j))) {
                let ones = (u32::MAX << i) & (u32::MAX >> (31 - j));
                for (a, b) in [(ones, 1 << i), (ones, ones), (!ones, ones), (!ones, 1)] {
                    let bytes = [a.to_le_bytes(), b.to_le_bytes()].concat();
                    let inputs = built.layout.pad(&bits_of_bytes(&bytes));
                    let result = evaluate::<Gf2e128>(&built.circuit, &inputs, &[], &[]);
                    let found = bytes_of_bits(result.outputs(32)).unwrap();
                    assert_eq!(found, a.wrapping_add(b).to_le_bytes(), "{a:#x} + {b:#x}");
                }
            }
        }
    }
}
