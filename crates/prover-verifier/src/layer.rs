//! One layer's equation (`docs/protocol.md`, section 7): independent of all other layers, given the
//! challenges.
//!
//! Gates are sorted by `z`, so the weight of a `z` is multiplied once per output wire: a mul gate
//! costs one multiplication, an add gate none, and a coefficient other than one one more.

use prover_core::gates::{CoefKind, CoefRef};
use prover_core::{ChallengeField, Field, LayerGates, RandomCoefs};

use crate::error::Check;
use crate::replay::{Claims, DEGREE, LayerTrace};
use crate::sumcheck::last_claim;
use crate::tables::{EqTable, instance_weights};

/// What the layers of one proof share.
pub(crate) struct Statement<'a, F: ChallengeField> {
    pub(crate) num_instances: usize,
    /// Public inputs of an instance.
    pub(crate) num_public: usize,
    /// Public inputs of all instances.
    pub(crate) public: &'a [F::Base],
    /// Random coefficients of all layers.
    pub(crate) random: &'a RandomCoefs<F>,
}

/// Checks a layer; `first_random` is the number of its first random coefficient.
pub(crate) fn check_layer<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    trace: &LayerTrace<'_, F>,
    statement: &Statement<'_, F>,
    first_random: usize,
) -> Result<(), Check> {
    let weights = OutputWeights::new(layer, trace);
    let mut coefs = Coefs {
        constants: &layer.constants,
        random: statement.random,
        next: first_random,
    };
    // The random coefficients are numbered in this order: mul, add, const.
    let eq_x = EqTable::new(&trace.x.point, F::ONE, layer.muls.len() + layer.adds.len());
    let product = mul_sum(layer, trace, &weights, &eq_x, &mut coefs);
    let linear = by_output(
        &layer.adds,
        |g| g.z,
        &weights,
        |g| coefs.times(g.coef, eq_x.at(g.x)),
    );
    let constant = const_sum(layer, &trace.claims, statement, &weights, &mut coefs);

    let claim = combined_claim(trace) - constant;
    let instances = &trace.claims.instances;
    let point: Vec<F> = [trace.x.point.as_slice(), &trace.instances].concat();
    let claim = last_claim(claim, DEGREE, instances, trace.messages, &point);
    let claim = claim - linear * trace.x.value;
    match &trace.phase_two {
        None if claim.is_zero() => Ok(()),
        None => Err(Check::Linear),
        Some(two) => {
            let claim = last_claim(claim, DEGREE, &[], two.messages, &two.y.point);
            if claim == trace.x.value * two.y.value * product {
                Ok(())
            } else {
                Err(Check::Product)
            }
        }
    }
}

/// `c_0 + α·c_1`.
fn combined_claim<F: ChallengeField>(trace: &LayerTrace<'_, F>) -> F {
    let claims = &trace.claims;
    match (&claims.second, trace.opening.combine) {
        (Some(second), Some(alpha)) => claims.first.value + alpha * second.value,
        _ => claims.first.value,
    }
}

/// `M`; zero without mul gates.
fn mul_sum<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    trace: &LayerTrace<'_, F>,
    weights: &OutputWeights<'_, F>,
    eq_x: &EqTable<F>,
    coefs: &mut Coefs<'_, F>,
) -> F {
    let Some(two) = &trace.phase_two else {
        return F::ZERO;
    };
    let eq_y = EqTable::new(&two.y.point, F::ONE, layer.muls.len());
    by_output(
        &layer.muls,
        |g| g.z,
        weights,
        |g| coefs.times(g.coef, eq_x.at(g.x) * eq_y.at(g.y)),
    )
}

