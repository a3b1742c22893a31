//! Inputs of the laws: seeded, with edges where arithmetic goes wrong first.

use prover_circuit::generator::SplitMix64;
use prover_core::round_poly::MAX_DEGREE;
use prover_core::{ChallengeField, Field, Summand, Term};

/// The laws' only source of numbers, so that a failure repeats. Golden proofs depend on each byte
/// that is drawn.
#[derive(Clone, Debug)]
pub struct Rng(SplitMix64);

impl Rng {
    /// A generator of its own for each law.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }

    /// A uniform element.
    pub fn element<F: Field>(&mut self) -> F {
        let bytes: Vec<u8> = (0..F::UNIFORM_BYTES)
            .map(|_| self.next_u64() as u8)
            .collect();
        F::from_uniform(&bytes)
    }

    /// A point of `len` uniform coordinates.
    pub fn point<F: Field>(&mut self, len: usize) -> Vec<F> {
        (0..len).map(|_| self.element()).collect()
    }
}

/// What a table is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Uniform elements.
    Random,
    /// Elements from [`edges`] in random order.
    Edges,
    /// The same random element everywhere.
    AllEqual,
    /// Zero but for the last element.
    SingleLast,
    /// Zero but for the first element.
    SingleFirst,
    /// Zero everywhere.
    Zero,
}

impl Fill {
    /// Every way.
    pub const ALL: [Self; 6] = [
        Self::Random,
        Self::Edges,
        Self::AllEqual,
        Self::SingleLast,
        Self::SingleFirst,
        Self::Zero,
    ];

    fn values<F: Field>(self, num_vars: usize, edges: &[F], rng: &mut Rng) -> Vec<F> {
        let len = 1usize << num_vars;
        let constant = rng.element::<F>();
        let mut values = vec![F::ZERO; len];
        match self {
            Self::Random => values = rng.point(len),
            Self::Edges => values
                .iter_mut()
                .for_each(|v| *v = edges[rng.below(edges.len())]),
            Self::AllEqual => values.fill(constant),
            Self::SingleLast => values[len - 1] = F::ONE + constant.square(),
            Self::SingleFirst => values[0] = F::ONE + constant.square(),
            Self::Zero => {}
        }
        values
    }
}

/// A table on the host, in either field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostTable<F: ChallengeField> {
    /// To be uploaded in the base field.
    Base(Vec<F::Base>),
    /// To be uploaded in the challenge field.
    Challenge(Vec<F>),
}

impl<F: ChallengeField> HostTable<F> {
    /// A table of `2^num_vars` values.
    pub fn new(base: bool, fill: Fill, num_vars: usize, rng: &mut Rng) -> Self {
        if base {
            Self::Base(fill.values(num_vars, &base_edges::<F>(), rng))
        } else {
            Self::Challenge(fill.values(num_vars, &edges::<F>(), rng))
        }
    }

    /// Tables of the same size, random, in the base and the challenge field by turns.
    pub fn mixed(count: usize, num_vars: usize, rng: &mut Rng) -> Vec<Self> {
        let first = rng.below(2);
        (0..count)
            .map(|i| Self::new((i + first).is_multiple_of(2), Fill::Random, num_vars, rng))
            .collect()
    }

    /// The values in the challenge field.
    pub fn lifted(&self) -> Vec<F> {
        match self {
            Self::Base(values) => values.iter().map(|&v| F::from(v)).collect(),
            Self::Challenge(values) => values.clone(),
        }
    }
}

/// Elements where carries, reductions and special cases sit: 0, 1, -1, all coefficients at their
/// largest, and `2^256`, its inverse and minus that (Montgomery forms 1 and `p - 1`).
pub fn edges<F: ChallengeField>() -> Vec<F> {
    let mut edges: Vec<F> = base_edges::<F>().into_iter().map(F::from).collect();
    let mut largest = Vec::new();
    while largest.len() < F::ENCODED_BYTES {
        (-F::Base::ONE).encode(&mut largest);
    }
    edges.extend(F::decode(&largest));
    edges.extend(F::decode(&vec![0xff; F::ENCODED_BYTES]));
    edges
}

/// The edges of the base field.
fn base_edges<F: ChallengeField>() -> Vec<F::Base> {
    let one = F::Base::ONE;
    let mut edges = vec![F::Base::ZERO, one, -one];
    let montgomery = (0..8).fold(F::Base::from_u64(2), |a, _| a.square());
    if let Some(inverse) = montgomery.inverse() {
        edges.extend([montgomery, inverse, -inverse]);
    }
    edges
}

/// Summands of every degree: single products, sums of mixed degrees, repeated and unused tables.
pub fn summands<F: ChallengeField>(rng: &mut Rng) -> Vec<Summand<F>> {
    let mut all = vec![
        Summand::product(),
        build(1, &[&[0]], rng),
        build(2, &[&[0], &[1], &[0]], rng),
        build(1, &[&[0, 0]], rng),
        // a * b - c: a term of lower degree, which infinity must not see.
        build(3, &[&[0, 1], &[2]], rng),
        build(4, &[&[1], &[3, 0], &[3, 3]], rng),
        build(3, &[&[0, 1, 2]], rng),
        build(3, &[&[0, 1, 2], &[1, 2], &[0]], rng),
        build(4, &[&[0, 0, 0, 3], &[1, 2, 2]], rng),
    ];
    for degree in 4..=MAX_DEGREE {
        let full: Vec<usize> = (0..degree).collect();
        all.push(build(degree, &[&full, &full[1..]], rng));
    }
    all.push(build(2, &[&[1, 1, 0, 0, 1, 0], &[0]], rng));
    all
}

fn build<F: ChallengeField>(tables: usize, terms: &[&[usize]], rng: &mut Rng) -> Summand<F> {
    let terms = terms.iter().map(|factors| Term {
        coeff: rng.element(),
        factors: factors.to_vec(),
    });
    Summand::new(tables, terms.collect())
}

/// Whether a window fits: the rule of [`prover_core::window_points`] as a question.
pub fn window_fits(degree: usize, window: usize, num_vars: usize, eq_vars: usize) -> bool {
    window <= num_vars
        && (window == 1 || degree <= 2)
        && (num_vars <= eq_vars || num_vars - window >= eq_vars)
}
