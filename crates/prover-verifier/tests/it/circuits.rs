//! Small circuits that together have every feature, with witnesses.

use prover_circuit::{Circuit, CircuitParts};
use prover_core::{AddGate, ChallengeField, CoefRef, ConstGate, Field, LayerGates, MulGate};

use crate::slow_prover::Witness;

/// SplitMix64: any stream will do.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    pub(crate) fn element<F: Field>(&mut self) -> F {
        let bytes: Vec<u8> = (0..F::UNIFORM_BYTES).map(|_| self.next() as u8).collect();
        F::from_uniform(&bytes)
    }

    pub(crate) fn elements<F: Field>(&mut self, count: usize) -> Vec<F> {
        (0..count).map(|_| self.element()).collect()
    }
}

/// Which coefficients a random gate may have.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Coefs {
    Constant,
    WithRandom,
}

/// What a random layer is made of: gates of each kind, and whether wire 0 is asserted.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) outputs: u32,
    pub(crate) muls: u32,
    pub(crate) adds: u32,
    pub(crate) consts: u32,
    pub(crate) assert: bool,
}

pub(crate) fn plan(outputs: u32, muls: u32, adds: u32, consts: u32, assert: bool) -> Plan {
    Plan {
        outputs,
        muls,
        adds,
        consts,
        assert,
    }
}

fn constant<B: Field>(layer: &mut LayerGates<B>, value: B) -> CoefRef {
    layer.constants.push(value);
    CoefRef::constant(layer.constants.len() as u32 - 1)
}

fn coef<B: Field>(layer: &mut LayerGates<B>, rng: &mut Rng, coefs: Coefs) -> CoefRef {
    if coefs == Coefs::WithRandom && rng.below(3) == 0 {
        return CoefRef::RANDOM;
    }
    let one = rng.below(2) == 0;
    let value = if one { B::ONE } else { rng.element() };
    constant(layer, value)
}

/// Gates on wire `z` that cancel, whatever the input: of each kind that the plan has.
fn cancelling<B: Field>(layer: &mut LayerGates<B>, rng: &mut Rng, plan: Plan, z: u32) {
    let (x, y) = (
        rng.below(1 << layer.input_vars),
        rng.below(1 << layer.input_vars),
    );
    let c: B = rng.element();
    let (plus, minus) = (constant(layer, c), constant(layer, -c));
    if plan.muls > 0 {
        layer.muls.push(MulGate {
            z,
            x,
            y,
            coef: plus,
        });
        layer.muls.push(MulGate {
            z,
            x: y,
            y: x,
            coef: minus,
        });
    }
    if plan.adds > 0 {
        layer.adds.push(AddGate { z, x, coef: plus });
        layer.adds.push(AddGate { z, x, coef: minus });
    }
    if plan.consts > 0 {
        layer.consts.push(ConstGate { z, coef: plus });
        layer.consts.push(ConstGate { z, coef: minus });
    }
}

fn random_layer<B: Field>(
    rng: &mut Rng,
    input_vars: u32,
    plan: Plan,
    (wires, zero, num_public): (u32, u32, u32),
    coefs: Coefs,
) -> LayerGates<B> {
    let mut layer = LayerGates {
        input_vars,
        output_vars: plan.outputs,
        ..LayerGates::default()
    };
    let zero = zero.max(u32::from(plan.assert));
    for z in 0..zero {
        cancelling(&mut layer, rng, plan, z);
    }
    if plan.assert {
        layer.asserts.push(0);
    }
    let inputs = 1 << input_vars;
    for _ in 0..if zero < wires { plan.muls } else { 0 } {
        let coef = coef(&mut layer, rng, coefs);
        let z = zero + rng.below(wires - zero);
        layer.muls.push(MulGate {
            z,
            x: rng.below(inputs),
            y: rng.below(inputs),
            coef,
        });
    }
    for _ in 0..if zero < wires { plan.adds } else { 0 } {
        let coef = coef(&mut layer, rng, coefs);
        let z = zero + rng.below(wires - zero);
        layer.adds.push(AddGate {
            z,
            x: rng.below(inputs),
            coef,
        });
    }
    for i in 0..if zero < wires { plan.consts } else { 0 } {
        let coef = match num_public {
            0 => coef(&mut layer, rng, coefs),
            _ if i % 2 == 1 => coef(&mut layer, rng, coefs),
            _ => CoefRef::public(rng.below(num_public)),
        };
        layer.consts.push(ConstGate {
            z: zero + rng.below(wires - zero),
            coef,
        });
    }
    layer
}

