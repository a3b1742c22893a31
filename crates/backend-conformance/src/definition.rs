//! Definitions on the host that share nothing with any backend, the oracle included.

use prover_core::{ChallengeField, CoefKind, LayerGates, RandomCoefs, Summand};

/// `eq(point, bits of index)` as a product.
pub(crate) fn eq<F: ChallengeField>(point: &[F], index: usize) -> F {
    let mut product = F::ONE;
    for (j, &p) in point.iter().rev().enumerate() {
        product *= match index >> j & 1 {
            1 => p,
            _ => F::ONE - p,
        };
    }
    product
}

/// The multilinear extension of a table at a point: `sum_b eq(point, b) table[b]`.
pub(crate) fn extension<F: ChallengeField>(table: &[F], point: &[F]) -> F {
    assert_eq!(table.len(), 1 << point.len(), "table and point do not fit");
    table
        .iter()
        .enumerate()
        .fold(F::ZERO, |sum, (b, &value)| sum + eq(point, b) * value)
}

/// `sum_b eq(point, last bits of b) summand(tables at b)` over all bits.
pub(crate) fn total<F: ChallengeField>(
    summand: &Summand<F>,
    tables: &[Vec<F>],
    point: Option<&[F]>,
) -> F {
    let len = tables[0].len();
    (0..len).fold(F::ZERO, |sum, b| {
        let values: Vec<F> = tables.iter().map(|table| table[b]).collect();
        sum + eq(point.unwrap_or(&[]), b) * summand.evaluate(&values)
    })
}

/// One gate with its coefficient looked up.
pub(crate) struct Gate<F> {
    pub(crate) z: usize,
    /// The inputs multiplied: two, one or none.
    pub(crate) inputs: Vec<usize>,
    pub(crate) coef: Coef<F>,
}

/// A coefficient: a value, or a public input by its index.
#[derive(Clone, Copy)]
pub(crate) enum Coef<F> {
    Value(F),
    Public(usize),
}

/// The gates of a layer as one list; random coefficients are numbered in this order.
pub(crate) fn gates<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    random: &RandomCoefs<F>,
) -> Vec<Gate<F>> {
    let muls = layer
        .muls
        .iter()
        .map(|g| (g.z, vec![g.x as usize, g.y as usize], g.coef));
    let adds = layer.adds.iter().map(|g| (g.z, vec![g.x as usize], g.coef));
    let consts = layer.consts.iter().map(|g| (g.z, vec![], g.coef));
    let mut drawn = 0..;
    muls.chain(adds)
        .chain(consts)
        .map(|(z, inputs, coef)| Gate {
            z: z as usize,
            inputs,
            coef: match coef.kind() {
                CoefKind::Constant(i) => Coef::Value(F::from(layer.constants[i as usize])),
                CoefKind::Public(i) => Coef::Public(i as usize),
                CoefKind::Random => {
                    let number = drawn.next().expect("an endless range");
                    Coef::Value(random.lifted(number))
                }
            },
        })
        .collect()
}

/// A layer's outputs, wire by wire and instance by instance.
pub(crate) fn outputs<F: ChallengeField>(
    gates: &[Gate<F>],
    output_vars: u32,
    instance_vars: usize,
    below: &[F],
    publics: &[F],
) -> Vec<F> {
    let instances = 1usize << instance_vars;
    let mut out = vec![F::ZERO; instances << output_vars];
    for (index, value) in out.iter_mut().enumerate() {
        let (wire, s) = (index / instances, index % instances);
        for gate in gates.iter().filter(|gate| gate.z == wire) {
            let coef = match gate.coef {
                Coef::Value(value) => value,
                Coef::Public(i) => publics[i * instances + s],
            };
            *value += gate
                .inputs
                .iter()
                .fold(coef, |product, &x| product * below[x * instances + s]);
        }
    }
    out
}
