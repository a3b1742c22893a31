//! The accounting of section 8 on known shapes.

use prover_core::{ChallengeField, Field, FieldId};
use prover_fields::{Bn254, Gf2e128, M31Ext3};
use prover_proof::soundness::total_degree;
use prover_proof::{
    CircuitShape, LayerShape, ProofShape, ProtocolConfig, RandomCoefField, soundness_bits,
};

fn circuit(field: FieldId, num_random: u32, layers: Vec<LayerShape>) -> CircuitShape {
    CircuitShape {
        field,
        digest: [0; 32],
        num_public: 0,
        num_random,
        num_outputs: 1,
        num_zero_outputs: 0,
        layers,
    }
}

fn layer(input_vars: u32, output_vars: u32, has_mul: bool, has_asserts: bool) -> LayerShape {
    LayerShape {
        input_vars,
        output_vars,
        has_mul,
        has_asserts,
    }
}

fn shape(circuit: CircuitShape, instances: usize, random_coefs: RandomCoefField) -> ProofShape {
    let config = ProtocolConfig {
        random_coefs,
        ..ProtocolConfig::default()
    };
    ProofShape::new(circuit, instances, config).expect("a possible shape")
}

/// 144 layers of Keccak's widths: all but the last have mul gates, and `Σ 2n + 2n[mul]` is 7026.
fn keccak(num_random: u32) -> CircuitShape {
    // 110 · 48 + 33 · 52 + 30 = 7026, the input variables of the layers being 12, 13 and 15.
    let mut vars = vec![12; 110];
    vars.extend([13; 33]);
    vars.push(15);
    vars.push(0);
    let layers = (0..144).map(|i| layer(vars[i], vars[i + 1], i < 143, false));
    circuit(FieldId::M31, num_random, layers.collect())
}

#[test]
fn keccak_of_16_instances_has_80_bits() {
    let shape = shape(keccak(0), 16, RandomCoefField::Challenge);
    assert_eq!(total_degree(&shape), 8324);
    let bits = soundness_bits::<M31Ext3>(&shape);
    assert!((bits - 79.98).abs() < 0.005, "{bits}");
}

#[test]
fn random_coefficients_cap_the_bits() {
    let base = soundness_bits::<M31Ext3>(&shape(keccak(1), 16, RandomCoefField::Base));
    assert_eq!(base, <M31Ext3 as ChallengeField>::Base::BITS);
    let full = soundness_bits::<M31Ext3>(&shape(keccak(1), 16, RandomCoefField::Challenge));
    let none = soundness_bits::<M31Ext3>(&shape(keccak(0), 16, RandomCoefField::Base));
    assert_eq!(full, none);
}

#[test]
fn asserts_and_claims_are_counted() {
    // 1 + 2 (output point) + (4·3 + 2·2) + two claims below + (2·1 + 2·2 + (1 + 1)).
    let layers = vec![layer(3, 1, true, false), layer(1, 1, false, true)];
    let one_claim = shape(circuit(FieldId::Gf2, 0, layers), 3, RandomCoefField::Base);
    assert_eq!(total_degree(&one_claim), 3 + 16 + 8);
    let layers = vec![layer(3, 1, false, true), layer(1, 1, true, false)];
    let two_claims = shape(circuit(FieldId::Gf2, 0, layers), 4, RandomCoefField::Base);
    assert_eq!(total_degree(&two_claims), 3 + (10 + 2 + 1) + 8);
    let bits = soundness_bits::<Gf2e128>(&two_claims);
    assert!((bits - (128.0 - 24f64.log2())).abs() < 1e-9);
}

#[test]
fn nothing_to_test_still_counts_one() {
    let layers = vec![layer(0, 0, false, false)];
    let shape = shape(circuit(FieldId::Bn254, 0, layers), 1, RandomCoefField::Base);
    assert_eq!(total_degree(&shape), 1);
    assert_eq!(soundness_bits::<Bn254>(&shape), Bn254::BITS);
}

#[test]
fn impossible_shapes_are_refused() {
    let config = ProtocolConfig::default();
    let good = || circuit(FieldId::M31, 0, vec![layer(2, 1, true, false)]);
    assert!(ProofShape::new(good(), 1 << 20, config).is_ok());
    assert!(ProofShape::new(good(), 0, config).is_err());
    assert!(ProofShape::new(good(), (1 << 20) + 1, config).is_err());
    for break_it in [
        |c: &mut CircuitShape| c.layers.clear(),
        |c: &mut CircuitShape| c.layers[0].input_vars = 31,
        |c: &mut CircuitShape| c.layers.push(layer(2, 2, false, false)),
        |c: &mut CircuitShape| c.num_outputs = 0,
        |c: &mut CircuitShape| c.num_outputs = 3,
        |c: &mut CircuitShape| c.num_zero_outputs = 2,
    ] {
        let mut circuit = good();
        break_it(&mut circuit);
        assert!(ProofShape::new(circuit, 1, config).is_err());
    }
}
