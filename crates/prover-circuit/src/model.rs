//! Circuits and instances that have been checked, and the canonical form.
//!
//! Absent on purpose: evaluation (`evaluate`), anything about wirings or kernels (a backend's own).

use prover_core::{CoefKind, CoefRef, Field, FieldId, LayerGates};
use sha2::{Digest, Sha256};

use crate::canonical;
use crate::fields::field_of;
use crate::format;

/// Largest number of layers.
pub const MAX_LAYERS: usize = 1 << 20;
/// Largest base-2 logarithm of a layer's wires.
pub const MAX_VARS: u32 = 30;
/// Largest number of instances of a proof.
pub const MAX_INSTANCES: usize = 1 << 20;
/// Largest number of public inputs of an instance: what a coefficient can name.
pub const MAX_PUBLIC: u32 = CoefRef::FIRST_PUBLIC - 1;

/// The parts of a circuit before they are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitParts<B> {
    /// The field.
    pub field: FieldId,
    /// Base-2 logarithm of the number of inputs.
    pub input_vars: u32,
    /// Public inputs of an instance.
    pub num_public: u32,
    /// First wires of the last layer that are outputs.
    pub num_outputs: u32,
    /// First outputs that must be zero.
    pub num_zero_outputs: u32,
    /// The layers, layer 0 (which reads the input) first.
    pub layers: Vec<LayerGates<B>>,
}

/// Why parts are not a circuit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// The element type is not the field's.
    #[error("elements of {found} are not those of {field}")]
    Field {
        /// The named field.
        field: FieldId,
        /// The element type's field.
        found: FieldId,
    },
    /// No layer, or too many.
    #[error("a circuit has 1 to {MAX_LAYERS} layers, not {found}")]
    Layers {
        /// The number of layers.
        found: usize,
    },
    /// Too many wires in a layer.
    #[error("layer {layer}: at most 2^{MAX_VARS} wires, not 2^{found}")]
    Vars {
        /// The layer.
        layer: usize,
        /// The logarithm found.
        found: u32,
    },
    /// A layer reads another number of wires than the one below writes.
    #[error("layer {layer}: reads 2^{found} wires, the layer below writes 2^{expected}")]
    Fit {
        /// The layer.
        layer: usize,
        /// What the layer below writes.
        expected: u32,
        /// What the layer reads.
        found: u32,
    },
    /// The outputs do not fit the last layer.
    #[error("{num_outputs} outputs ({num_zero_outputs} zero) do not fit 2^{output_vars} wires")]
    Outputs {
        /// Outputs.
        num_outputs: u32,
        /// Outputs that must be zero.
        num_zero_outputs: u32,
        /// Base-2 logarithm of the last layer's wires.
        output_vars: u32,
    },
    /// A wire beyond its layer.
    #[error("layer {layer}: {what} {found} is not below {below}")]
    Wire {
        /// The layer.
        layer: usize,
        /// Which index.
        what: &'static str,
        /// The index.
        found: u32,
        /// The bound.
        below: u32,
    },
    /// A coefficient without meaning where it stands.
    #[error("layer {layer}: a {gate} gate cannot have the coefficient {found:?}")]
    Coefficient {
        /// The layer.
        layer: usize,
        /// The gate's kind.
        gate: &'static str,
        /// The coefficient.
        found: CoefKind,
    },
    /// More of something than its 32-bit number can say.
    #[error("{what}: {found} are too many")]
    Count {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: u64,
    },
}

/// Gates of a circuit or a layer by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateCounts {
    /// Multiplication gates.
    pub mul: u64,
    /// Addition gates.
    pub add: u64,
    /// Constant gates.
    pub constant: u64,
    /// Gates with a random coefficient, of any kind.
    pub random: u64,
    /// Const gates with a public coefficient.
    pub public: u64,
    /// Asserted outputs.
    pub asserts: u64,
}

impl GateCounts {
    /// Counts of one layer.
    pub fn of<B: Field>(layer: &LayerGates<B>) -> Self {
        let public = |coef: CoefRef| matches!(coef.kind(), CoefKind::Public(_));
        Self {
            mul: layer.muls.len() as u64,
            add: layer.adds.len() as u64,
            constant: layer.consts.len() as u64,
            random: layer.num_random() as u64,
            public: layer.consts.iter().filter(|g| public(g.coef)).count() as u64,
            asserts: layer.asserts.len() as u64,
        }
    }

    /// Gates of all kinds.
    pub fn total(&self) -> u64 {
        self.mul + self.add + self.constant
    }

    fn plus(self, other: Self) -> Self {
        Self {
            mul: self.mul + other.mul,
            add: self.add + other.add,
            constant: self.constant + other.constant,
            random: self.random + other.random,
            public: self.public + other.public,
            asserts: self.asserts + other.asserts,
        }
    }
}

