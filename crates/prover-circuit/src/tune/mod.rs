//! A circuit that says the same with less: dead gates and relay layers removed, wires relabelled.
//!
//! Inputs and outputs stay where they are. Absent on purpose: algebra across layers beyond relays.

mod fuse;
mod prune;
mod relabel;

use std::collections::HashMap;

use prover_core::{AddGate, CoefKind, CoefRef, ConstGate, Field, LayerGates, MulGate};

use crate::model::{Circuit, CircuitError, CircuitParts, GateCounts};

/// What tuning did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TuneReport {
    /// Layers before and after.
    pub layers: (usize, usize),
    /// Gates before and after.
    pub gates: (GateCounts, GateCounts),
    /// Wires of all layers before and after, the input included.
    pub wires: (u64, u64),
    /// Relay-only layers removed.
    pub fused_layers: usize,
    /// How often consecutive gates read from different runs of 16 wires, before and after
    /// relabelling.
    pub jumps: (u64, u64),
    /// For each random coefficient of the tuned circuit, its number in the original.
    pub random_origin: Vec<u32>,
}

/// Removes what does not matter, fuses relay-only layers into their neighbours, and relabels the
/// wires of inner layers where that makes gates read neighbouring wires.
///
/// For the same inputs, public inputs and random coefficients (renumbered by
/// [`TuneReport::random_origin`]) the outputs are the same, and assertions are violated if and
/// only if the original's are.
/// Cost: a few sorts of every layer; memory as [`tune_bytes`] says.
///
/// # Errors
/// Never for a reason of the circuit's: a tuned circuit is smaller.
pub fn tune<B: Field>(circuit: &Circuit<B>) -> Result<(Circuit<B>, TuneReport), CircuitError> {
    let outputs = circuit.num_outputs();
    let mut layers = expand(circuit);
    let inputs = circuit.num_inputs();
    prune::prune(&mut layers, inputs, outputs);
    let fused_layers = fuse::fuse(&mut layers);
    layers.iter_mut().for_each(merge);
    prune::prune(&mut layers, inputs, outputs);
    let jumps = relabel::relabel(&mut layers, outputs);
    let mut random_origin = Vec::new();
    let mut input_vars = circuit.input_vars();
    let mut finished = Vec::with_capacity(layers.len());
    for layer in layers {
        let layer = collapse(layer, input_vars, &mut random_origin);
        input_vars = layer.output_vars;
        finished.push(layer);
    }
    let tuned = Circuit::new(CircuitParts {
        field: circuit.field(),
        input_vars: circuit.input_vars(),
        num_public: circuit.num_public(),
        num_outputs: outputs,
        num_zero_outputs: circuit.num_zero_outputs(),
        layers: finished,
    })?;
    debug_assert_eq!(tuned.num_random() as usize, random_origin.len());
    let report = TuneReport {
        layers: (circuit.layers().len(), tuned.layers().len()),
        gates: (circuit.gate_counts(), tuned.gate_counts()),
        wires: (circuit.num_wires(), tuned.num_wires()),
        fused_layers,
        jumps,
        random_origin,
    };
    Ok((tuned, report))
}

/// Bytes that [`tune`] takes at most beside the circuit: twice the gates with their coefficients, copies
/// of two neighbouring layers' for each of three orders, and lists over the wires of two neighbouring
/// tables, whether a gate names them or not.
pub fn tune_bytes<B: Field>(circuit: &Circuit<B>) -> u64 {
    let gates_of = |layer: &LayerGates<B>| {
        let gates = layer.muls.len() + layer.adds.len() + layer.consts.len();
        (gates + layer.asserts.len()) as u64
    };
    let layers = circuit.layers();
    let gates: u64 = layers.iter().map(gates_of).sum();
    let most_gates = layers.iter().map(gates_of).max().unwrap_or(0);
    let wires = layers
        .iter()
        .map(|layer| layer.input_vars.max(layer.output_vars));
    let most_wires = 1u64 << wires.max().unwrap_or(0);
    let (gate, wire) = (size_of::<Gate<B, 3>>(), size_of::<Option<(u32, B)>>() + 16);
    (2 * gates + 8 * most_gates) * gate as u64 + 2 * most_wires * wire as u64
}

/// A coefficient that keeps its meaning when gates move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coef<B> {
    Constant(B),
    Public(u32),
    /// By its number in the original.
    Random(u32),
}

impl<B: Field> Coef<B> {
    /// Multiplied by a constant, if a gate can say so.
    fn times(self, factor: B) -> Option<Self> {
        match self {
            Self::Constant(c) => Some(Self::Constant(c * factor)),
            other => factor.is_one().then_some(other),
        }
    }
}

