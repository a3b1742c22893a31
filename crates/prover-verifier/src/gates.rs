//! Sums over a layer's gates by the tables of its two ends.
//!
//! Where the tables are whole and no coefficient is random, the field sums over the gates as they
//! are. Otherwise pieces of them are rewritten: each with small tables of its own.

use core::ops::Range;

use prover_core::{
    AddGate, ChallengeField, CoefKind, CoefRef, Field, GateTables, MulGate, RandomCoefs,
};
use rayon::prelude::*;

use crate::tables::EqTable;
use crate::weights::Weights;

/// Gates that are worth a piece of work for another thread.
const PIECE: usize = 1 << 13;

/// Gates that are rewritten together.
const REWRITTEN: usize = 1 << 9;

/// The coefficients of a layer.
pub(crate) struct Coefs<'a, F: ChallengeField> {
    pub(crate) constants: &'a [F::Base],
    pub(crate) random: &'a RandomCoefs<F>,
    /// The numbers of the layer's random coefficients: mul gates', add gates', const gates'.
    pub(crate) numbers: Range<usize>,
}

/// A random coefficient.
pub(crate) enum Drawn<F: ChallengeField> {
    Base(F::Base),
    Challenge(F),
}

impl<F: ChallengeField> Coefs<'_, F> {
    /// The random coefficient of this number.
    pub(crate) fn drawn(&self, number: usize) -> Drawn<F> {
        match self.random {
            RandomCoefs::Base(values) => Drawn::Base(values[number]),
            RandomCoefs::Challenge(values) => Drawn::Challenge(values[number]),
        }
    }
}

/// A gate with one or two inputs.
pub(crate) trait Gate: Copy + Send + Sync {
    fn output(&self) -> u32;
    fn coef(&self) -> CoefRef;
    fn left(&self) -> u32;
    /// The right input; none for an add gate.
    fn right(&self) -> Option<u32>;
    /// The gate of output `z` and of number `k` in other tables.
    fn renumbered(z: u32, k: u32) -> Self;
    fn sum<F: ChallengeField>(gates: &[Self], tables: &GateTables<'_, F>) -> F;
}

impl Gate for MulGate {
    fn output(&self) -> u32 {
        self.z
    }
    fn coef(&self) -> CoefRef {
        self.coef
    }
    fn left(&self) -> u32 {
        self.x
    }
    fn right(&self) -> Option<u32> {
        Some(self.y)
    }
    fn renumbered(z: u32, k: u32) -> Self {
        let coef = CoefRef(k);
        Self {
            z,
            x: k,
            y: k,
            coef,
        }
    }
    fn sum<F: ChallengeField>(gates: &[Self], tables: &GateTables<'_, F>) -> F {
        F::sum_mul_gates(gates, tables)
    }
}

impl Gate for AddGate {
    fn output(&self) -> u32 {
        self.z
    }
    fn coef(&self) -> CoefRef {
        self.coef
    }
    fn left(&self) -> u32 {
        self.x
    }
    fn right(&self) -> Option<u32> {
        None
    }
    fn renumbered(z: u32, k: u32) -> Self {
        let coef = CoefRef(k);
        Self { z, x: k, coef }
    }
    fn sum<F: ChallengeField>(gates: &[Self], tables: &GateTables<'_, F>) -> F {
        F::sum_add_gates(gates, tables)
    }
}

/// What a layer's gates look up.
pub(crate) struct Ends<'a, F> {
    pub(crate) weights: &'a Weights<'a, F>,
    pub(crate) x: &'a EqTable<F>,
    /// Not needed for add gates.
    pub(crate) y: Option<&'a EqTable<F>>,
}

