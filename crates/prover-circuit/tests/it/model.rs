//! The checking constructor and the canonical form.

use prover_circuit::{Circuit, CircuitError, CircuitParts, DecodeErrorKind, Limits, format};
use prover_core::{AddGate, CoefRef, ConstGate, Field, FieldId, LayerGates, MulGate};
use prover_fields::{Gf2, M31};

fn number(n: u64) -> M31 {
    M31::from_u64(n)
}

/// One layer of two inputs and four outputs, in no order, with useless constants and gates.
fn untidy() -> CircuitParts<M31> {
    let c = CoefRef::constant;
    let layer = LayerGates {
        input_vars: 1,
        output_vars: 2,
        constants: vec![number(9), number(0), number(4), number(9), number(77)],
        muls: vec![
            MulGate {
                z: 1,
                x: 1,
                y: 0,
                coef: c(0),
            },
            MulGate {
                z: 0,
                x: 1,
                y: 1,
                coef: CoefRef::RANDOM,
            },
            MulGate {
                z: 1,
                x: 1,
                y: 0,
                coef: c(3),
            },
            MulGate {
                z: 0,
                x: 0,
                y: 0,
                coef: c(1),
            },
        ],
        adds: vec![
            AddGate {
                z: 3,
                x: 0,
                coef: c(4),
            },
            AddGate {
                z: 2,
                x: 0,
                coef: c(2),
            },
        ],
        consts: vec![
            ConstGate {
                z: 2,
                coef: CoefRef::RANDOM,
            },
            ConstGate {
                z: 2,
                coef: CoefRef::public(1),
            },
        ],
        asserts: vec![2, 0, 2],
    };
    CircuitParts {
        field: FieldId::M31,
        input_vars: 1,
        num_public: 2,
        num_outputs: 3,
        num_zero_outputs: 1,
        layers: vec![layer],
    }
}

#[test]
fn the_constructor_brings_parts_into_canonical_form() {
    let circuit = Circuit::new(untidy()).unwrap();
    let layer = &circuit.layers()[0];
    let c = CoefRef::constant;
    assert_eq!(layer.constants, [number(4), number(9)]);
    let nine = MulGate {
        z: 1,
        x: 1,
        y: 0,
        coef: c(1),
    };
    let random = MulGate {
        z: 0,
        x: 1,
        y: 1,
        coef: CoefRef::RANDOM,
    };
    assert_eq!(layer.muls, [random, nine, nine]);
    assert_eq!(
        layer.adds,
        [AddGate {
            z: 2,
            x: 0,
            coef: c(0)
        }]
    );
    assert_eq!(layer.consts[0].coef, CoefRef::public(1));
    assert_eq!(layer.asserts, [0, 2]);
    assert_eq!((circuit.num_random(), circuit.random_offset(0)), (2, 0));
    let counts = circuit.gate_counts();
    assert_eq!(
        (counts.total(), counts.public, counts.random, counts.asserts),
        (6, 1, 2, 2)
    );
    assert_eq!(circuit.num_wires(), 6);
    let mut shuffled = untidy();
    shuffled.layers[0].muls.reverse();
    shuffled.layers[0].consts.reverse();
    assert_eq!(Circuit::new(shuffled).unwrap().digest(), circuit.digest());
    let bytes = format::encode(&circuit);
    assert_eq!(
        bytes.len(),
        40 + 4 + 4 + 8 + 4 + 48 + 4 + 12 + 4 + 16 + 4 + 8
    );
    let again: Circuit<M31> = format::decode(&bytes, &Limits::default()).unwrap();
    assert_eq!(again, circuit);
    assert_eq!(Circuit::new(circuit.clone().into_parts()).unwrap(), circuit);
}

#[test]
fn parts_that_break_a_rule_are_refused() {
    type Change = fn(&mut CircuitParts<M31>);
    type Expected = fn(&CircuitError) -> bool;
    let cases: [(Change, Expected); 14] = [
        (
            |p| p.field = FieldId::Gf2,
            |e| matches!(e, CircuitError::Field { .. }),
        ),
        (
            |p| p.layers.clear(),
            |e| matches!(e, CircuitError::Layers { found: 0 }),
        ),
        (
            |p| p.input_vars = 2,
            |e| matches!(e, CircuitError::Fit { layer: 0, .. }),
        ),
        (
            |p| p.layers[0].output_vars = 31,
            |e| matches!(e, CircuitError::Vars { .. }),
        ),
        (
            |p| p.num_outputs = 0,
            |e| matches!(e, CircuitError::Outputs { .. }),
        ),
        (
            |p| p.num_outputs = 5,
            |e| matches!(e, CircuitError::Outputs { .. }),
        ),
        (
            |p| p.num_zero_outputs = 4,
            |e| matches!(e, CircuitError::Outputs { .. }),
        ),
        (
            |p| p.num_public = u32::MAX,
            |e| matches!(e, CircuitError::Count { .. }),
        ),
        (
            |p| p.num_public = 1,
            |e| matches!(e, CircuitError::Coefficient { .. }),
        ),
        (
            |p| p.layers[0].muls[0].y = 2,
            |e| matches!(e, CircuitError::Wire { .. }),
        ),
        (
            |p| p.layers[0].adds[0].z = 4,
            |e| matches!(e, CircuitError::Wire { .. }),
        ),
        (
            |p| p.layers[0].asserts[0] = 3,
            |e| matches!(e, CircuitError::Wire { .. }),
        ),
        (
            |p| p.layers[0].adds[0].coef = CoefRef::public(0),
            |e| matches!(e, CircuitError::Coefficient { gate: "add", .. }),
        ),
        (
            |p| p.layers[0].muls[0].coef = CoefRef::constant(5),
            |e| matches!(e, CircuitError::Coefficient { gate: "mul", .. }),
        ),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut parts = untidy();
        change(&mut parts);
        let error = Circuit::new(parts).unwrap_err();
        assert!(expected(&error), "case {index}: {error}");
    }
}

#[test]
fn own_files_are_held_against_limits() {
    let bytes = format::encode(&Circuit::new(untidy()).unwrap());
    let defaults = Limits::default();
    for limits in [
        Limits {
            max_gates: 5,
            ..defaults
        },
        Limits {
            max_layers: 0,
            ..defaults
        },
        Limits {
            max_wires: 5,
            ..defaults
        },
        Limits {
            max_vars: 1,
            ..defaults
        },
        Limits {
            max_public: 1,
            ..defaults
        },
    ] {
        let error = format::decode::<M31>(&bytes, &limits).unwrap_err();
        assert!(
            matches!(error.kind, DecodeErrorKind::Limit { .. }),
            "{error}"
        );
    }
    let wrong = format::decode::<Gf2>(&bytes, &defaults).unwrap_err();
    assert_eq!(wrong.offset, 12);
}
