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
