//! Layers written gate by gate, where a fixed layout beats the builder's choice.

use std::collections::HashMap;

use prover_core::{AddGate, CoefRef, ConstGate, Field, LayerGates, MulGate};

use crate::builder::{BuildReport, Built, InputLayout};
use crate::fields::field_of;
use crate::model::{Circuit, CircuitError, CircuitParts};

/// A layer under construction; wires and coefficients as in `docs/protocol.md`, section 3.
pub(super) struct LayerWriter<B> {
    gates: LayerGates<B>,
    known: HashMap<B, u32>,
    relays: u64,
}

impl<B: Field> LayerWriter<B> {
    /// An empty layer that reads and writes these numbers of wires.
    pub(super) fn new(reads: usize, writes: usize) -> Self {
        let gates = LayerGates {
            input_vars: vars(reads),
            output_vars: vars(writes),
            ..Default::default()
        };
        Self {
            gates,
            known: HashMap::new(),
            relays: 0,
        }
    }

    /// `out[z] += c·in[x]·in[y]`.
    pub(super) fn mul(&mut self, z: usize, x: usize, y: usize, c: B) {
        let (z, x, y) = (wire(z), wire(x.min(y)), wire(x.max(y)));
        if let Some(coef) = self.coefficient(c) {
            self.gates.muls.push(MulGate { z, x, y, coef });
        }
    }

    /// `out[z] += c·in[x]`.
    pub(super) fn add(&mut self, z: usize, x: usize, c: B) {
        let (z, x) = (wire(z), wire(x));
        if let Some(coef) = self.coefficient(c) {
            self.gates.adds.push(AddGate { z, x, coef });
        }
    }

    /// `out[z] = in[x]`: carries a value to the next layer.
    pub(super) fn relay(&mut self, z: usize, x: usize) {
        self.relays += 1;
        self.add(z, x, B::ONE);
    }

    /// `out[z] += c`.
    pub(super) fn constant(&mut self, z: usize, c: B) {
        let z = wire(z);
        if let Some(coef) = self.coefficient(c) {
            self.gates.consts.push(ConstGate { z, coef });
        }
    }

    fn coefficient(&mut self, value: B) -> Option<CoefRef> {
        if value.is_zero() {
            return None;
        }
        let list = &mut self.gates.constants;
        let index = *self.known.entry(value).or_insert_with(|| {
            list.push(value);
            wire(list.len() - 1)
        });
        Some(CoefRef::constant(index))
    }
}

/// The circuit of layers that fit each other, with `num_private` inputs and `num_outputs` outputs.
///
/// # Errors
/// If a limit of circuits is exceeded.
pub(super) fn finish<B: Field>(
    layers: Vec<LayerWriter<B>>,
    num_private: usize,
    num_outputs: usize,
) -> Result<Built<B>, CircuitError> {
    let relays = layers.iter().map(|l| l.relays).sum();
    let input_vars = vars(num_private);
    let circuit = Circuit::new(CircuitParts {
        field: field_of::<B>(),
        input_vars,
        num_public: 0,
        num_outputs: wire(num_outputs),
        num_zero_outputs: 0,
        layers: layers.into_iter().map(|l| l.gates).collect(),
    })?;
    let report = BuildReport {
        layers: circuit.layers().len(),
        gates: circuit.gate_counts(),
        relays,
        ..Default::default()
    };
    let layout = InputLayout {
        num_private: wire(num_private),
        num_public: 0,
        input_vars,
    };
    Ok(Built {
        circuit,
        layout,
        report,
    })
}

fn vars(wires: usize) -> u32 {
    wires.next_power_of_two().trailing_zeros()
}

fn wire(index: usize) -> u32 {
    u32::try_from(index).expect("the gallery's sizes are bounded")
}