/// A checked circuit in canonical form (`docs/protocol.md`, section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit<B> {
    parts: CircuitParts<B>,
    random_offsets: Vec<u32>,
    num_random: u32,
    input_ends: Vec<InputEnds>,
    digest: [u8; 32],
}

/// How far the gates of a layer reach into its input wires: one more than the largest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct InputEnds {
    /// Left inputs of mul gates, and inputs of add gates.
    pub x: u32,
    /// Right inputs of mul gates.
    pub y: u32,
}

impl InputEnds {
    fn of<B>(layer: &LayerGates<B>) -> Self {
        let mut ends = Self::default();
        for gate in &layer.muls {
            ends.x = ends.x.max(gate.x + 1);
            ends.y = ends.y.max(gate.y + 1);
        }
        for gate in &layer.adds {
            ends.x = ends.x.max(gate.x + 1);
        }
        ends
    }
}

impl<B: Field> Circuit<B> {
    /// Checks the parts and brings them into canonical form: gates sorted, constants collected,
    /// gates with coefficient zero and gates of the last layer beyond the outputs dropped.
    /// Cost: a sort of every layer that is not sorted, and one SHA-256 of the encoding.
    ///
    /// # Errors
    /// If the parts break a rule of section 3. An assertion beyond the outputs of the last layer
    /// is one: the gates that it is about would be dropped.
    pub fn new(mut parts: CircuitParts<B>) -> Result<Self, CircuitError> {
        check_shape(&parts)?;
        let last = parts.layers.len() - 1;
        for (index, layer) in parts.layers.iter_mut().enumerate() {
            let outputs = if index == last {
                parts.num_outputs
            } else {
                1 << layer.output_vars
            };
            canonical::canonicalise(layer, index, outputs, parts.num_public)?;
        }
        let mut random_offsets = Vec::with_capacity(parts.layers.len());
        let mut count = 0u64;
        for layer in &parts.layers {
            random_offsets.push(to_count("random coefficients", count)?);
            count += layer.num_random() as u64;
        }
        let num_random = to_count("random coefficients", count)?;
        let input_ends = parts.layers.iter().map(InputEnds::of).collect();
        let mut circuit = Self {
            parts,
            random_offsets,
            num_random,
            input_ends,
            digest: [0; 32],
        };
        let mut hash = Sha256::new();
        format::encode_to(&circuit, &mut |bytes| hash.update(bytes));
        circuit.digest = hash.finalize().into();
        Ok(circuit)
    }

    /// The field.
    pub fn field(&self) -> FieldId {
        self.parts.field
    }

    /// Base-2 logarithm of the number of inputs.
    pub fn input_vars(&self) -> u32 {
        self.parts.input_vars
    }

    /// Number of inputs of an instance.
    pub fn num_inputs(&self) -> usize {
        1 << self.parts.input_vars
    }

    /// Public inputs of an instance.
    pub fn num_public(&self) -> u32 {
        self.parts.num_public
    }

    /// First wires of the last layer that are outputs.
    pub fn num_outputs(&self) -> u32 {
        self.parts.num_outputs
    }

    /// First outputs that must be zero.
    pub fn num_zero_outputs(&self) -> u32 {
        self.parts.num_zero_outputs
    }

    /// The layers, layer 0 (which reads the input) first.
    pub fn layers(&self) -> &[LayerGates<B>] {
        &self.parts.layers
    }

    /// Base-2 logarithm of the last layer's wires.
    pub fn output_vars(&self) -> u32 {
        self.parts.layers[self.parts.layers.len() - 1].output_vars
    }

    /// Random coefficients of all layers.
    pub fn num_random(&self) -> u32 {
        self.num_random
    }

    /// Number of the layer's first random coefficient.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn random_offset(&self, layer: usize) -> u32 {
        self.random_offsets[layer]
    }

    /// How far the layer's gates reach into its input wires; computed once, when the circuit is made.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn input_ends(&self, layer: usize) -> InputEnds {
        self.input_ends[layer]
    }

    /// SHA-256 of the canonical encoding; computed once, when the circuit is made.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Gates of all layers by kind.
    pub fn gate_counts(&self) -> GateCounts {
        self.layers()
            .iter()
            .map(GateCounts::of)
            .fold(GateCounts::default(), GateCounts::plus)
    }

    /// Base-2 logarithm of the widest table of wires, the input included.
    pub fn max_vars(&self) -> u32 {
        self.layers()
            .iter()
            .map(|l| l.output_vars)
            .fold(self.input_vars(), u32::max)
    }

    /// Wires of all layers, the input included.
    pub fn num_wires(&self) -> u64 {
        self.layers()
            .iter()
            .map(|l| 1u64 << l.output_vars)
            .sum::<u64>()
            + (1 << self.input_vars())
    }

    /// Gives the parts back, to change them and make another circuit.
    pub fn into_parts(self) -> CircuitParts<B> {
        self.parts
    }
}

