//! How much memory a proof needs, computed before it starts.

use prover_core::BackendInfo;
use prover_proof::ProofShape;

/// Bytes of device memory that a proof needs, by layer and at the peak.
///
/// An upper bound by the tables of the protocol; a backend's scratch of one operation (partial sums,
/// at most a few kilobytes a thread or block) is not in it, nor what it rounds a table up by (at most
/// a few hundred bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Sorted gates of all layers, shared by all proofs of the circuit.
    pub wiring_bytes: u64,
    /// All wires of all layers: held from the evaluation until the layer is proven.
    pub wires_bytes: u64,
    /// Tables of each layer while it is proven (weights, phase tables, folded wires), layer 0 first.
    pub layer_bytes: Vec<u64>,
    /// The largest sum of what is held at once.
    pub peak_bytes: u64,
}

impl MemoryPlan {
    /// Plans a proof of this shape on a backend with elements of this size. A number beyond `u64` is
    /// planned as `u64::MAX`.
    pub fn new(shape: &ProofShape, wiring_bytes: u64, info: &BackendInfo) -> Self {
        let circuit = shape.circuit();
        let (base, challenge) = (info.base_bytes as u64, info.challenge_bytes as u64);
        let wire_bytes = if shape.outputs_in_base() {
            base
        } else {
            challenge
        };
        let instances = 1u64 << shape.instance_vars();
        let table = |bytes: u64, rows: u64| bytes.saturating_mul(rows).saturating_mul(instances);
        // V_i is the input of layer i; the outputs of the last layer go to the host at once.
        let publics = table(base, u64::from(circuit.num_public).next_power_of_two());
        let mut held = vec![publics.saturating_add(table(base, 1 << circuit.input_vars()))];
        let mut layer_bytes = Vec::with_capacity(circuit.layers.len());
        for layer in &circuit.layers {
            let n = 1u64 << layer.input_vars;
            let k = 1u64 << layer.output_vars;
            // Phase one: H, V folded once, both eq-suffix tables; phase two: M, V(., r_s), eq_x.
            let phase_one = table(challenge, n)
                .saturating_add(table(challenge, n) / 2)
                .saturating_add(table(challenge, 4));
            let phase_two = challenge.saturating_mul(4 * n);
            let weights = challenge.saturating_mul(k);
            layer_bytes.push(weights.saturating_add(phase_one.max(phase_two)));
            held.push(held[held.len() - 1].saturating_add(table(wire_bytes, k)));
        }
        let proving = layer_bytes
            .iter()
            .zip(&held)
            .map(|(work, held)| work.saturating_add(*held));
        let wires_bytes = held[held.len() - 1];
        let peak_bytes = wiring_bytes.saturating_add(proving.fold(wires_bytes, u64::max));
        Self {
            wiring_bytes,
            wires_bytes,
            layer_bytes,
            peak_bytes,
        }
    }
}