/// `Σ W[z]·coef·x[x]·y[y]`, or without `y`; the random coefficients are those from `numbers` on, which
/// moves on behind them.
pub(crate) fn sum_gates<F: ChallengeField, G: Gate>(
    gates: &[G],
    ends: &Ends<'_, F>,
    coefs: &Coefs<'_, F>,
    numbers: &mut Range<usize>,
    parallel: bool,
) -> F {
    let split = parallel && gates.len() > PIECE;
    if let (true, Some(tables)) = (coefs.numbers.is_empty(), ends.whole(coefs.constants)) {
        return match split {
            true => gates
                .par_chunks(PIECE)
                .map(|piece| G::sum(piece, &tables))
                .reduce(|| F::ZERO, |a, b| a + b),
            false => G::sum(gates, &tables),
        };
    }
    let pieces: Vec<(&[G], usize)> = gates
        .chunks(REWRITTEN)
        .map(|piece| {
            let first = numbers.start;
            let random = piece.iter().filter(|g| g.coef() == CoefRef::RANDOM);
            numbers.start += random.count();
            (piece, first)
        })
        .collect();
    let sum = |&(piece, first): &(&[G], usize)| rewritten_sum(piece, ends, coefs, first);
    match split {
        true => pieces.par_iter().map(sum).reduce(|| F::ZERO, |a, b| a + b),
        false => pieces.iter().map(sum).fold(F::ZERO, |a, b| a + b),
    }
}

impl<'a, F: ChallengeField> Ends<'a, F> {
    /// The tables as they are, if all are whole.
    fn whole(&self, coefs: &'a [F::Base]) -> Option<GateTables<'a, F>> {
        let (Weights::Whole(z), EqTable::Whole(x)) = (self.weights, self.x) else {
            return None;
        };
        let y: &[F] = match self.y {
            None => &[],
            Some(EqTable::Whole(y)) => y,
            Some(EqTable::Split { .. }) => return None,
        };
        Some(GateTables { z, x, y, coefs })
    }
}

/// The sum over a few gates, whose values are looked up one by one.
///
/// # Panics
/// If a coefficient is public, which a circuit's constructor refuses outside const gates.
fn rewritten_sum<F: ChallengeField, G: Gate>(
    gates: &[G],
    ends: &Ends<'_, F>,
    coefs: &Coefs<'_, F>,
    mut number: usize,
) -> F {
    let mut rewritten = Vec::with_capacity(gates.len());
    let (mut z, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new());
    let mut values = Vec::with_capacity(gates.len());
    let mut last = None;
    for (k, gate) in (0..).zip(gates) {
        if last != Some(gate.output()) {
            last = Some(gate.output());
            z.push(ends.weights.at(gate.output()));
        }
        let mut left = ends.x.at(gate.left());
        if let (Some(table), Some(right)) = (ends.y, gate.right()) {
            y.push(table.at(right));
        }
        values.push(match gate.coef().kind() {
            CoefKind::Constant(index) => coefs.constants[index as usize],
            CoefKind::Random => {
                number += 1;
                match coefs.drawn(number - 1) {
                    Drawn::Base(value) => value,
                    Drawn::Challenge(value) => {
                        left *= value;
                        F::Base::ONE
                    }
                }
            }
            CoefKind::Public(_) => unreachable!("public coefficients are on const gates only"),
        });
        x.push(left);
        rewritten.push(G::renumbered(z.len() as u32 - 1, k));
    }
    let tables = GateTables {
        z: &z,
        x: &x,
        y: &y,
        coefs: &values,
    };
    G::sum(&rewritten, &tables)
}

#[cfg(test)]
mod tests {
    use prover_fields::{Bn254, GoldilocksExt2, M31Ext3};

    use super::*;

    /// A fixed sequence of numbers.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: u32) -> u32 {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            ((self.0 >> 33) % u64::from(end)) as u32
        }