/// A gate: `wires` are the output and, for mul and add gates, the inputs.
#[derive(Clone, Copy, Debug)]
struct Gate<B, const W: usize> {
    wires: [u32; W],
    coef: Coef<B>,
}

/// A layer with explicit coefficients.
#[derive(Clone, Debug)]
struct Layer<B> {
    outputs: usize,
    muls: Vec<Gate<B, 3>>,
    adds: Vec<Gate<B, 2>>,
    consts: Vec<Gate<B, 1>>,
    asserts: Vec<u32>,
}

fn expand<B: Field>(circuit: &Circuit<B>) -> Vec<Layer<B>> {
    let mut random = 0;
    let mut layers = Vec::with_capacity(circuit.layers().len());
    for layer in circuit.layers() {
        let mut coef = |coef: CoefRef| match coef.kind() {
            CoefKind::Constant(c) => Coef::Constant(layer.constants[c as usize]),
            CoefKind::Public(p) => Coef::Public(p),
            CoefKind::Random => {
                random += 1;
                Coef::Random(random - 1)
            }
        };
        // In the order in which random coefficients are numbered.
        let muls = layer.muls.iter().map(|g| Gate {
            wires: [g.z, g.x, g.y],
            coef: coef(g.coef),
        });
        let muls = muls.collect();
        let adds = layer.adds.iter().map(|g| Gate {
            wires: [g.z, g.x],
            coef: coef(g.coef),
        });
        let adds = adds.collect();
        let consts = layer.consts.iter().map(|g| Gate {
            wires: [g.z],
            coef: coef(g.coef),
        });
        let consts = consts.collect();
        let outputs = 1 << layer.output_vars;
        layers.push(Layer {
            outputs,
            muls,
            adds,
            consts,
            asserts: layer.asserts.clone(),
        });
    }
    layers
}

/// Sorts gates, adds up constants on the same wires, and drops those that are zero.
fn merge<B: Field>(layer: &mut Layer<B>) {
    for g in &mut layer.muls {
        g.wires[1..].sort_unstable();
    }
    merge_gates(&mut layer.muls);
    merge_gates(&mut layer.adds);
    merge_gates(&mut layer.consts);
}

fn merge_gates<B: Field, const W: usize>(gates: &mut Vec<Gate<B, W>>) {
    let varies = |g: &Gate<B, W>| !matches!(g.coef, Coef::Constant(_));
    gates.sort_by_key(|g| (g.wires, varies(g)));
    gates.dedup_by(|next, kept| match (next.coef, &mut kept.coef) {
        (Coef::Constant(c), Coef::Constant(sum)) if next.wires == kept.wires => {
            *sum += c;
            true
        }
        _ => false,
    });
    gates.retain(|g| !matches!(g.coef, Coef::Constant(c) if c.is_zero()));
}

/// Back to the circuit's form; notes the origin of random coefficients in their new order.
fn collapse<B: Field>(
    mut layer: Layer<B>,
    input_vars: u32,
    origin: &mut Vec<u32>,
) -> LayerGates<B> {
    let (mut known, mut constants) = (HashMap::new(), Vec::new());
    let mut coef = |coef: Coef<B>| match coef {
        Coef::Public(p) => CoefRef::public(p),
        Coef::Random(number) => {
            origin.push(number);
            CoefRef::RANDOM
        }
        Coef::Constant(value) => *known.entry(value).or_insert_with(|| {
            constants.push(value);
            CoefRef::constant(u32::try_from(constants.len() - 1).expect("fewer than the gates"))
        }),
    };
    layer.muls.sort_by_key(|g| g.wires);
    layer.adds.sort_by_key(|g| g.wires);
    layer.consts.sort_by_key(|g| g.wires);
    let muls = layer.muls.iter().map(|g| {
        let [z, x, y] = g.wires;
        MulGate {
            z,
            x,
            y,
            coef: coef(g.coef),
        }
    });
    let muls = muls.collect();
    let adds = layer.adds.iter().map(|g| {
        let [z, x] = g.wires;
        AddGate {
            z,
            x,
            coef: coef(g.coef),
        }
    });
    let adds = adds.collect();
    let consts = layer.consts.iter().map(|g| ConstGate {
        z: g.wires[0],
        coef: coef(g.coef),
    });
    let consts = consts.collect();
    let output_vars = layer.outputs.next_power_of_two().trailing_zeros();
    LayerGates {
        input_vars,
        output_vars,
        constants,
        muls,
        adds,
        consts,
        asserts: layer.asserts,
    }
}
