//! The Poseidon2 permutation over Mersenne-31 (width 16) and BN254 (width 3), with `x^5`.
//!
//! Private inputs are the state before, claimed outputs the state after a chain of permutations.
//! `y = M·x` mixes a state, `M_E` in full and `M_I` in partial rounds; a permutation is
//! `x → M_E·x`, then rounds `x → M·S(x + c)`, where `S` takes every element (full) or the first
//! (partial) to its fifth power: four full, then the partial, then four full rounds.
//!
//! - Mersenne-31: 14 partial rounds, the matrices and constants of Plonky3:
//!   `M_E = circ(2·M, M, M, M)` with `M = circ(2, 3, 1, 1)`, `M_I = 1 + diag(V)`.
//! - BN254: 56 partial rounds, the parameters of HorizenLabs' reference implementation:
//!   `M_E = circ(2, 1, 1)`, `M_I = 1 + diag(1, 1, 2)`.
//!
//! A fifth power is three layers: square, fourth power, product. The matrix of a partial round,
//! and of a full one over BN254, is part of the product's layer; over Mersenne-31 it would take
//! 256 mul gates there, and is a layer of add gates of its own instead.
//!
//! Cost of a permutation: see [`circuit`].

use prover_core::{Field, FieldId};

use crate::builder::Built;
use crate::fields::field_of;
use crate::model::CircuitError;

use super::layers::{LayerWriter, finish};
use super::poseidon2_constants::{BN254_FULL, BN254_PARTIAL, M31_FULL, M31_PARTIAL};

/// Most permutations in a chain.
pub const MAX_CHAIN: usize = 1024;
/// From this width on the matrix of a full round has a layer of its own.
const WIDE: usize = 8;
/// Full rounds before the partial ones, and as many after them.
const HALF_FULL: usize = 4;

/// Parameters of a Poseidon2 permutation with `x^5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters<B> {
    /// Elements of the state.
    pub width: usize,
    /// `M_E`, row by row.
    pub external: Vec<Vec<B>>,
    /// `M_I`, row by row.
    pub internal: Vec<Vec<B>>,
    /// Constants of the full rounds.
    pub full: Vec<Vec<B>>,
    /// Constants of the partial rounds, for the first element.
    pub partial: Vec<B>,
}

impl<B: Field> Parameters<B> {
    /// The parameters over `B`, for Mersenne-31 and BN254.
    pub fn new() -> Option<Self> {
        match field_of::<B>() {
            FieldId::M31 => Some(Self::m31()),
            FieldId::Bn254 => Some(Self::bn254()),
            _ => None,
        }
    }

    fn m31() -> Self {
        let small = |v: &u32| B::from_u64(u64::from(*v));
        let external = matrix(16, |i, j| {
            let circulant = [2, 3, 1, 1][(j + 4 - i % 4) % 4];
            B::from_u64(if i / 4 == j / 4 {
                2 * circulant
            } else {
                circulant
            })
        });
        let shifts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16];
        let internal = matrix(16, |i, j| match (i == j, i) {
            (false, _) => B::ONE,
            (true, 0) => -B::ONE,
            (true, _) => B::from_u64(1 + (1 << shifts[i - 1])),
        });
        Self {
            width: 16,
            external,
            internal,
            full: M31_FULL
                .iter()
                .map(|r| r.iter().map(small).collect())
                .collect(),
            partial: M31_PARTIAL.iter().map(small).collect(),
        }
    }

    fn bn254() -> Self {
        let large = |limbs: &[u64; 4]| {
            let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
            B::decode(&bytes).expect("constants are canonical")
        };
        Self {
            width: 3,
            external: matrix(3, |i, j| B::from_u64(if i == j { 2 } else { 1 })),
            internal: matrix(3, |i, j| {
                B::from_u64([1, [2, 2, 3][i]][usize::from(i == j)])
            }),
            full: BN254_FULL
                .iter()
                .map(|r| r.iter().map(large).collect())
                .collect(),
            partial: BN254_PARTIAL.iter().map(large).collect(),
        }
    }

    /// The rounds in order.
    fn rounds(&self) -> Vec<Round<'_, B>> {
        let (first, last) = self.full.split_at(HALF_FULL);
        let first = first.iter().map(|c| Round::Full(c));
        let partial = self
            .partial
            .iter()
            .map(std::slice::from_ref)
            .map(Round::Partial);
        let last = last.iter().map(|c| Round::Full(c));
        first.chain(partial).chain(last).collect()
    }
}

fn matrix<B>(width: usize, entry: impl Fn(usize, usize) -> B) -> Vec<Vec<B>> {
    let row = |i| (0..width).map(|j| entry(i, j)).collect();
    (0..width).map(row).collect()
}

/// A round with the constants that are added to the first elements of the state.
#[derive(Clone, Copy)]
enum Round<'a, B> {
    Full(&'a [B]),
    Partial(&'a [B]),
}

impl<'a, B> Round<'a, B> {
    fn constants(self) -> &'a [B] {
        match self {
            Self::Full(constants) | Self::Partial(constants) => constants,
        }
    }
}

