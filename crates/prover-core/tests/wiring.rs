//! The orders of a layer's gates.

use prover_core::{
    AddGate, BackendError, CoefRef, ConstGate, Field, LayerGates, LayerWiring, MulGate, Slots,
};
use prover_fields::M31;

#[test]
fn publics_ascend_whatever_the_order_of_the_gates() {
    let gates = [(3, 0), (1, 2), (2, 1), (1, 0), (0, 1)];
    let layer = LayerGates::<M31> {
        output_vars: 2,
        consts: gates
            .map(|(z, public)| ConstGate {
                z,
                coef: CoefRef::public(public),
            })
            .into(),
        ..Default::default()
    };
    let wiring = LayerWiring::new(&layer);
    assert_eq!(wiring.publics, [(0, 1), (1, 0), (1, 2), (2, 1), (3, 0)]);
    assert_eq!(LayerWiring::planned_bytes(&layer), wiring.bytes() as u64);
}

/// Every list that grows with rows or gates; the plan is what is held.
#[test]
fn gates_keep_their_slots_in_every_order() {
    let gate = |z, x, y, coef| MulGate { z, x, y, coef };
    let (one, other) = (CoefRef::constant(0), CoefRef::constant(1));
    let layer = LayerGates::<M31> {
        input_vars: 2,
        output_vars: 1,
        constants: vec![M31::ONE, M31::from_u64(7)],
        muls: vec![
            gate(0, 3, 1, CoefRef::RANDOM),
            gate(1, 0, 1, one),
            gate(1, 0, 2, CoefRef::RANDOM),
        ],
        adds: vec![AddGate {
            z: 1,
            x: 2,
            coef: one,
        }],
        consts: [CoefRef::public(5), CoefRef::RANDOM, other]
            .map(|coef| ConstGate { z: 0, coef })
            .into(),
        asserts: vec![1],
    };
    let wiring = LayerWiring::try_new(&layer).unwrap();
    assert_eq!(LayerWiring::planned_bytes(&layer), wiring.bytes() as u64);
    assert_eq!(wiring.num_random, 3);
    assert_eq!(wiring.mul_by_z.offsets, [0, 1, 3]);
    assert_eq!(wiring.mul_by_z.others, [[3, 1], [0, 1], [0, 2]]);
    assert_eq!(wiring.mul_by_z.slots, Slots::U8(vec![2, 0, 3]));
    assert_eq!(wiring.mul_by_x.offsets, [0, 2, 2, 2, 3]);
    assert_eq!(wiring.mul_by_x.others, [[1, 1], [1, 2], [0, 1]]);
    assert_eq!(wiring.mul_by_x.slots, Slots::U8(vec![0, 3, 2]));
    assert_eq!(wiring.mul_by_y.offsets, [0, 0, 2, 3, 3]);
    assert_eq!(wiring.mul_by_y.slots, Slots::U8(vec![2, 0, 3]));
    assert_eq!(wiring.add_by_x.offsets, [0, 0, 0, 1, 1]);
    assert_eq!(wiring.add_by_x.slots, Slots::Ones);
    assert_eq!(wiring.const_by_z.offsets, [0, 2, 2]);
    assert_eq!(wiring.const_by_z.slots, Slots::U8(vec![4, 1]));
    assert_eq!(wiring.publics, [(0, 5)]);
}

/// More rows than there is address space for: an error that says how much, not an abort.
#[test]
fn rows_beyond_memory_are_an_error() {
    let layer = LayerGates::<M31> {
        input_vars: 62,
        ..Default::default()
    };
    let error = LayerWiring::try_new(&layer).unwrap_err();
    assert_eq!(
        error,
        BackendError::OutOfMemory {
            device: "host".into(),
            requested_bytes: u64::MAX,
            free_bytes: None,
        }
    );
}
