//! Random circuits with satisfying witnesses, and single layers for benches.
//!
//! Everything is a function of the seed. Absent on purpose: realistic circuits (the gallery).

use std::collections::HashMap;

use prover_core::{AddGate, CoefRef, ConstGate, Field, FieldId, LayerGates, MulGate};

use crate::model::{Circuit, CircuitError, CircuitParts, Instances};

/// A small deterministic generator of numbers (SplitMix64); not for secrets.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, for bounds far below `2^64`.
    ///
    /// # Panics
    /// If `bound` is zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next_u64() % u64::from(bound)).expect("below a 32-bit bound")
    }

    /// A uniform element.
    pub fn element<B: Field>(&mut self) -> B {
        let mut bytes = Vec::with_capacity(B::UNIFORM_BYTES + 8);
        while bytes.len() < B::UNIFORM_BYTES {
            bytes.extend_from_slice(&self.next_u64().to_le_bytes());
        }
        B::from_uniform(&bytes[..B::UNIFORM_BYTES])
    }

    /// A uniform element that is not zero.
    pub fn nonzero<B: Field>(&mut self) -> B {
        let value: B = self.element();
        if value.is_zero() { B::ONE } else { value }
    }
}

/// Which inputs the gates of an output wire read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WiringKind {
    /// Inputs near the output's place.
    Local,
    /// Inputs anywhere.
    Random,
}

/// What a random circuit looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratorConfig {
    /// The seed.
    pub seed: u64,
    /// Layers.
    pub num_layers: usize,
    /// Base-2 logarithm of the inputs.
    pub input_vars: u32,
    /// Base-2 logarithm of the wires of every other layer.
    pub width_vars: u32,
    /// Mul gates of a layer.
    pub muls: u32,
    /// Add gates of a layer.
    pub adds: u32,
    /// Const gates of a layer.
    pub consts: u32,
    /// Gates in a hundred with a random coefficient.
    pub random_percent: u32,
    /// Public inputs; const gates name them in every third gate.
    pub num_public: u32,
    /// Asserted outputs of a layer, at least one of which depends on the witness in layer 0.
    pub asserts: u32,
    /// Outputs.
    pub num_outputs: u32,
    /// Outputs that are zero in every satisfying instance.
    pub num_zero_outputs: u32,
    /// Which inputs gates read.
    pub wiring: WiringKind,
}

impl GeneratorConfig {
    /// A circuit with something of everything: `2^vars` wires everywhere, as many mul and add
    /// gates in each layer.
    pub fn mixed(seed: u64, num_layers: usize, vars: u32) -> Self {
        let wires = 1u32 << vars;
        Self {
            seed,
            num_layers,
            input_vars: vars,
            width_vars: vars,
            muls: wires,
            adds: wires,
            consts: wires.div_ceil(4),
            random_percent: 10,
            num_public: 2,
            asserts: wires.min(2),
            num_outputs: wires,
            num_zero_outputs: wires / 2,
            wiring: WiringKind::Random,
        }
    }
}

/// A random circuit; [`random_instances`] satisfy it.
/// Cost: linear in the gates, up to sorting.
///
/// # Errors
/// If the configuration is no circuit: no layer, more outputs than wires, and so on.
pub fn random_circuit<B: Field>(
    field: FieldId,
    config: &GeneratorConfig,
) -> Result<Circuit<B>, CircuitError> {
    let mut rng = SplitMix64::new(config.seed);
    let mut layers = Vec::with_capacity(config.num_layers);
    for index in 0..config.num_layers {
        let last = index + 1 == config.num_layers;
        let input_vars = if index == 0 {
            config.input_vars
        } else {
            config.width_vars
        };
        // Wires that must be zero: the first ones of the last layer, spread ones of the others.
        let wires = 1u32 << config.width_vars;
        let mut zeros: Vec<u32> = if last {
            (0..config.num_zero_outputs.min(wires)).collect()
        } else {
            (0..config.asserts.min(wires))
                .map(|_| rng.below(wires))
                .collect()
        };
        zeros.sort_unstable();
        zeros.dedup();
        let mut maker = Maker::new(config, &mut rng, input_vars);
        maker.zero_wires(&zeros, index == 0);
        maker.other_wires(&zeros);
        let mut layer = maker.layer;
        layer.asserts = if last { Vec::new() } else { zeros };
        layers.push(layer);
    }
    Circuit::new(CircuitParts {
        field,
        input_vars: config.input_vars,
        num_public: config.num_public,
        num_outputs: config.num_outputs,
        num_zero_outputs: config.num_zero_outputs,
        layers,
    })
}

/// `num` random instances that satisfy a [`random_circuit`]: input 1 repeats input 0, input 2
/// repeats public input 0, as far as there are such.
///
/// # Panics
/// If `num` is zero or too large.
pub fn random_instances<B: Field>(circuit: &Circuit<B>, num: usize, seed: u64) -> Instances<B> {
    let mut rng = SplitMix64::new(seed ^ 0x5eed);
    let (mut inputs, mut public) = (Vec::new(), Vec::new());
    for _ in 0..num {
        let row: Vec<B> = (0..circuit.num_public()).map(|_| rng.element()).collect();
        let mut table: Vec<B> = (0..circuit.num_inputs()).map(|_| rng.element()).collect();
        if table.len() > 1 {
            table[1] = table[0];
        }
        if let (Some(input), Some(&value)) = (table.get_mut(2), row.first()) {
            *input = value;
        }
        inputs.extend(table);
        public.extend(row);
    }
    Instances::new(circuit, num, inputs, public).expect("lengths are the circuit's")
}

