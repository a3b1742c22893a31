//! The layers' equations (`docs/protocol.md`, section 7): independent of each other, given the
//! challenges, but layers that follow each other share tables.
//!
//! The points of a layer's input are those of the claims about the output of the layer below. So
//! the table of `y` is scaled by that layer's `α`, which the product equation makes up for, and
//! `W = eq_x + α·eq_y` there costs additions only.

use core::ops::Range;

use prover_circuit::InputEnds;
use prover_core::{ChallengeField, CoefKind, ConstGate, LayerGates, RandomCoefs};

use crate::error::Check;
use crate::gates::{Coefs, Drawn, Ends, sum_gates};
use crate::replay::{Claims, DEGREE, LayerTrace};
use crate::sumcheck::last_claim;
use crate::tables::{EqTable, eq_prefix, instance_weights, is_worth_it};
use crate::weights::{Weights, output_lookups, outputs_end};

/// What the layers of one proof share.
pub(crate) struct Statement<'a, F: ChallengeField> {
    pub(crate) num_instances: usize,
    /// Public inputs of an instance.
    pub(crate) num_public: usize,
    /// Public inputs of all instances.
    pub(crate) public: &'a [F::Base],
    /// Random coefficients of all layers.
    pub(crate) random: &'a RandomCoefs<F>,
    /// Whether large layers are shared with other threads of rayon's.
    pub(crate) parallel: bool,
}

/// A layer with its part of the proof.
pub(crate) struct LayerCheck<'a, F: ChallengeField> {
    /// Its place in the circuit.
    pub(crate) index: usize,
    pub(crate) layer: &'a LayerGates<F::Base>,
    pub(crate) trace: &'a LayerTrace<'a, F>,
    /// The numbers of its random coefficients.
    pub(crate) random: Range<usize>,
    /// How far its gates reach.
    pub(crate) input_ends: InputEnds,
}

impl<F: ChallengeField> LayerCheck<'_, F> {
    /// Roughly the multiplications that a check costs.
    pub(crate) fn work(&self) -> usize {
        self.layer.num_gates() + outputs_end(self.layer)
    }
}

/// Checks layers that follow each other, the one nearest to the output first; the index of the
/// first that fails comes with the failure.
pub(crate) fn check_layers<F: ChallengeField>(
    layers: &[LayerCheck<'_, F>],
    statement: &Statement<'_, F>,
) -> Result<(), (usize, Check)> {
    let mut weights = None;
    for (place, this) in layers.iter().enumerate() {
        let own = || {
            let whole = is_worth_it(outputs_end(this.layer), output_lookups(this.layer));
            Weights::new(this.layer, this.trace, whole, statement.parallel)
        };
        let output = weights.take().unwrap_or_else(own);
        let below = layers.get(place + 1);
        let input = InputTables::new(this, below, statement.parallel);
        check_layer(this, &output, &input, statement).map_err(|check| (this.index, check))?;
        weights = below.and_then(|below| input.into_weights(below));
    }
    Ok(())
}

/// The eq tables of a layer's input.
struct InputTables<F> {
    x: EqTable<F>,
    /// Scaled.
    y: Option<EqTable<F>>,
    /// What the table of `y` is scaled by; not zero.
    scale: F,
}

impl<F: ChallengeField> InputTables<F> {
    /// As long as this layer and the one below need them.
    fn new(this: &LayerCheck<'_, F>, below: Option<&LayerCheck<'_, F>>, parallel: bool) -> Self {
        let (layer, trace) = (this.layer, this.trace);
        let below_end = below.map_or(0, |below| outputs_end(below.layer));
        let below_lookups = below.map_or(0, |below| output_lookups(below.layer));
        let x_end = below_end.max(this.input_ends.x as usize);
        let y_end = below_end.max(this.input_ends.y as usize);
        let lookups = layer.muls.len() + layer.adds.len() + below_lookups;
        let whole = is_worth_it(x_end.max(y_end), lookups);
        let table = |point: &[F], scale: F, end: usize| match whole {
            true => EqTable::Whole(eq_prefix(point, scale, end, parallel)),
            false => EqTable::split(point, scale),
        };
        let alpha = below.and_then(|below| below.trace.opening.combine);
        let scale = alpha.filter(|alpha| !alpha.is_zero()).unwrap_or(F::ONE);
        let y = trace.phase_two.as_ref();
        Self {
            x: table(&trace.x.point, F::ONE, x_end),
            y: y.map(|two| table(&two.y.point, scale, y_end)),
            scale,
        }
    }

    /// The weights of the outputs of the layer below, if the tables are whole.
    fn into_weights<'a>(self, below: &LayerCheck<'a, F>) -> Option<Weights<'a, F>> {
        let EqTable::Whole(mut table) = self.x else {
            return None;
        };
        let len = outputs_end(below.layer);
        table.truncate(len);
        let alpha = below.trace.opening.combine.unwrap_or(F::ZERO);
        if let (Some(EqTable::Whole(y)), false) = (self.y, alpha.is_zero()) {
            F::add_slices(&mut table, &y[..len]);
        }
        Some(Weights::with_asserts(table, below.layer, below.trace))
    }
}