/// The circuit of a chain of permutations over Mersenne-31 or BN254.
///
/// Cost of one over Mersenne-31: 75 layers of up to 2^5 wires, 636 mul, 6,368 add (704 of them
/// relays) and 142 const gates; over BN254: 193 layers of up to 2^3 wires, 400 mul, 729 add (384
/// of them relays) and 80 const gates.
///
/// # Panics
/// If `B` is another field, or the chain is empty or longer than [`MAX_CHAIN`].
///
/// # Errors
/// Never within these bounds.
pub fn circuit<B: Field>(chain: usize) -> Result<Built<B>, CircuitError> {
    assert!((1..=MAX_CHAIN).contains(&chain), "{chain} permutations");
    let parameters = Parameters::new().expect("Poseidon2 is here over M31 and BN254");
    let rounds = parameters.rounds();
    let mut layers = Vec::new();
    for _ in 0..chain {
        let mut first = LayerWriter::new(parameters.width, parameters.width);
        mix(&mut first, &parameters.external);
        add_constants(&mut first, rounds[0].constants());
        layers.push(first);
        for (r, round) in rounds.iter().enumerate() {
            let next = rounds.get(r + 1).map_or(&[][..], |next| next.constants());
            match round {
                Round::Full(_) => full_round(&mut layers, &parameters.external, next),
                Round::Partial(_) => partial_round(&mut layers, &parameters.internal, next),
            }
        }
    }
    finish(layers, parameters.width, parameters.width)
}

/// `out = M·in`.
fn mix<B: Field>(layer: &mut LayerWriter<B>, matrix: &[Vec<B>]) {
    for (z, row) in matrix.iter().enumerate() {
        row.iter()
            .enumerate()
            .for_each(|(x, &c)| layer.add(z, x, c));
    }
}

fn add_constants<B: Field>(layer: &mut LayerWriter<B>, constants: &[B]) {
    constants
        .iter()
        .enumerate()
        .for_each(|(z, &c)| layer.constant(z, c));
}

/// A full round of a state with its constants; adds the next round's. Between its layers wires
/// `0 .. t` are the state and `t .. 2t` its squares, then its fourth powers.
fn full_round<B: Field>(layers: &mut Vec<LayerWriter<B>>, matrix: &[Vec<B>], next: &[B]) {
    let t = matrix.len();
    let mut squares = LayerWriter::new(t, 2 * t);
    let mut fourths = LayerWriter::new(2 * t, 2 * t);
    for i in 0..t {
        squares.relay(i, i);
        squares.mul(t + i, i, i, B::ONE);
        fourths.relay(i, i);
        fourths.mul(t + i, t + i, t + i, B::ONE);
    }
    layers.extend([squares, fourths]);
    let mut fifths = LayerWriter::new(2 * t, t);
    if t >= WIDE {
        (0..t).for_each(|i| fifths.mul(i, i, t + i, B::ONE));
        let mut mixed = LayerWriter::new(t, t);
        mix(&mut mixed, matrix);
        add_constants(&mut mixed, next);
        layers.extend([fifths, mixed]);
    } else {
        for (z, row) in matrix.iter().enumerate() {
            row.iter()
                .enumerate()
                .for_each(|(x, &c)| fifths.mul(z, x, t + x, c));
        }
        add_constants(&mut fifths, next);
        layers.push(fifths);
    }
}

/// A partial round of a state with its constant; adds the next round's. Between its layers wires
/// `0 .. t` are the state and `t` the square, then the fourth power, of the first.
fn partial_round<B: Field>(layers: &mut Vec<LayerWriter<B>>, matrix: &[Vec<B>], next: &[B]) {
    let t = matrix.len();
    let mut square = LayerWriter::new(t, t + 1);
    let mut fourth = LayerWriter::new(t + 1, t + 1);
    for i in 0..t {
        square.relay(i, i);
        fourth.relay(i, i);
    }
    square.mul(t, 0, 0, B::ONE);
    fourth.mul(t, t, t, B::ONE);
    let mut mixed = LayerWriter::new(t + 1, t);
    for (z, row) in matrix.iter().enumerate() {
        mixed.mul(z, 0, t, row[0]);
        (1..t).for_each(|x| mixed.add(z, x, row[x]));
    }
    add_constants(&mut mixed, next);
    layers.extend([square, fourth, mixed]);
}

/// A chain of permutations of a state, as an oracle for the circuit.
///
/// # Panics
/// If the state is not as wide as the permutation.
pub fn reference<B: Field>(parameters: &Parameters<B>, state: &[B], chain: usize) -> Vec<B> {
    assert_eq!(state.len(), parameters.width, "a state of another width");
    let product = |matrix: &[Vec<B>], state: &[B]| -> Vec<B> {
        let dot = |row: &Vec<B>| row.iter().zip(state).fold(B::ZERO, |s, (&m, &x)| s + m * x);
        matrix.iter().map(dot).collect()
    };
    let mut state = state.to_vec();
    for _ in 0..chain {
        state = product(&parameters.external, &state);
        for round in parameters.rounds() {
            for (x, &c) in state.iter_mut().zip(round.constants()) {
                *x += c;
                *x = x.square().square() * *x;
            }
            state = match round {
                Round::Full(_) => product(&parameters.external, &state),
                Round::Partial(_) => product(&parameters.internal, &state),
            };
        }
    }
    state
}
