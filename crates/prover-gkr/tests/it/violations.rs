//! Which wires of which instances are named, and how.

use std::sync::Arc;

use backend_reference::ReferenceBackend;
use prover_circuit::{Circuit, CircuitParts, Instances};
use prover_core::{AddGate, CoefRef, Field, FieldId, LayerGates};
use prover_fields::{M31, M31Ext3};
use prover_gkr::{
    CompiledCircuit, ProveError, ProverConfig, Violation, Violations, check, prove, prove_many,
};
use prover_sumcheck::{Driver, Metrics};

fn add(z: u32, x: u32, constant: u32) -> AddGate {
    let coef = CoefRef::constant(constant);
    AddGate { z, x, coef }
}

/// Asserts `x_0 - x_1` in layer 0; `x_2` is an output that must be zero, `x_3` a claimed one.
pub(crate) fn circuit() -> Arc<Circuit<M31>> {
    let below = LayerGates {
        input_vars: 2,
        output_vars: 2,
        constants: vec![M31::ONE, -M31::ONE],
        adds: vec![add(0, 0, 0), add(0, 1, 1), add(1, 2, 0), add(2, 3, 0)],
        asserts: vec![0],
        ..Default::default()
    };
    let above = LayerGates {
        input_vars: 2,
        output_vars: 1,
        constants: vec![M31::ONE],
        adds: vec![add(0, 1, 0), add(1, 2, 0)],
        ..Default::default()
    };
    let parts = CircuitParts {
        field: FieldId::M31,
        input_vars: 2,
        num_public: 0,
        num_outputs: 2,
        num_zero_outputs: 1,
        layers: vec![below, above],
    };
    Arc::new(Circuit::new(parts).unwrap())
}

pub(crate) fn instances(circuit: &Circuit<M31>, inputs: &[[u64; 4]]) -> Instances<M31> {
    let values = inputs.iter().flatten().map(|&v| M31::from_u64(v));
    Instances::new(circuit, inputs.len(), values.collect(), Vec::new()).unwrap()
}

#[test]
fn instances_first_then_layers_and_no_padding() {
    let (backend, metrics) = (ReferenceBackend::new(), Metrics::default());
    let driver = Driver::<_> {
        backend: &backend,
        hand_off: None,
        window: 1,
        metrics: &metrics,
    };
    let (circuit, config) = (circuit(), ProverConfig::default());
    let compiled = CompiledCircuit::<M31Ext3, _>::new(&backend, circuit.clone(), None).unwrap();
    let good = instances(&circuit, &[[1, 1, 0, 7]; 3]);
    assert!(
        check(driver, &compiled, &good, &config)
            .unwrap()
            .0
            .is_empty()
    );
    prove(driver, &compiled, &good, &config).unwrap();
    // Three instances are padded with the third, whose violations are not repeated.
    let bad = instances(&circuit, &[[1, 1, 0, 7], [2, 2, 5, 0], [3, 1, 4, 0]]);
    let violation = |instance, layer, is_output| Violation {
        instance,
        layer,
        wire: 0,
        is_output,
    };
    let expected = Violations(vec![
        violation(1, 1, true),
        violation(2, 0, false),
        violation(2, 1, true),
    ]);
    assert_eq!(check(driver, &compiled, &bad, &config).unwrap(), expected);
    assert_eq!(
        expected.to_string(),
        "instance 1: output 0; instance 2: layer 0 wire 0; instance 2: output 0"
    );
    let refused = ProveError::Violated(expected);
    assert_eq!(
        prove(driver, &compiled, &bad, &config),
        Err(refused.clone())
    );
    let both = prove_many(driver, &compiled, &[good, bad], &config);
    assert_eq!(both.unwrap_err(), refused);
}

#[test]
fn the_first_eight_are_shown() {
    let shown = |count: usize| {
        let violation = |instance| Violation {
            instance,
            layer: 0,
            wire: 3,
            is_output: true,
        };
        Violations((0..count).map(violation).collect()).to_string()
    };
    assert_eq!(shown(0), "");
    assert!(shown(8).ends_with("instance 7: output 3"));
    assert!(shown(9).ends_with("instance 7: output 3; and 1 more"));
    assert!(shown(20).ends_with("instance 7: output 3; and 12 more"));
}

#[test]
fn limits_are_inclusive_and_the_backend_is_asked() {
    let (circuit, metrics) = (circuit(), Metrics::default());
    let good = instances(&circuit, &[[1, 1, 0, 7]; 3]);
    let prove_with = |backend: &ReferenceBackend, limits: [u64; 2]| {
        let [wiring, peak] = limits.map(Some);
        let driver = Driver::<_> {
            backend,
            hand_off: None,
            window: 1,
            metrics: &metrics,
        };
        let compiled = CompiledCircuit::<M31Ext3, _>::new(backend, circuit.clone(), wiring)?;
        let config = ProverConfig {
            max_memory_bytes: peak,
            ..ProverConfig::default()
        };
        prove(driver, &compiled, &good, &config).map(|_| compiled.wiring_bytes())
    };
    let (roomy, max) = (ReferenceBackend::new(), u64::MAX);
    let wiring = prove_with(&roomy, [max, max]).unwrap();
    prove_with(&roomy, [wiring, max]).unwrap();
    let needed = |result: Result<u64, ProveError>| match result.unwrap_err() {
        ProveError::Memory {
            needed_bytes,
            limit_bytes,
        } => (needed_bytes, limit_bytes),
        error => panic!("{error}"),
    };
    let refused = prove_with(&roomy, [wiring - 1, max]);
    assert_eq!(needed(refused), (wiring, wiring - 1));
    let (peak, _) = needed(prove_with(&roomy, [max, 0]));
    prove_with(&roomy, [max, peak]).unwrap();
    assert_eq!(
        needed(prove_with(&roomy, [max, peak - 1])),
        (peak, peak - 1)
    );
    // The backend hears of the largest table, instances included, and of the planned peak.
    let tight = ReferenceBackend::with_memory_limit(peak - 1);
    match prove_with(&tight, [max, max]) {
        Err(ProveError::Unsupported(unsupported)) => {
            assert_eq!(unsupported.num_vars, 4);
            assert!(unsupported.reason.contains(&format!("{peak} bytes needed")));
        }
        other => panic!("{other:?}"),
    }
}
