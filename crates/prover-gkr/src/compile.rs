//! A circuit made ready for a backend.

use std::sync::Arc;

use prover_circuit::Circuit;
use prover_core::{BackendError, ChallengeField, LayerBackend, LayerWiring};
use prover_proof::CircuitShape;

use crate::error::ProveError;

/// A circuit with its gates sorted and on the device: made once, used by any number of proofs.
pub struct CompiledCircuit<F: ChallengeField, B: LayerBackend<F>> {
    circuit: Arc<Circuit<F::Base>>,
    shape: CircuitShape,
    layers: Vec<CompiledLayer<F, B>>,
}

/// One layer: what the host keeps and what the device has.
pub(crate) struct CompiledLayer<F: ChallengeField, B: LayerBackend<F>> {
    pub(crate) host: Arc<LayerWiring<F::Base>>,
    pub(crate) device: B::Wiring,
}

impl<F: ChallengeField, B: LayerBackend<F>> CompiledCircuit<F, B> {
    /// Sorts every layer's gates and uploads them.
    ///
    /// # Errors
    /// [`ProveError::Memory`] before any work if the sorted gates alone exceed the limit; if the
    /// host or the device has no room, or the device fails.
    pub fn new(
        backend: &B,
        circuit: Arc<Circuit<F::Base>>,
        max_memory_bytes: Option<u64>,
    ) -> Result<Self, ProveError> {
        let needed_bytes = circuit
            .layers()
            .iter()
            .map(LayerWiring::planned_bytes)
            .sum();
        if let Some(limit_bytes) = max_memory_bytes
            && needed_bytes > limit_bytes
        {
            return Err(ProveError::Memory {
                needed_bytes,
                limit_bytes,
            });
        }
        let mut queue = backend.open_queue()?;
        let layers = circuit
            .layers()
            .iter()
            .map(|gates| {
                let host = Arc::new(LayerWiring::try_new(gates)?);
                let device = backend.upload_wiring(&mut queue, &host)?;
                Ok(CompiledLayer { host, device })
            })
            .collect::<Result<_, BackendError>>()?;
        Ok(Self {
            shape: CircuitShape::of(&circuit),
            circuit,
            layers,
        })
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit<F::Base> {
        &self.circuit
    }

    /// Lengths and widths of the circuit.
    pub fn shape(&self) -> &CircuitShape {
        &self.shape
    }

    /// Bytes of the sorted gates.
    pub fn wiring_bytes(&self) -> u64 {
        self.layers
            .iter()
            .map(|layer| layer.host.bytes() as u64)
            .sum()
    }

    pub(crate) fn layers(&self) -> &[CompiledLayer<F, B>] {
        &self.layers
    }
}
