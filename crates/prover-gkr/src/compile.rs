//! A circuit made ready for a backend.

use std::sync::Arc;

use prover_circuit::Circuit;
use prover_core::{BackendError, ChallengeField, LayerBackend, LayerWiring};
use prover_proof::CircuitShape;

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
    /// If the device has no room or fails.
    pub fn new(backend: &B, circuit: Arc<Circuit<F::Base>>) -> Result<Self, BackendError> {
        let mut queue = backend.open_queue()?;
        let layers = circuit
            .layers()
            .iter()
            .map(|gates| {
                let host = Arc::new(LayerWiring::new(gates));
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