/// One layer of `2^num_vars` mul gates, one for each output wire, with coefficient one.
pub fn mul_layer<B: Field>(num_vars: u32, wiring: WiringKind, seed: u64) -> LayerGates<B> {
    let mut rng = SplitMix64::new(seed);
    let coef = CoefRef::constant(0);
    let mut muls: Vec<MulGate> = (0..1u32 << num_vars)
        .map(|z| {
            let x = source(&mut rng, wiring, z, num_vars, num_vars);
            MulGate {
                z,
                x,
                y: source(&mut rng, wiring, z, num_vars, num_vars),
                coef,
            }
        })
        .collect();
    muls.sort_unstable();
    let (input_vars, output_vars, constants) = (num_vars, num_vars, vec![B::ONE]);
    LayerGates {
        input_vars,
        output_vars,
        constants,
        muls,
        ..Default::default()
    }
}

/// One layer of `2^num_vars` add gates, one for each output wire, with coefficient one.
pub fn add_layer<B: Field>(num_vars: u32, wiring: WiringKind, seed: u64) -> LayerGates<B> {
    let mut rng = SplitMix64::new(seed);
    let coef = CoefRef::constant(0);
    let adds = (0..1u32 << num_vars)
        .map(|z| AddGate {
            z,
            x: source(&mut rng, wiring, z, num_vars, num_vars),
            coef,
        })
        .collect();
    let (input_vars, output_vars, constants) = (num_vars, num_vars, vec![B::ONE]);
    LayerGates {
        input_vars,
        output_vars,
        constants,
        adds,
        ..Default::default()
    }
}

/// An input wire for a gate of output `z`.
fn source(rng: &mut SplitMix64, wiring: WiringKind, z: u32, reads: u32, writes: u32) -> u32 {
    let inputs = 1u32 << reads;
    match wiring {
        WiringKind::Random => rng.below(inputs),
        WiringKind::Local => {
            let near = (u64::from(z) << reads) >> writes;
            (u32::try_from(near).expect("below the inputs") + rng.below(16)) & (inputs - 1)
        }
    }
}

/// Makes one layer.
struct Maker<'a, B> {
    config: &'a GeneratorConfig,
    rng: &'a mut SplitMix64,
    layer: LayerGates<B>,
    known: HashMap<B, CoefRef>,
}

impl<'a, B: Field> Maker<'a, B> {
    fn new(config: &'a GeneratorConfig, rng: &'a mut SplitMix64, input_vars: u32) -> Self {
        let output_vars = config.width_vars;
        let layer = LayerGates {
            input_vars,
            output_vars,
            ..Default::default()
        };
        Self {
            config,
            rng,
            layer,
            known: HashMap::new(),
        }
    }

    fn constant(&mut self, value: B) -> CoefRef {
        let list = &mut self.layer.constants;
        *self.known.entry(value).or_insert_with(|| {
            list.push(value);
            CoefRef::constant(u32::try_from(list.len() - 1).expect("fewer than the gates"))
        })
    }

    fn coefficient(&mut self) -> CoefRef {
        if self.rng.below(100) < self.config.random_percent {
            return CoefRef::RANDOM;
        }
        let value = match self.rng.below(3) {
            0 => B::ONE,
            1 => B::from_u64(u64::from(self.rng.below(8))),
            _ => self.rng.nonzero(),
        };
        self.constant(value)
    }

    fn input(&mut self, z: u32) -> u32 {
        source(
            self.rng,
            self.config.wiring,
            z,
            self.layer.input_vars,
            self.layer.output_vars,
        )
    }

    /// Wires that are zero for satisfying instances: `c·x·y - c·y·x` on each, and in layer 0 on
    /// the first also the input's own relations.
    fn zero_wires(&mut self, zeros: &[u32], first_layer: bool) {
        for &z in zeros {
            let (x, y) = (self.input(z), self.input(z));
            let value: B = self.rng.nonzero();
            for (x, y, value) in [(x, y, value), (y, x, -value)] {
                let coef = self.constant(value);
                self.layer.muls.push(MulGate { z, x, y, coef });
            }
        }
        let Some(&z) = zeros.first().filter(|_| first_layer) else {
            return;
        };
        let (plus, minus) = (self.constant(B::ONE), self.constant(-B::ONE));
        if self.layer.input_vars >= 1 {
            self.layer.adds.push(AddGate {
                z,
                x: 0,
                coef: plus,
            });
            self.layer.adds.push(AddGate {
                z,
                x: 1,
                coef: minus,
            });
        }
        if self.layer.input_vars >= 2 && self.config.num_public > 0 {
            let z = zeros[zeros.len() - 1];
            self.layer.consts.push(ConstGate {
                z,
                coef: CoefRef::public(0),
            });
            self.layer.adds.push(AddGate {
                z,
                x: 2,
                coef: minus,
            });
        }
    }

    fn other_wires(&mut self, zeros: &[u32]) {
        let wires = 1u32 << self.config.width_vars;
        if zeros.len() == wires as usize {
            return;
        }
        let other = |rng: &mut SplitMix64| {
            loop {
                let z = rng.below(wires);
                if zeros.binary_search(&z).is_err() {
                    return z;
                }
            }
        };
        for _ in 0..self.config.muls {
            let z = other(self.rng);
            let (x, y) = (self.input(z), self.input(z));
            let coef = self.coefficient();
            self.layer.muls.push(MulGate { z, x, y, coef });
        }
        for _ in 0..self.config.adds {
            let z = other(self.rng);
            let x = self.input(z);
            let coef = self.coefficient();
            self.layer.adds.push(AddGate { z, x, coef });
        }
        for i in 0..self.config.consts {
            let z = other(self.rng);
            let coef = if i % 3 == 0 && self.config.num_public > 0 {
                CoefRef::public(self.rng.below(self.config.num_public))
            } else {
                self.coefficient()
            };
            self.layer.consts.push(ConstGate { z, coef });
        }
    }
}
