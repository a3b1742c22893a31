//! Generated circuits, and tuned ones against their originals.

use prover_circuit::generator::{add_layer, mul_layer, random_circuit, random_instances};
use prover_circuit::{
    Circuit, CircuitBuilder, CircuitParts, GeneratorConfig, Limits, WiringKind, check, evaluate,
    format, tune,
};
use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::{Bn254, Gf2e128, GoldilocksExt2, M31, M31Ext3};

use crate::support::Rng;

fn configs() -> impl Iterator<Item = GeneratorConfig> {
    (0..60).map(|seed| {
        let mut rng = Rng::new(seed);
        let mut below = |bound| rng.below(bound) as u32;
        let mut config = GeneratorConfig::mixed(seed, 1 + below(5) as usize, below(6));
        config.input_vars = below(6);
        config.random_percent = [0, 10, 100][below(3) as usize];
        config.num_public = below(4);
        (config.muls, config.adds, config.consts) = (below(40), below(80), below(10));
        config.num_outputs = 1 + below(u64::from(config.num_outputs));
        config.num_zero_outputs = below(u64::from(config.num_outputs) + 1);
        if below(2) == 0 {
            config.wiring = WiringKind::Local;
        }
        config
    })
}

/// Whatever tuning does, outputs and the presence of violations stay.
fn same<F: ChallengeField>(circuit: &Circuit<F::Base>, seed: u64) {
    let (tuned, report) = tune(circuit).unwrap();
    assert!(report.gates.1.total() <= report.gates.0.total());
    assert!(report.wires.1 <= report.wires.0 && report.layers.1 <= report.layers.0);
    let mut rng = Rng::new(seed);
    let random: Vec<F> = rng.elements(circuit.num_random() as usize);
    let renamed: Vec<F> = report
        .random_origin
        .iter()
        .map(|&o| random[o as usize])
        .collect();
    let good = random_instances(circuit, 2, seed);
    for arbitrary in [false, true] {
        let inputs = if arbitrary {
            rng.elements(circuit.num_inputs())
        } else {
            good.input_of(1).to_vec()
        };
        let public = good.public_of(1);
        let before = evaluate(circuit, &inputs, public, &random);
        let after = evaluate(&tuned, &inputs, public, &renamed);
        let outputs = circuit.num_outputs();
        assert_eq!(
            before.outputs(outputs),
            after.outputs(outputs),
            "seed {seed}"
        );
        assert_eq!(
            before.violations.is_empty(),
            after.violations.is_empty(),
            "seed {seed}"
        );
    }
    let again = tune(&tuned).unwrap().0;
    assert!(again.gate_counts().total() <= tuned.gate_counts().total());
}

fn over<F: ChallengeField>() {
    for config in configs() {
        let circuit: Circuit<F::Base> = random_circuit(F::ID, &config).unwrap();
        assert_eq!(circuit, random_circuit(F::ID, &config).unwrap());
        let bytes = format::encode(&circuit);
        assert_eq!(format::decode(&bytes, &Limits::default()).unwrap(), circuit);
        let random: Vec<F> = Rng::new(1).elements(circuit.num_random() as usize);
        let witness = random_instances(&circuit, 3, config.seed);
        assert_eq!(check(&circuit, &witness, &random), [], "{config:?}");
        same::<F>(&circuit, config.seed);
    }
}

#[test]
fn random_circuits_are_satisfied_and_tuning_keeps_their_meaning() {
    over::<Bn254>();
    over::<M31Ext3>();
    over::<Gf2e128>();
    over::<GoldilocksExt2>();
}

#[test]
fn a_wrong_witness_of_a_random_circuit_is_found() {
    let circuit: Circuit<M31> =
        random_circuit(FieldId::M31, &GeneratorConfig::mixed(4, 3, 4)).unwrap();
    let random: Vec<M31Ext3> = Rng::new(1).elements(circuit.num_random() as usize);
    let good = random_instances(&circuit, 1, 8);
    let mut inputs = good.inputs().to_vec();
    inputs[1] += M31::ONE;
    let result = evaluate(&circuit, &inputs, good.public(), &random);
    assert!(!result.violations.is_empty());
}

#[test]
fn bench_layers_are_circuits() {
    for wiring in [WiringKind::Local, WiringKind::Random] {
        let layers = vec![mul_layer::<M31>(6, wiring, 1), add_layer(6, wiring, 2)];
        let (num_public, num_outputs, num_zero_outputs) = (0, 64, 0);
        let field = FieldId::M31;
        let parts = CircuitParts {
            field,
            input_vars: 6,
            num_public,
            num_outputs,
            num_zero_outputs,
            layers,
        };
        let circuit = Circuit::new(parts.clone()).unwrap();
        assert_eq!(circuit.into_parts(), parts, "canonical already");
    }
}

#[test]
fn relay_layers_are_fused_and_dead_gates_pruned() {
    let mut builder = CircuitBuilder::<M31>::new(FieldId::M31);
    let x = builder.inputs(40);
    let products: Vec<_> = x.chunks_exact(2).map(|p| builder.mul(p[0], p[1])).collect();
    products.iter().for_each(|&w| builder.output(w));
    let built = builder.build().unwrap();
    let mut parts = built.circuit.into_parts();
    // Two layers of relays above, in reverse order twice, and one below.
    let vars = parts.layers[0].output_vars;
    let mask = (1u32 << vars) - 1;
    let mut relay = add_layer::<M31>(vars, WiringKind::Local, 0);
    relay.adds.iter_mut().for_each(|g| g.x = g.z ^ mask);
    let mut below = add_layer::<M31>(parts.input_vars, WiringKind::Local, 0);
    below.adds.iter_mut().for_each(|g| g.x = g.z);
    below.constants[0] = M31::from_u64(3);
    parts.layers.extend([relay.clone(), relay]);
    parts.layers.insert(0, below);
    let circuit = Circuit::new(parts).unwrap();
    let (tuned, report) = tune(&circuit).unwrap();
    assert_eq!((report.layers, report.fused_layers), ((4, 1), 3));
    assert_eq!((tuned.gate_counts().mul, tuned.gate_counts().add), (20, 0));
    assert_eq!(tuned.layers()[0].constants, [M31::from_u64(9)]);
    same::<M31Ext3>(&circuit, 1);
}