fn to_count(what: &'static str, found: u64) -> Result<u32, CircuitError> {
    u32::try_from(found).map_err(|_| CircuitError::Count { what, found })
}

/// Checks everything but the gates.
fn check_shape<B: Field>(parts: &CircuitParts<B>) -> Result<(), CircuitError> {
    let found = field_of::<B>();
    if found != parts.field {
        return Err(CircuitError::Field {
            field: parts.field,
            found,
        });
    }
    if parts.num_public > MAX_PUBLIC {
        let found = u64::from(parts.num_public);
        return Err(CircuitError::Count {
            what: "public inputs",
            found,
        });
    }
    if parts.layers.is_empty() || parts.layers.len() > MAX_LAYERS {
        return Err(CircuitError::Layers {
            found: parts.layers.len(),
        });
    }
    let mut expected = parts.input_vars;
    for (index, layer) in parts.layers.iter().enumerate() {
        for found in [layer.input_vars, layer.output_vars] {
            if found > MAX_VARS {
                return Err(CircuitError::Vars {
                    layer: index,
                    found,
                });
            }
        }
        if layer.input_vars != expected {
            return Err(CircuitError::Fit {
                layer: index,
                expected,
                found: layer.input_vars,
            });
        }
        expected = layer.output_vars;
    }
    let CircuitParts {
        num_outputs,
        num_zero_outputs,
        ..
    } = *parts;
    if num_outputs == 0 || num_outputs > 1 << expected || num_zero_outputs > num_outputs {
        let output_vars = expected;
        return Err(CircuitError::Outputs {
            num_outputs,
            num_zero_outputs,
            output_vars,
        });
    }
    Ok(())
}

/// Why values are not instances of a circuit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstancesError {
    /// No instance, or too many.
    #[error("expected 1 to {MAX_INSTANCES} instances, found {found}")]
    Number {
        /// The number of instances.
        found: u64,
    },
    /// The values of all instances are not as many as the circuit's.
    #[error("expected {expected} {what} values, found {found}")]
    Length {
        /// "private" or "public".
        what: &'static str,
        /// Values that the circuit asks for.
        expected: u64,
        /// Values given.
        found: u64,
    },
}

/// The input values of `N` instances of a circuit: its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instances<B> {
    num: usize,
    num_inputs: usize,
    num_public: usize,
    inputs: Vec<B>,
    public: Vec<B>,
}

impl<B: Field> Instances<B> {
    /// Takes the values of `num` instances, instance after instance:
    /// `inputs` are `num` times `2^input_vars` values, `public` are `num` times `num_public`.
    ///
    /// # Errors
    /// If `num` is 0 or above [`MAX_INSTANCES`], or a length does not fit the circuit.
    pub fn new(
        circuit: &Circuit<B>,
        num: usize,
        inputs: Vec<B>,
        public: Vec<B>,
    ) -> Result<Self, InstancesError> {
        if num == 0 || num > MAX_INSTANCES {
            return Err(InstancesError::Number { found: num as u64 });
        }
        let (num_inputs, num_public) = (circuit.num_inputs(), circuit.num_public() as usize);
        let lengths = [
            ("private", num_inputs, inputs.len()),
            ("public", num_public, public.len()),
        ];
        for (what, each, found) in lengths {
            let (expected, found) = (num as u64 * each as u64, found as u64);
            if found != expected {
                return Err(InstancesError::Length {
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(Self {
            num,
            num_inputs,
            num_public,
            inputs,
            public,
        })
    }

    /// Number of instances.
    pub fn num_instances(&self) -> usize {
        self.num
    }

    /// The inputs of all instances, instance after instance.
    pub fn inputs(&self) -> &[B] {
        &self.inputs
    }

    /// The public inputs of all instances, instance after instance.
    pub fn public(&self) -> &[B] {
        &self.public
    }

    /// The `2^input_vars` inputs of one instance.
    ///
    /// # Panics
    /// If there is no such instance.
    pub fn input_of(&self, instance: usize) -> &[B] {
        assert!(instance < self.num, "instance {instance} of {}", self.num);
        &self.inputs[instance * self.num_inputs..][..self.num_inputs]
    }

    /// The `num_public` public inputs of one instance.
    ///
    /// # Panics
    /// If there is no such instance.
    pub fn public_of(&self, instance: usize) -> &[B] {
        assert!(instance < self.num, "instance {instance} of {}", self.num);
        &self.public[instance * self.num_public..][..self.num_public]
    }

    /// The first `num` instances; the others are dropped.
    ///
    /// # Panics
    /// If `num` is 0 or there are fewer instances.
    pub fn truncate(&mut self, num: usize) {
        assert!(
            0 < num && num <= self.num,
            "{num} of {} instances",
            self.num
        );
        self.num = num;
        self.inputs.truncate(num * self.num_inputs);
        self.public.truncate(num * self.num_public);
    }
}
