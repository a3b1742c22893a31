//! Every length of a proof follows from the circuit, the number of instances and the configuration.

use prover_circuit::Circuit;
use prover_core::{ChallengeField, Field, FieldId, LayerGates};

use crate::config::{ProtocolConfig, RandomCoefField};
use crate::error::{Section, ShapeError};

/// Largest number of instances of a proof.
pub const MAX_INSTANCES: usize = 1 << 20;
/// Largest base-2 logarithm of a layer's wires.
pub const MAX_VARS: u32 = 30;
/// Largest number of layers.
pub const MAX_LAYERS: usize = 1 << 20;

/// What of a layer decides about rounds and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Base-2 logarithm of the number of input wires.
    pub input_vars: u32,
    /// Base-2 logarithm of the number of output wires.
    pub output_vars: u32,
    /// Whether there is a mul gate, and so a phase two.
    pub has_mul: bool,
    /// Whether an output is asserted to be zero.
    pub has_asserts: bool,
}

impl LayerShape {
    /// The shape of a layer.
    pub fn of<B: Field>(layer: &LayerGates<B>) -> Self {
        Self {
            input_vars: layer.input_vars,
            output_vars: layer.output_vars,
            has_mul: !layer.muls.is_empty(),
            has_asserts: !layer.asserts.is_empty(),
        }
    }

    /// Elements that the prover sends in this layer, with `instance_vars` variables of instances:
    /// `2·n + 2·n_s + 1`, and `2·n + 1` more with mul gates.
    pub fn num_messages(&self, instance_vars: u32) -> u64 {
        let phase_one = 2 * u64::from(self.input_vars) + 2 * u64::from(instance_vars) + 1;
        let phase_two = if self.has_mul {
            2 * u64::from(self.input_vars) + 1
        } else {
            0
        };
        phase_one + phase_two
    }
}

/// What of a circuit decides about lengths, bits and the opening of the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitShape {
    /// The field.
    pub field: FieldId,
    /// SHA-256 of the canonical encoding.
    pub digest: [u8; 32],
    /// Public inputs of an instance.
    pub num_public: u32,
    /// Random coefficients of all layers.
    pub num_random: u32,
    /// First wires of the last layer that are outputs.
    pub num_outputs: u32,
    /// First outputs that must be zero.
    pub num_zero_outputs: u32,
    /// The layers, layer 0 (which reads the input) first.
    pub layers: Vec<LayerShape>,
}

impl CircuitShape {
    /// The shape of a circuit.
    pub fn of<B: Field>(circuit: &Circuit<B>) -> Self {
        Self {
            field: circuit.field(),
            digest: circuit.digest(),
            num_public: circuit.num_public(),
            num_random: circuit.num_random(),
            num_outputs: circuit.num_outputs(),
            num_zero_outputs: circuit.num_zero_outputs(),
            layers: circuit.layers().iter().map(LayerShape::of).collect(),
        }
    }

    /// Base-2 logarithm of the number of inputs.
    pub fn input_vars(&self) -> u32 {
        self.layers.first().map_or(0, |layer| layer.input_vars)
    }

    /// Base-2 logarithm of the last layer's wires.
    pub fn output_vars(&self) -> u32 {
        self.layers.last().map_or(0, |layer| layer.output_vars)
    }

    /// Whether there are two claims about the output of layer `index`: the layer above has mul gates.
    pub fn has_two_claims(&self, index: usize) -> bool {
        self.layers
            .get(index + 1)
            .is_some_and(|above| above.has_mul)
    }

    fn check(&self) -> Result<(), ShapeError> {
        let fail = |what| Err(ShapeError::Circuit { what });
        if self.layers.is_empty() || self.layers.len() > MAX_LAYERS {
            return fail("the number of layers");
        }
        if self
            .layers
            .iter()
            .any(|l| l.input_vars.max(l.output_vars) > MAX_VARS)
        {
            return fail("a layer has more than 2^30 wires");
        }
        let pairs = self.layers.iter().zip(&self.layers[1..]);
        if pairs
            .into_iter()
            .any(|(below, above)| below.output_vars != above.input_vars)
        {
            return fail("a layer reads another number of wires than the one below writes");
        }
        if self.num_outputs == 0 || u64::from(self.num_outputs) > 1 << self.output_vars() {
            return fail("the number of outputs");
        }
        if self.num_zero_outputs > self.num_outputs {
            return fail("more zero outputs than outputs");
        }
        Ok(())
    }
}

/// The lengths of one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofShape {
    circuit: CircuitShape,
    num_instances: usize,
    config: ProtocolConfig,
}

impl ProofShape {
    /// The shape of a proof of `num_instances` instances of a circuit.
    ///
    /// # Errors
    /// If the number of instances is not in `1..=2^20`.
    pub fn of<B: Field>(
        circuit: &Circuit<B>,
        num_instances: usize,
        config: ProtocolConfig,
    ) -> Result<Self, ShapeError> {
        Self::new(CircuitShape::of(circuit), num_instances, config)
    }

    /// Checks that such a proof can exist.
    ///
    /// # Errors
    /// If the number of instances is not in `1..=2^20` or the circuit's numbers contradict each other.
    pub fn new(
        circuit: CircuitShape,
        num_instances: usize,
        config: ProtocolConfig,
    ) -> Result<Self, ShapeError> {
        if num_instances == 0 || num_instances > MAX_INSTANCES {
            let found = num_instances as u64;
            return Err(ShapeError::Instances { found });
        }
        circuit.check()?;
        Ok(Self {
            circuit,
            num_instances,
            config,
        })
    }

    /// The circuit's shape.
    pub fn circuit(&self) -> &CircuitShape {
        &self.circuit
    }

    /// The number of instances `N`.
    pub fn num_instances(&self) -> usize {
        self.num_instances
    }

    /// `n_s`: the smallest integer with `2^n_s >= N`.
    pub fn instance_vars(&self) -> u32 {
        self.num_instances.next_power_of_two().trailing_zeros()
    }

    /// The configuration.
    pub fn config(&self) -> ProtocolConfig {
        self.config
    }

    /// Whether outputs are base elements: they are challenge elements only if random coefficients
    /// are drawn from the challenge field and there is one.
    pub fn outputs_in_base(&self) -> bool {
        self.config.random_coefs == RandomCoefField::Base || self.circuit.num_random == 0
    }

    /// Claimed outputs of an instance.
    pub fn outputs_per_instance(&self) -> usize {
        (self.circuit.num_outputs - self.circuit.num_zero_outputs) as usize
    }

    /// Elements of a section.
    pub fn num_elements(&self, section: Section) -> u64 {
        let instances = self.num_instances as u64;
        match section {
            Section::Public => instances * u64::from(self.circuit.num_public),
            Section::Input => instances << self.circuit.input_vars(),
            Section::Output => instances * self.outputs_per_instance() as u64,
            Section::Message => self.num_messages(),
        }
    }

    /// Elements of the message section.
    pub fn num_messages(&self) -> u64 {
        let vars = self.instance_vars();
        let layers = self.circuit.layers.iter();
        layers.map(|layer| layer.num_messages(vars)).sum()
    }

    /// Length in bytes of a section, without the length itself.
    pub fn section_bytes<F: ChallengeField>(&self, section: Section) -> u64 {
        let base = match section {
            Section::Public | Section::Input => true,
            Section::Output => self.outputs_in_base(),
            Section::Message => false,
        };
        let width = if base {
            F::Base::ENCODED_BYTES
        } else {
            F::ENCODED_BYTES
        };
        self.num_elements(section) * width as u64
    }
}
