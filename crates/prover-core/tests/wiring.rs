//! The orders of a layer's gates.

use prover_core::{CoefRef, ConstGate, LayerGates, LayerWiring};
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
