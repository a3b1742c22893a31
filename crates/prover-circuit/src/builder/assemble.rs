//! Lays resolved nodes out in layers: relays, positions, gates.

use std::collections::HashMap;

use prover_core::{AddGate, CoefRef, ConstGate, Field, LayerGates, MulGate};

use super::poly::{Coefficient, Poly};
use super::resolve::{Plan, Resolved};
use super::{BuildError, BuildReport, Built, CircuitBuilder, InputLayout, Node};
use crate::model::{Circuit, CircuitError, CircuitParts, MAX_VARS};

/// Makes the circuit of a plan.
pub(super) fn assemble<B: Field>(
    builder: &CircuitBuilder<B>,
    mut plan: Plan<B>,
) -> Result<Built<B>, BuildError> {
    let needed = needed(&plan);
    for (node, _) in plan
        .nodes
        .iter_mut()
        .zip(&needed)
        .filter(|(_, needed)| **needed)
    {
        node.as_mut()
            .expect("needed nodes are alive")
            .poly
            .normalise();
    }
    let ports = Ports::new(&plan);
    let present = presence(&plan, &needed, &ports);
    let input_vars = ceil_log2(builder.num_private as usize, 0)?;
    let (layers, relays) = lay_out(builder, &plan, &ports, &present, input_vars)?;
    let circuit = Circuit::new(CircuitParts {
        field: builder.field,
        input_vars,
        num_public: builder.num_public,
        num_outputs: count(ports.wires.len()),
        num_zero_outputs: count(ports.num_zeros),
        layers,
    })?;
    let used = needed.iter().filter(|needed| **needed).count() as u64;
    let report = BuildReport {
        layers: circuit.layers().len(),
        gates: circuit.gate_counts(),
        relays,
        dropped_nodes: plan.dropped,
        absorbed_nodes: plan.nodes.len() as u64 - plan.dropped - used,
    };
    let (num_private, num_public) = (builder.num_private, builder.num_public);
    Ok(Built {
        circuit,
        layout: InputLayout {
            num_private,
            num_public,
            input_vars,
        },
        report,
    })
}

/// The layers, and how many of their gates are relays.
fn lay_out<B: Field>(
    builder: &CircuitBuilder<B>,
    plan: &Plan<B>,
    ports: &Ports,
    present: &[Vec<u32>],
    input_vars: u32,
) -> Result<(Vec<LayerGates<B>>, u64), CircuitError> {
    let place = |(node, id): (&Node<B>, u32)| match node {
        Node::Input(position) => Some((id, *position)),
        _ => None,
    };
    let mut positions: HashMap<u32, u32> =
        builder.nodes.iter().zip(0u32..).filter_map(place).collect();
    let mut asserts_at = vec![Vec::new(); ports.depth as usize + 1];
    for &node in &plan.asserts {
        asserts_at[assert_level(plan.node(node)) as usize].push(node);
    }
    let (mut layers, mut relays, mut vars) = (Vec::new(), 0, input_vars);
    for level in 1..=ports.depth {
        let wires = if level < ports.depth {
            &present[level as usize]
        } else {
            &ports.wires
        };
        let output_vars = ceil_log2(wires.len(), layers.len())?;
        let mut layer = Layer::new(plan, &positions, vars, output_vars);
        for (&node, z) in wires.iter().zip(0u32..) {
            layer.wire(node, level, z);
        }
        let (mut gates, carried) = (layer.gates, layer.relays);
        if level < ports.depth {
            positions = wires.iter().copied().zip(0u32..).collect();
            gates.asserts = asserts_at[level as usize]
                .iter()
                .map(|w| positions[w])
                .collect();
        }
        relays += carried;
        vars = output_vars;
        layers.push(gates);
    }
    Ok((layers, relays))
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("not more than the nodes, or 2^30 wires")
}

fn ceil_log2(len: usize, layer: usize) -> Result<u32, CircuitError> {
    let found = len.max(1).next_power_of_two().trailing_zeros();
    if found > MAX_VARS {
        return Err(CircuitError::Vars { layer, found });
    }
    Ok(found)
}

/// Inputs and constants are asserted where they first leave a layer.
fn assert_level<B>(node: &Resolved<B>) -> u32 {
    node.level.max(1)
}

impl<B: Field> Plan<B> {
    fn node(&self, node: u32) -> &Resolved<B> {
        self.nodes[node as usize]
            .as_ref()
            .expect("nodes that are read are alive")
    }
}

/// Nodes that have a wire: outputs, assertions, and what their polynomials read.
fn needed<B: Field>(plan: &Plan<B>) -> Vec<bool> {
    let mut needed = vec![false; plan.nodes.len()];
    for &node in plan.asserts.iter().chain(&plan.outputs) {
        needed[node as usize] = true;
    }
    for index in (0..needed.len()).rev() {
        if needed[index] {
            let poly = &plan.nodes[index]
                .as_ref()
                .expect("needed nodes are alive")
                .poly;
            poly.quads.iter().for_each(|&(u, v, _)| {
                needed[u as usize] = true;
                needed[v as usize] = true;
            });
            poly.lins
                .iter()
                .for_each(|&(u, _)| needed[u as usize] = true);
        }
    }
    needed
}

/// The last layer's wires.
struct Ports {
    /// Level of the last layer's outputs: the number of layers.
    depth: u32,
    wires: Vec<u32>,
    num_zeros: usize,
}