/// Numbers of a circuit beside its layers.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) input_vars: u32,
    pub(crate) num_public: u32,
    pub(crate) num_outputs: u32,
    pub(crate) num_zero_outputs: u32,
    pub(crate) coefs: Coefs,
}

pub(crate) fn random_circuit<F: ChallengeField>(
    seed: u64,
    frame: Frame,
    plans: &[Plan],
) -> Circuit<F::Base> {
    let mut rng = Rng(seed);
    let mut input_vars = frame.input_vars;
    let mut layers = Vec::new();
    for (index, &plan) in plans.iter().enumerate() {
        let last = index + 1 == plans.len();
        let (wires, zero) = match last {
            true => (frame.num_outputs, frame.num_zero_outputs),
            false => (1 << plan.outputs, 0),
        };
        let limits = (wires, zero, frame.num_public);
        layers.push(random_layer(
            &mut rng,
            input_vars,
            plan,
            limits,
            frame.coefs,
        ));
        input_vars = plan.outputs;
    }
    build::<F>(frame, layers)
}

pub(crate) fn build<F: ChallengeField>(
    frame: Frame,
    layers: Vec<LayerGates<F::Base>>,
) -> Circuit<F::Base> {
    let parts = CircuitParts {
        field: F::ID,
        input_vars: frame.input_vars,
        num_public: frame.num_public,
        num_outputs: frame.num_outputs,
        num_zero_outputs: frame.num_zero_outputs,
        layers,
    };
    Circuit::new(parts).expect("a circuit by construction")
}

pub(crate) fn witness<B: Field>(circuit: &Circuit<B>, num: usize, seed: u64) -> Witness<B> {
    let mut rng = Rng(seed);
    Witness {
        num,
        inputs: rng.elements(num << circuit.input_vars()),
        public: rng.elements(num * circuit.num_public() as usize),
    }
}

pub(crate) fn frame(input_vars: u32, num_public: u32, outputs: (u32, u32), coefs: Coefs) -> Frame {
    let (num_outputs, num_zero_outputs) = outputs;
    Frame {
        input_vars,
        num_public,
        num_outputs,
        num_zero_outputs,
        coefs,
    }
}

/// One circuit per feature, and one with all of them.
pub(crate) fn gallery<F: ChallengeField>() -> Vec<(&'static str, Circuit<F::Base>)> {
    use Coefs::{Constant, WithRandom};
    let circuit = |frame, plans: &[Plan]| random_circuit::<F>(7, frame, plans);
    let everything = [
        plan(3, 6, 4, 3, true),
        plan(2, 5, 3, 4, false),
        plan(2, 4, 3, 3, true),
    ];
    let linear = [plan(2, 0, 5, 0, false), plan(1, 0, 4, 2, true)];
    let alternating = [
        plan(2, 4, 0, 0, false),
        plan(2, 0, 6, 0, false),
        plan(2, 5, 0, 1, false),
    ];
    let consts = [
        plan(1, 2, 2, 0, false),
        plan(1, 0, 0, 3, true),
        plan(1, 2, 0, 0, false),
    ];
    let one_wire = [
        plan(0, 1, 1, 1, false),
        plan(0, 1, 0, 1, false),
        plan(0, 0, 1, 0, false),
    ];
    let one_zero_wire = [plan(0, 1, 1, 0, true)];
    let empty = [
        plan(2, 0, 0, 0, false),
        plan(1, 3, 0, 0, false),
        plan(0, 0, 0, 0, false),
    ];
    let wide = [plan(12, 20, 9, 5, true), plan(11, 15, 9, 7, true)];
    vec![
        (
            "everything",
            circuit(frame(2, 2, (3, 2), WithRandom), &everything),
        ),
        (
            "constants",
            circuit(frame(2, 0, (4, 0), Constant), &everything),
        ),
        (
            "zero outputs",
            circuit(frame(1, 1, (2, 2), WithRandom), &everything),
        ),
        ("linear", circuit(frame(2, 1, (2, 0), Constant), &linear)),
        (
            "alternating",
            circuit(frame(2, 0, (3, 1), WithRandom), &alternating),
        ),
        (
            "const layer",
            circuit(frame(1, 2, (2, 1), Constant), &consts),
        ),
        (
            "one wire",
            circuit(frame(0, 1, (1, 0), WithRandom), &one_wire),
        ),
        (
            "one zero wire",
            circuit(frame(0, 0, (1, 1), Constant), &one_zero_wire),
        ),
        (
            "empty layers",
            circuit(frame(1, 0, (1, 0), Constant), &empty),
        ),
        ("wide", circuit(frame(13, 3, (1900, 1), WithRandom), &wide)),
    ]
}
