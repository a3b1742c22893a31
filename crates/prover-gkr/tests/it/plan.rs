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
    // A layer of 2^30 wires of 32 bytes, 2^20 times, is 2^55 bytes: 2^9 layers reach 2^64. While it is
    // proven there are its input on the device and in the proof, H, and V folded once.
    let narrow = plan(1, 1 << 20);
    let proving = 7 << 54;
    assert!(narrow.peak_bytes > proving && narrow.peak_bytes < proving + (1 << 50));
    for num_layers in [511, 512, 1024, 1025] {
        let wide = plan(num_layers, 1 << 20);
        assert_eq!(wide.peak_bytes, u64::MAX, "{num_layers} layers");
        assert!(wide.wires_bytes >= 511 << 55, "{num_layers} layers");
    }
}

#[test]
fn the_host_copy_of_the_outputs_is_in_the_peak() {
    let layer = LayerShape {
        input_vars: 2,
        output_vars: 12,
        has_mul: false,
        has_asserts: false,
    };
    let circuit = CircuitShape {
        field: FieldId::M31,
        digest: [0; 32],
        num_public: 0,
        num_random: 0,
        num_outputs: 1,
        num_zero_outputs: 0,
        layers: vec![layer],
    };
    let info = BackendInfo {
        name: "planned",
        device: String::new(),
        threads: 1,
        base_bytes: 4,
        challenge_bytes: 12,
    };
    let shape = ProofShape::new(circuit, 2, ProtocolConfig::default()).unwrap();
    // On the device the inputs, a row of public inputs and the outputs; then all outputs lifted on
    // the host, and the one that is claimed of each instance.
    let device = 4 * 2 * ((1 << 2) + 1 + (1 << 12));
    let host = 12 * 2 * ((1 << 12) + 1);
    assert_eq!(MemoryPlan::new(&shape, 0, &info).peak_bytes, device + host);
}
