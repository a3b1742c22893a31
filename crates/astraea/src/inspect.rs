//! What a circuit is made of, and what a proof of it takes.

use prover_circuit::{Circuit, GateCounts};
use prover_core::{BackendInfo, ChallengeField, FieldId, LayerGates, LayerWiring};
use prover_gkr::MemoryPlan;
use prover_proof::{CommitmentKind, ProofShape, ProtocolConfig, RandomCoefField, soundness_bits};

use crate::error::Error;

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerInspection {
    /// Base-2 logarithm of the number of input wires.
    pub input_vars: u32,
    /// Base-2 logarithm of the number of output wires.
    pub output_vars: u32,
    /// Gates by kind.
    pub gates: GateCounts,
}

/// A circuit in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The field.
    pub field: FieldId,
    /// SHA-256 of the canonical encoding.
    pub digest: [u8; 32],
    /// Inputs of an instance.
    pub num_inputs: usize,
    /// Public inputs of an instance.
    pub num_public: u32,
    /// Outputs of an instance.
    pub num_outputs: u32,
    /// First outputs that must be zero.
    pub num_zero_outputs: u32,
    /// Wires of all layers, the input included.
    pub num_wires: u64,
    /// Gates of all layers.
    pub gates: GateCounts,
    /// The layers, layer 0 (which reads the input) first.
    pub layers: Vec<LayerInspection>,
    /// How many output wires of all layers have so many gates: the least and the most of a class,
    /// and the wires in it.
    pub fan_in: Vec<(u64, u64, u64)>,
    /// Instances that the following numbers are for.
    pub instances: usize,
    /// Variables of the largest table.
    pub num_vars: u32,
    /// Memory of a proof, by the elements' sizes on the host.
    pub plan: MemoryPlan,
    /// Bits of soundness with random coefficients from the challenge field, and from the base field.
    pub soundness_bits: (f64, f64),
}

/// Counts a circuit's parts and plans a proof of `instances` instances.
/// Cost: a sort of the gates, for the memory of the sorted form.
///
/// # Errors
/// If there are no proofs of so many instances.
pub fn inspect<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    instances: usize,
) -> Result<Inspection, Error> {
    let shape = |random_coefs| {
        let config = ProtocolConfig {
            random_coefs,
            commitment: CommitmentKind::Raw,
        };
        ProofShape::of(circuit, instances, config)
    };
    let (challenge, base) = (
        shape(RandomCoefField::Challenge)?,
        shape(RandomCoefField::Base)?,
    );
    let wiring = circuit.layers().iter();
    let wiring_bytes = wiring.map(LayerWiring::planned_bytes).sum();
    let info = BackendInfo {
        name: "host",
        device: String::new(),
        threads: 1,
        base_bytes: size_of::<F::Base>(),
        challenge_bytes: size_of::<F>(),
    };
    let layers = circuit.layers().iter();
    Ok(Inspection {
        field: F::ID,
        digest: circuit.digest(),
        num_inputs: circuit.num_inputs(),
        num_public: circuit.num_public(),
        num_outputs: circuit.num_outputs(),
        num_zero_outputs: circuit.num_zero_outputs(),
        num_wires: circuit.num_wires(),
        gates: circuit.gate_counts(),
        layers: layers
            .map(|layer| LayerInspection {
                input_vars: layer.input_vars,
                output_vars: layer.output_vars,
                gates: GateCounts::of(layer),
            })
            .collect(),
        fan_in: fan_in(circuit.layers()),
        instances,
        num_vars: circuit.max_vars() + challenge.instance_vars(),
        plan: MemoryPlan::new(&challenge, wiring_bytes, &info),
        soundness_bits: (soundness_bits::<F>(&challenge), soundness_bits::<F>(&base)),
    })
}

/// Classes 0, 1, 2, 3 to 4, 5 to 8, and so on, up to the last with a wire in it.
/// Cost: a sort of the gates' outputs; a layer may have far more wires than gates.
fn fan_in<B>(layers: &[LayerGates<B>]) -> Vec<(u64, u64, u64)> {
    let mut classes: Vec<u64> = Vec::new();
    let mut add = |class: usize, wires: u64| {
        classes.resize(classes.len().max(class + 1), 0);
        classes[class] += wires;
    };
    for layer in layers {
        let muls = layer.muls.iter().map(|g| g.z);
        let adds = layer.adds.iter().map(|g| g.z);
        let consts = layer.consts.iter().map(|g| g.z);
        let mut outputs: Vec<u32> = muls.chain(adds).chain(consts).collect();
        outputs.sort();
        let mut without = 1u64 << layer.output_vars;
        for gates in outputs.chunk_by(|a, b| a == b) {
            add(
                gates.len().next_power_of_two().trailing_zeros() as usize + 1,
                1,
            );
            without -= 1;
        }
        if without > 0 {
            add(0, without);
        }
    }
    let bounds = |class: usize| match class {
        0 => (0, 0),
        1 => (1, 1),
        _ => ((1 << (class - 2)) + 1, 1 << (class - 1)),
    };
    let numbered = classes.into_iter().enumerate();
    numbered
        .map(|(class, wires)| (bounds(class).0, bounds(class).1, wires))
        .collect()
}

#[cfg(test)]
mod tests {
    use prover_core::{AddGate, CoefRef, ConstGate, Field};
    use prover_fields::M31;

    use super::*;

    #[test]
    fn wires_without_gates_cost_nothing() {
        let coef = CoefRef(0);
        let layer = LayerGates::<M31> {
            input_vars: 0,
            output_vars: 30,
            constants: vec![M31::from_u64(1)],
            muls: vec![],
            adds: vec![AddGate { z: 1, x: 0, coef }; 5],
            consts: vec![
                ConstGate { z: 1, coef },
                ConstGate { z: 7, coef },
                ConstGate { z: 9, coef },
                ConstGate { z: 9, coef },
            ],
            asserts: vec![],
        };
        let layers = vec![layer; 3];
        let rows = 3 << 30;
        let expected = [(0, 0, rows - 9), (1, 1, 3), (2, 2, 3), (3, 4, 0), (5, 8, 3)];
        assert_eq!(fan_in(&layers), expected);
    }
}