        fn elements<F: Field>(&mut self, count: usize) -> Vec<F> {
            let mut bytes = vec![0; F::UNIFORM_BYTES];
            let one = |_| {
                bytes.fill_with(|| self.below(256) as u8);
                F::from_uniform(&bytes)
            };
            (0..count).map(one).collect()
        }
    }

    const VARS: usize = 12;

    /// Gates of two outputs each, every third coefficient random if asked for.
    fn gates(count: u32, random: bool, numbers: &mut Numbers) -> Vec<MulGate> {
        let gate = |k: u32| MulGate {
            z: k / 2 % (1 << VARS),
            x: numbers.below(1 << VARS),
            y: numbers.below(1 << VARS),
            coef: match random && k.is_multiple_of(3) {
                true => CoefRef::RANDOM,
                false => CoefRef::constant(numbers.below(3)),
            },
        };
        let mut gates: Vec<MulGate> = (0..count).map(gate).collect();
        gates.sort_by_key(|g| g.z);
        gates
    }

    fn check<F: ChallengeField>(count: u32, random: Option<RandomCoefs<F>>) {
        let mut numbers = Numbers(5);
        let gates = gates(count, random.is_some(), &mut numbers);
        let adds: Vec<AddGate> = gates
            .iter()
            .map(|&MulGate { z, x, coef, .. }| AddGate { z, x, coef })
            .collect();
        let [z, x, y] = [(); 3].map(|()| numbers.elements::<F>(VARS));
        let eq = |point: &[F]| EqTable::Whole(prover_core::mle::eq_table(point, F::ONE));
        let at = [eq(&z), eq(&x), eq(&y)];
        let constants = [F::Base::ONE, -F::Base::ONE, numbers.elements(1)[0]];
        let none = RandomCoefs::Base(Vec::new());
        let num_random = gates.iter().filter(|g| g.coef == CoefRef::RANDOM).count();
        let coefs = Coefs {
            constants: &constants,
            random: random.as_ref().unwrap_or(&none),
            numbers: 7..7 + 2 * num_random,
        };
        let mut number = 7;
        let mut terms = |with_y: bool| {
            gates.iter().fold(F::ZERO, |sum, g| {
                let value = at[0].at(g.z) * at[1].at(g.x);
                let value = if with_y { value * at[2].at(g.y) } else { value };
                sum + match g.coef.kind() {
                    CoefKind::Constant(index) => value * constants[index as usize],
                    _ => {
                        number += 1;
                        match coefs.drawn(number - 1) {
                            Drawn::Base(coef) => value * coef,
                            Drawn::Challenge(coef) => value * coef,
                        }
                    }
                }
            })
        };
        let expected = (terms(true), terms(false));
        let whole = Weights::Whole(prover_core::mle::eq_table(&z, F::ONE));
        let split = Weights::Parts {
            claims: vec![EqTable::split(&z, F::ONE)],
            asserts: &[],
            assert_values: Vec::new(),
        };
        let tables = [
            (whole, [eq(&x), eq(&y)]),
            (
                split,
                [EqTable::split(&x, F::ONE), EqTable::split(&y, F::ONE)],
            ),
        ];
        for (weights, [x, y]) in &tables {
            for parallel in [false, true] {
                let mut left = coefs.numbers.clone();
                let mut ends = Ends {
                    weights,
                    x,
                    y: Some(y),
                };
                let product = sum_gates(&gates, &ends, &coefs, &mut left, parallel);
                assert_eq!(left.start, 7 + num_random);
                ends.y = None;
                let linear = sum_gates(&adds, &ends, &coefs, &mut left, parallel);
                assert!(left.is_empty());
                assert_eq!((product, linear), expected, "{count} gates, {parallel}");
            }
        }
    }

    fn check_all<F: ChallengeField>() {
        for count in [0, 1, 3 * REWRITTEN as u32 + 5, 2 * PIECE as u32 + 77] {
            let mut numbers = Numbers(9);
            let len = 7 + 2 * count as usize;
            check::<F>(count, None);
            check(count, Some(RandomCoefs::<F>::Base(numbers.elements(len))));
            check(
                count,
                Some(RandomCoefs::<F>::Challenge(numbers.elements(len))),
            );
        }
    }

    #[test]
    fn sums_do_not_depend_on_tables_pieces_and_threads() {
        check_all::<Bn254>();
        check_all::<M31Ext3>();
        check_all::<GoldilocksExt2>();
    }
}