impl Ports {
    fn new<B: Field>(plan: &Plan<B>) -> Self {
        let levels = plan
            .asserts
            .iter()
            .chain(&plan.outputs)
            .map(|&w| assert_level(plan.node(w)));
        let mut depth = levels.max().expect("a plan has an output or an assertion");
        let mut wires = Self::wires(plan, depth);
        // A node with random coefficients exists once: give it a wire, and its ports relays.
        let twice = |wires: &[u32]| {
            let mut random: Vec<u32> = wires
                .iter()
                .copied()
                .filter(|&w| plan.node(w).level == depth && plan.node(w).poly.random)
                .collect();
            random.sort_unstable();
            random.windows(2).any(|pair| pair[0] == pair[1])
        };
        if twice(&wires.0) {
            depth += 1;
            wires = Self::wires(plan, depth);
        }
        Self {
            depth,
            wires: wires.0,
            num_zeros: wires.1,
        }
    }

    /// Assertions at the last level are zero outputs, and stand first.
    fn wires<B: Field>(plan: &Plan<B>, depth: u32) -> (Vec<u32>, usize) {
        let last = plan
            .asserts
            .iter()
            .filter(|&&w| assert_level(plan.node(w)) == depth);
        let mut wires: Vec<u32> = last.copied().collect();
        let num_zeros = wires.len();
        wires.extend(&plan.outputs);
        (wires, num_zeros)
    }
}

/// The nodes that have a wire at each level, ascending; level 0 and the last are left empty.
fn presence<B: Field>(plan: &Plan<B>, needed: &[bool], ports: &Ports) -> Vec<Vec<u32>> {
    let depth = ports.depth;
    let mut last = vec![0u32; plan.nodes.len()];
    let mut free: Vec<(u32, u32)> = Vec::new();
    let mut read = |node: u32, level: u32| {
        if plan.node(node).is_free() {
            free.push((level, node));
        } else {
            last[node as usize] = last[node as usize].max(level);
        }
    };
    for (index, resolved) in plan.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
        let Resolved { poly, level, .. } = resolved.as_ref().expect("needed nodes are alive");
        let reads = poly.quads.iter().flat_map(|&(u, v, _)| [u, v]);
        for node in reads.chain(poly.lins.iter().map(|&(u, _)| u)) {
            debug_assert!((node as usize) < index, "polynomials read earlier nodes");
            read(node, level - 1);
        }
    }
    // A port reads its node's wire below, unless the node is computed in the port itself.
    for &node in &ports.wires {
        let resolved = plan.node(node);
        if !resolved.is_free() && resolved.level < depth {
            read(node, depth - 1);
        }
    }
    for &node in &plan.asserts {
        let level = assert_level(plan.node(node));
        if level < depth {
            read(node, level);
        }
    }
    let mut present = vec![Vec::new(); depth as usize];
    for (index, resolved) in plan.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
        let resolved = resolved.as_ref().expect("needed nodes are alive");
        if !resolved.is_free() {
            for level in resolved.level.max(1)..=last[index].min(depth - 1) {
                present[level as usize].push(count(index));
            }
        }
    }
    for (level, node) in free {
        present[level as usize].push(node);
    }
    for wires in &mut present {
        wires.sort_unstable();
        wires.dedup();
    }
    present
}

impl<B: Field> Resolved<B> {
    /// Whether it is a constant: computed where it is needed, never carried.
    fn is_free(&self) -> bool {
        !self.input && self.poly.is_free()
    }
}

/// A layer under construction.
struct Layer<'a, B> {
    plan: &'a Plan<B>,
    below: &'a HashMap<u32, u32>,
    gates: LayerGates<B>,
    known: HashMap<B, u32>,
    relays: u64,
}

impl<'a, B: Field> Layer<'a, B> {
    fn new(plan: &'a Plan<B>, below: &'a HashMap<u32, u32>, reads: u32, writes: u32) -> Self {
        let gates = LayerGates {
            input_vars: reads,
            output_vars: writes,
            ..Default::default()
        };
        Self {
            plan,
            below,
            gates,
            known: HashMap::new(),
            relays: 0,
        }
    }

    /// Puts a node on wire `z`: computed if this is its level or it is a constant, else relayed.
    fn wire(&mut self, node: u32, level: u32, z: u32) {
        let resolved = self.plan.node(node);
        if resolved.is_free() || resolved.level == level {
            return self.compute(&resolved.poly, z);
        }
        let coef = self.coef(Coefficient::Constant(B::ONE));
        self.gates.adds.push(AddGate {
            z,
            x: self.below[&node],
            coef,
        });
        self.relays += 1;
    }

    fn compute(&mut self, poly: &Poly<B>, z: u32) {
        for &(u, v, c) in &poly.quads {
            let (x, y) = (self.below[&u], self.below[&v]);
            let coef = self.coef(c);
            self.gates.muls.push(MulGate {
                z,
                x: x.min(y),
                y: x.max(y),
                coef,
            });
        }
        for &(u, c) in &poly.lins {
            let coef = self.coef(c);
            self.gates.adds.push(AddGate {
                z,
                x: self.below[&u],
                coef,
            });
        }
        for &c in &poly.consts {
            let coef = self.coef(c);
            self.gates.consts.push(ConstGate { z, coef });
        }
    }

    fn coef(&mut self, coefficient: Coefficient<B>) -> CoefRef {
        match coefficient {
            Coefficient::Random => CoefRef::RANDOM,
            Coefficient::Public(i) => CoefRef::public(i),
            Coefficient::Constant(value) => {
                let list = &mut self.gates.constants;
                CoefRef::constant(*self.known.entry(value).or_insert_with(|| {
                    list.push(value);
                    count(list.len() - 1)
                }))
            }
        }
    }
}
