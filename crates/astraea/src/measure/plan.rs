//! What a measurement needs and proves, known before it starts.

use prover_circuit::generator::{add_layer, mul_layer};
use prover_core::{BackendError, BackendInfo, ChallengeField, Field, LayerGates, MulGate};
use prover_proof::{CircuitShape, LayerShape, ProofShape, ProtocolConfig, soundness_bits};

use crate::error::Error;
use crate::measure::Spec;

/// Wires of a layer are numbered with 32 bits; circuits have at most so many.
const MAX_LAYER_VARS: u32 = 30;

/// At most so many bytes of gates for each output wire: the gate in the list, in three orders, and
/// its part of six lists of rows.
const GATE_BYTES: usize = size_of::<MulGate>() + 3 * 8 + 6 * 4;

/// The host has no room for so many bytes.
pub(super) fn host_is_full(requested_bytes: usize) -> Error {
    BackendError::OutOfMemory {
        device: "host".to_owned(),
        requested_bytes: requested_bytes as u64,
        free_bytes: None,
    }
    .into()
}

impl Spec {
    /// Bytes at the peak of `in_flight` proofs: tables drawn on the host, and the backend's.
    /// A number beyond `u64` is `u64::MAX`.
    pub fn peak_bytes<F: ChallengeField>(self, in_flight: usize, info: &BackendInfo) -> u64 {
        let (base, challenge) = (info.base_bytes as u64, info.challenge_bytes as u64);
        let (num_vars, once, each) = match self {
            // Each proof: two tables, and both folded once.
            Self::Sumcheck {
                num_vars,
                base: true,
            } => (
                num_vars,
                2 * size_of::<F::Base>() as u64,
                2 * base + challenge,
            ),
            Self::Sumcheck {
                num_vars,
                base: false,
            } => (num_vars, 2 * size_of::<F>() as u64, 3 * challenge),
            // Each proof: three tables, all folded once, and an eq table of every suffix.
            Self::Zerocheck {
                num_vars,
                base: true,
            } => (
                num_vars,
                3 * size_of::<F::Base>() as u64,
                3 * base + 4 * challenge,
            ),
            Self::Zerocheck {
                num_vars,
                base: false,
            } => (num_vars, 3 * size_of::<F>() as u64, 7 * challenge),
            Self::Layer { num_vars, .. } => {
                // Gates; wires drawn, on the backend on both sides, downloaded, and their eq.
                let wires = size_of::<F::Base>() + 2 * size_of::<F>();
                let once = (GATE_BYTES + wires) as u64 + 2 * base;
                // Each proof: the weights; a table of each phase, and both folded once; eq of r_x.
                (num_vars, once, 6 * challenge)
            }
        };
        let of_a_row = each.saturating_mul(in_flight as u64).saturating_add(once);
        let rows = 1u64.checked_shl(num_vars).unwrap_or(u64::MAX);
        // Lists of rows have one entry more than rows.
        of_a_row.saturating_mul(rows).saturating_add(6 * 4)
    }

    /// The gates of a layer, and nothing for a sumcheck; the generator and the orders of the gates
    /// allocate as if memory had no end, so whether there is enough is seen first.
    pub(super) fn gates<B: Field>(self) -> Result<LayerGates<B>, Error> {
        let Self::Layer {
            num_vars,
            wiring,
            muls,
        } = self
        else {
            return Ok(LayerGates::default());
        };
        if num_vars > MAX_LAYER_VARS {
            let message = format!("a layer has at most 2^{MAX_LAYER_VARS} wires, not 2^{num_vars}");
            return Err(Error::Options(message));
        }
        let bytes = GATE_BYTES << num_vars;
        Vec::<u8>::new()
            .try_reserve_exact(bytes)
            .map_err(|_| host_is_full(bytes))?;
        Ok(match muls {
            true => mul_layer(num_vars, wiring, 2),
            false => add_layer(num_vars, wiring, 2),
        })
    }

    /// Bits of soundness of what is measured, as a proof of its own.
    pub(super) fn soundness_bits<F: ChallengeField>(self) -> Result<f64, Error> {
        match self {
            // Every round polynomial is of degree 2.
            Self::Sumcheck { num_vars, .. } => {
                Ok(F::BITS - f64::from((2 * num_vars).max(1)).log2())
            }
            // Every round polynomial is of degree 3 with its eq factor; and the eq point.
            Self::Zerocheck { num_vars, .. } => {
                Ok(F::BITS - f64::from((4 * num_vars).max(1)).log2())
            }
            Self::Layer { num_vars, muls, .. } => {
                let layer = LayerShape {
                    input_vars: num_vars,
                    output_vars: num_vars,
                    has_mul: muls,
                    has_asserts: false,
                };
                let circuit = CircuitShape {
                    field: F::ID,
                    digest: [0; 32],
                    num_public: 0,
                    num_random: 0,
                    num_outputs: 1,
                    num_zero_outputs: 0,
                    layers: vec![layer],
                };
                let shape = ProofShape::new(circuit, 1, ProtocolConfig::default())?;
                Ok(soundness_bits::<F>(&shape))
            }
        }
    }
}
