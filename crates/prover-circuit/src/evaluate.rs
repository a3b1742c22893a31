//! Plain evaluation on the host: the oracle of tests and of `check`, not for speed.

use prover_core::{ChallengeField, CoefKind, CoefRef, LayerGates};

use crate::model::{Circuit, Instances};

/// A wire that must be zero and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An output declared zero.
    Output {
        /// Its wire in the last layer.
        wire: u32,
    },
    /// An asserted output of a layer.
    Assert {
        /// The layer.
        layer: usize,
        /// Its wire among the layer's outputs.
        wire: u32,
    },
}

/// All wires of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation<F> {
    /// The input, then the output table of every layer.
    pub tables: Vec<Vec<F>>,
    /// Wires that must be zero and are not, in order of layers.
    pub violations: Vec<Violation>,
}

impl<F: ChallengeField> Evaluation<F> {
    /// The first `num` wires of the last layer.
    ///
    /// # Panics
    /// If the layer has fewer.
    pub fn outputs(&self, num: u32) -> &[F] {
        let last = self.tables.last().expect("the input is always there");
        &last[..num as usize]
    }
}

/// Evaluates one instance and keeps all wires; `random` are the random coefficients by number.
/// Cost: a multiplication or two for each gate, memory for every wire.
///
/// # Panics
/// If the lengths are not those of the circuit.
pub fn evaluate<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    inputs: &[F::Base],
    public: &[F::Base],
    random: &[F],
) -> Evaluation<F> {
    let mut tables = Vec::with_capacity(circuit.layers().len() + 1);
    let violations = walk(circuit, inputs, public, random, &mut |table| {
        tables.push(table.to_vec())
    });
    Evaluation { tables, violations }
}

/// The violations of every instance that has any, as `(instance, violations)`.
/// Cost: as [`evaluate`] for each instance, memory for two layers.
///
/// # Panics
/// If `random` is not one value for each random coefficient, or the instances are of another
/// circuit.
pub fn check<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    instances: &Instances<F::Base>,
    random: &[F],
) -> Vec<(usize, Vec<Violation>)> {
    (0..instances.num_instances())
        .map(|s| {
            let (inputs, public) = (instances.input_of(s), instances.public_of(s));
            (s, walk(circuit, inputs, public, random, &mut |_| ()))
        })
        .filter(|(_, violations)| !violations.is_empty())
        .collect()
}

fn walk<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    inputs: &[F::Base],
    public: &[F::Base],
    random: &[F],
    visit: &mut dyn FnMut(&[F]),
) -> Vec<Violation> {
    assert_eq!(
        inputs.len(),
        circuit.num_inputs(),
        "inputs of another circuit"
    );
    assert_eq!(
        public.len(),
        circuit.num_public() as usize,
        "public inputs of another circuit"
    );
    assert_eq!(
        random.len(),
        circuit.num_random() as usize,
        "coefficients of another circuit"
    );
    let mut table: Vec<F> = inputs.iter().map(|&v| F::from(v)).collect();
    let mut violations = Vec::new();
    visit(&table);
    for (index, layer) in circuit.layers().iter().enumerate() {
        table = layer_outputs(
            layer,
            &table,
            public,
            &random[circuit.random_offset(index) as usize..],
        );
        visit(&table);
        let bad = layer
            .asserts
            .iter()
            .filter(|&&z| !table[z as usize].is_zero());
        violations.extend(bad.map(|&wire| Violation::Assert { layer: index, wire }));
    }
    let zeros = (0..circuit.num_zero_outputs()).filter(|&z| !table[z as usize].is_zero());
    violations.extend(zeros.map(|wire| Violation::Output { wire }));
    violations
}

/// The output table of one layer; `random` starts with the layer's first random coefficient.
///
/// # Panics
/// If an index of the layer is beyond the values given.
pub fn layer_outputs<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    inputs: &[F],
    public: &[F::Base],
    random: &[F],
) -> Vec<F> {
    let mut random = random.iter();
    let mut times = |coef: CoefRef, value: F| match coef.kind() {
        CoefKind::Constant(c) => value * layer.constants[c as usize],
        CoefKind::Public(p) => value * public[p as usize],
        CoefKind::Random => {
            value
                * *random
                    .next()
                    .expect("one value for each random coefficient")
        }
    };
    let mut outputs = vec![F::ZERO; 1 << layer.output_vars];
    for g in &layer.muls {
        outputs[g.z as usize] += times(g.coef, inputs[g.x as usize] * inputs[g.y as usize]);
    }
    for g in &layer.adds {
        outputs[g.z as usize] += times(g.coef, inputs[g.x as usize]);
    }
    for g in &layer.consts {
        outputs[g.z as usize] += times(g.coef, F::ONE);
    }
    outputs
}