/// `Σ W[z]·κ` over the const gates.
fn const_sum<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    claims: &Claims<F>,
    statement: &Statement<'_, F>,
    weights: &OutputWeights<'_, F>,
    coefs: &mut Coefs<'_, F>,
) -> F {
    let mut publics: Vec<(usize, F)> = Vec::new();
    let sum = by_output(
        &layer.consts,
        |g| g.z,
        weights,
        |g| match g.coef.kind() {
            CoefKind::Public(index) => {
                publics.push((index as usize, weights.at(g.z)));
                F::ZERO
            }
            _ => coefs.times(g.coef, F::ONE),
        },
    );
    if publics.is_empty() {
        return sum;
    }
    publics.sort_unstable_by_key(|&(index, _)| index);
    publics.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 += later.1;
        }
        same
    });
    let instances = statement.public.chunks_exact(statement.num_public);
    let weighted = instance_weights(&claims.instances, statement.num_instances)
        .into_iter()
        .zip(instances)
        .map(|(weight, public)| {
            let values = publics.iter().map(|&(index, w)| w * public[index]);
            weight * values.fold(F::ZERO, |a, b| a + b)
        });
    weighted.fold(sum, |a, b| a + b)
}

/// `Σ_z W[z]·Σ value(gate)` over gates sorted by `z`; `value` is called in the gates' order.
fn by_output<G, F: ChallengeField>(
    gates: &[G],
    output: impl Fn(&G) -> u32,
    weights: &OutputWeights<'_, F>,
    mut value: impl FnMut(&G) -> F,
) -> F {
    gates
        .chunk_by(|a, b| output(a) == output(b))
        .fold(F::ZERO, |sum, group| {
            let inner = group.iter().fold(F::ZERO, |sum, gate| sum + value(gate));
            sum + weights.at(output(&group[0])) * inner
        })
}

/// The weight table `W` over the outputs, by look-up.
struct OutputWeights<'a, F> {
    first: EqTable<F>,
    second: Option<EqTable<F>>,
    assert: Option<EqTable<F>>,
    /// Ascending.
    asserts: &'a [u32],
}

impl<'a, F: ChallengeField> OutputWeights<'a, F> {
    fn new(layer: &'a LayerGates<F::Base>, trace: &LayerTrace<'_, F>) -> Self {
        let LayerTrace {
            claims, opening, ..
        } = trace;
        let lookups = layer.num_gates();
        let second = claims.second.as_ref().zip(opening.combine);
        Self {
            first: EqTable::new(&claims.first.point, F::ONE, lookups),
            second: second.map(|(claim, alpha)| EqTable::new(&claim.point, alpha, lookups)),
            assert: opening
                .assert
                .as_ref()
                .map(|(gamma, point)| EqTable::new(point, *gamma, layer.asserts.len())),
            asserts: &layer.asserts,
        }
    }

    fn at(&self, z: u32) -> F {
        let mut weight = self.first.at(z);
        if let Some(second) = &self.second {
            weight += second.at(z);
        }
        if let Some(assert) = &self.assert
            && self.asserts.binary_search(&z).is_ok()
        {
            weight += assert.at(z);
        }
        weight
    }
}

/// The coefficients of a layer, read in the order of the random ones.
struct Coefs<'a, F: ChallengeField> {
    constants: &'a [F::Base],
    random: &'a RandomCoefs<F>,
    /// Number of the next random coefficient.
    next: usize,
}

impl<F: ChallengeField> Coefs<'_, F> {
    /// `coef·value`.
    ///
    /// # Panics
    /// If the coefficient is public, which a circuit's constructor refuses outside const gates.
    fn times(&mut self, coef: CoefRef, value: F) -> F {
        match coef.kind() {
            CoefKind::Constant(index) => {
                let constant = self.constants[index as usize];
                if constant.is_one() {
                    value
                } else {
                    value * constant
                }
            }
            CoefKind::Random => {
                let number = self.next;
                self.next += 1;
                match self.random {
                    RandomCoefs::Base(values) => value * values[number],
                    RandomCoefs::Challenge(values) => value * values[number],
                }
            }
            CoefKind::Public(_) => unreachable!("public coefficients are on const gates only"),
        }
    }
}
