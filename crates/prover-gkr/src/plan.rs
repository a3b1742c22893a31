//! How much memory a proof needs, computed before it starts.

use prover_core::BackendInfo;
use prover_proof::{ProofShape, Section};

/// Bytes of memory that a proof needs, by layer and at the peak, the host's copies included.
///
/// An upper bound by the tables of the protocol. Not in it: the circuit and the witness, which are
/// the caller's; constants of the gates once more as coefficients; what names the wires of a witness
/// that violates the circuit; a backend's scratch of one operation (partial sums, at most a few
/// kilobytes a thread or block) and what it rounds a table up by (at most a few hundred bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Sorted gates of all layers, shared by all proofs of the circuit.
    pub wiring_bytes: u64,
    /// All wires of all layers: held from the evaluation until the layer is proven.
    pub wires_bytes: u64,
    /// Tables of each layer while it is proven (weights, phase tables, folded wires), layer 0 first.
    pub layer_bytes: Vec<u64>,
    /// The largest sum of what is held at once, on the device and on the host.
    pub peak_bytes: u64,
}

/// Sizes of one proof's parts, in bytes.
struct Sizes<'a> {
    shape: &'a ProofShape,
    base: u64,
    challenge: u64,
    instances: u64,
}

impl MemoryPlan {
    /// Plans a proof of this shape on a backend with elements of this size; the host's elements count
    /// as those of tables. A number beyond `u64` is planned as `u64::MAX`.
    pub fn new(shape: &ProofShape, wiring_bytes: u64, info: &BackendInfo) -> Self {
        let sizes = Sizes {
            shape,
            base: info.base_bytes as u64,
            challenge: info.challenge_bytes as u64,
            instances: 1 << shape.instance_vars(),
        };
        let layers = &shape.circuit().layers;
        let held = sizes.held();
        let layer_bytes: Vec<u64> = layers
            .iter()
            .map(|layer| sizes.proving(layer.input_vars, layer.output_vars))
            .collect();
        let evaluation = sizes.evaluation(&held);
        let proof = sizes.proof();
        let proving = layer_bytes
            .iter()
            .zip(&held)
            .map(|(work, held)| sum([*work, *held, proof]));
        let wires_bytes = held[held.len() - 1];
        let peak_bytes = sum([
            wiring_bytes,
            sizes.random(),
            proving.fold(evaluation, u64::max),
        ]);
        Self {
            wiring_bytes,
            wires_bytes,
            layer_bytes,
            peak_bytes,
        }
    }
}

impl Sizes<'_> {
    /// A table of `rows` wires of all instances.
    fn table(&self, bytes: u64, rows: u64) -> u64 {
        bytes.saturating_mul(rows).saturating_mul(self.instances)
    }

    /// The tables of public inputs and of inputs.
    fn inputs(&self) -> u64 {
        let circuit = self.shape.circuit();
        let publics = u64::from(circuit.num_public).next_power_of_two();
        let inputs = self.table(self.base, 1 << circuit.input_vars());
        self.table(self.base, publics).saturating_add(inputs)
    }

    /// What the device holds of wires: before layer 0, and after the evaluation of each layer.
    fn held(&self) -> Vec<u64> {
        let wire_bytes = match self.shape.outputs_in_base() {
            true => self.base,
            false => self.challenge,
        };
        let mut held = vec![self.inputs()];
        for layer in &self.shape.circuit().layers {
            let outputs = self.table(wire_bytes, 1 << layer.output_vars);
            held.push(held[held.len() - 1].saturating_add(outputs));
        }
        held
    }

    /// The tables of a layer while it is proven.
    fn proving(&self, input_vars: u32, output_vars: u32) -> u64 {
        let (n, k) = (1u64 << input_vars, 1u64 << output_vars);
        // Phase one: H, V folded once, both eq-suffix tables; phase two: M, V(., r_s), eq_x.
        let phase_one = sum([
            self.table(self.challenge, n),
            self.table(self.challenge, n) / 2,
            self.table(self.challenge, 4),
        ]);
        let phase_two = self.challenge.saturating_mul(4 * n);
        let weights = self.challenge.saturating_mul(k);
        weights.saturating_add(phase_one.max(phase_two))
    }

    /// The peak until the outputs are claimed. The host has its own copies: of the input tables
    /// until they are on the device; of the outputs of the last layer and of each with asserts, whole
    /// and lifted; and the two eq tables of the claim.
    fn evaluation(&self, held: &[u64]) -> u64 {
        let layers = &self.shape.circuit().layers;
        let last = layers.len() - 1;
        let outputs = self.outputs();
        let upload = held[0].saturating_add(self.inputs());
        let downloads = layers.iter().zip(&held[1..]).enumerate();
        let downloads = downloads.map(|(index, (layer, held))| {
            let table = self.table(self.challenge, 1 << layer.output_vars);
            match index {
                _ if index == last => sum([*held, table, outputs]),
                _ if layer.has_asserts => held.saturating_add(table),
                _ => *held,
            }
        });
        let eq = (1u64 << layers[last].output_vars).saturating_add(self.instances);
        let eq = self.challenge.saturating_mul(eq);
        let claim = sum([held[last], outputs, outputs, eq]);
        downloads.fold(upload.max(claim), u64::max)
    }

    /// All outputs, once.
    fn outputs(&self) -> u64 {
        let outputs = u64::from(self.shape.circuit().num_outputs);
        self.table(self.challenge, outputs)
    }

    /// What the host holds while layers are proven: the sections of the proof, the outputs once more,
    /// and an eq table of the instances.
    fn proof(&self) -> u64 {
        let elements = |section| self.shape.num_elements(section);
        let base = elements(Section::Public).saturating_add(elements(Section::Input));
        let messages = self.challenge.saturating_mul(elements(Section::Message));
        let outputs = self.outputs();
        sum([
            self.base.saturating_mul(base),
            messages,
            outputs,
            outputs,
            self.table(self.challenge, 1),
        ])
    }

    /// Random coefficients: all of them on the host and on the device, those of a layer once more.
    fn random(&self) -> u64 {
        let random = u64::from(self.shape.circuit().num_random);
        self.challenge.saturating_mul(3 * random)
    }
}

fn sum<const N: usize>(parts: [u64; N]) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}