/// Checks a layer.
fn check_layer<F: ChallengeField>(
    this: &LayerCheck<'_, F>,
    weights: &Weights<'_, F>,
    input: &InputTables<F>,
    statement: &Statement<'_, F>,
) -> Result<(), Check> {
    let (layer, trace) = (this.layer, this.trace);
    let coefs = Coefs {
        constants: &layer.constants,
        random: statement.random,
        numbers: this.random.clone(),
    };
    let mut ends = Ends {
        weights,
        x: &input.x,
        y: input.y.as_ref(),
    };
    // The random coefficients are numbered in this order: mul, add, const.
    let mut numbers = this.random.clone();
    let parallel = statement.parallel;
    let product = match ends.y {
        Some(_) => sum_gates(&layer.muls, &ends, &coefs, &mut numbers, parallel),
        None => F::ZERO,
    };
    ends.y = None;
    let linear = sum_gates(&layer.adds, &ends, &coefs, &mut numbers, parallel);
    let constant = const_sum(this, statement, weights, (&coefs, numbers.start));

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
            if claim * input.scale == trace.x.value * two.y.value * product {
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

/// `Σ W[z]·κ` over the const gates; random coefficients from a number on.
/// Cost: one addition a gate, one multiplication a distinct constant and a random coefficient.
fn const_sum<F: ChallengeField>(
    this: &LayerCheck<'_, F>,
    statement: &Statement<'_, F>,
    weights: &Weights<'_, F>,
    (coefs, mut number): (&Coefs<'_, F>, usize),
) -> F {
    let gates: &[ConstGate] = &this.layer.consts;
    let mut by_constant = vec![
        F::ZERO;
        if gates.is_empty() {
            0
        } else {
            coefs.constants.len()
        }
    ];
    let mut publics: Vec<(usize, F)> = Vec::new();
    let mut sum = F::ZERO;
    for gate in gates {
        let weight = weights.at(gate.z);
        match gate.coef.kind() {
            CoefKind::Constant(index) => by_constant[index as usize] += weight,
            CoefKind::Public(index) => publics.push((index as usize, weight)),
            CoefKind::Random => {
                sum += match coefs.drawn(number) {
                    Drawn::Base(value) => weight * value,
                    Drawn::Challenge(value) => weight * value,
                };
                number += 1;
            }
        }
    }
    let pairs = by_constant.iter().zip(coefs.constants);
    let sum = pairs.fold(sum, |sum, (&weight, &constant)| sum + weight * constant);
    sum + public_sum(publics, &this.trace.claims, statement)
}

/// The part of the public inputs, by number and weight.
fn public_sum<F: ChallengeField>(
    mut publics: Vec<(usize, F)>,
    claims: &Claims<F>,
    statement: &Statement<'_, F>,
) -> F {
    if publics.is_empty() {
        return F::ZERO;
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
    weighted.fold(F::ZERO, |a, b| a + b)
}
