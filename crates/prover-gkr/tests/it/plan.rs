//! The memory plan: numbers beyond `u64` saturate and are refused, they do not wrap.

use prover_core::{BackendInfo, FieldId};
use prover_gkr::MemoryPlan;
use prover_proof::{CircuitShape, LayerShape, ProofShape, ProtocolConfig};

fn plan(num_layers: usize, num_instances: usize) -> MemoryPlan {
    let layer = LayerShape {
        input_vars: 30,
        output_vars: 30,
        has_mul: true,
        has_asserts: false,
    };
    let circuit = CircuitShape {
        field: FieldId::Bn254,
        digest: [0; 32],
        num_public: 1,
        num_random: 1,
        num_outputs: 1,
        num_zero_outputs: 0,
        layers: vec![layer; num_layers],
    };
    let info = BackendInfo {
        name: "planned",
        device: String::new(),
        threads: 1,
        base_bytes: 32,
        challenge_bytes: 32,
    };
    let shape = ProofShape::new(circuit, num_instances, ProtocolConfig::default()).unwrap();
    MemoryPlan::new(&shape, 1 << 40, &info)
}

#[test]
fn plans_beyond_64_bits_saturate() {
    // A layer of 2^30 wires of 32 bytes, 2^20 times, is 2^55 bytes: 2^9 layers reach 2^64.
    let narrow = plan(1, 1 << 20);
    assert!(narrow.peak_bytes > 2 << 55 && narrow.peak_bytes < 3 << 55);
    for num_layers in [511, 512, 1024, 1025] {
        let wide = plan(num_layers, 1 << 20);
        assert_eq!(wide.peak_bytes, u64::MAX, "{num_layers} layers");
        assert!(wide.wires_bytes >= 511 << 55, "{num_layers} layers");
    }
}
