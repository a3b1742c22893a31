//! Circuits from arithmetic: nodes of a DAG in, layers out (`docs/circuits.md`, "Builder").
//!
//! Absent on purpose: optimisation across layers (`tune`), witness generation beyond padding.

mod assemble;
mod poly;
mod resolve;

use std::collections::HashMap;

use prover_core::{Field, FieldId};

use crate::fields::field_of;
use crate::model::{Circuit, CircuitError, GateCounts, MAX_PUBLIC};

/// A value of the circuit under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wire(u32);

impl Wire {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A coefficient of a linear combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scale<B> {
    Constant(B),
    Random,
}

/// How a value comes about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node<B> {
    Input(u32),
    Public(u32),
    RandomConstant,
    Sum(Vec<(Scale<B>, Wire)>, B),
    Product(Wire, Wire),
}

impl<B> Node<B> {
    /// Calls `visit` for every operand once.
    fn for_each_operand(&self, mut visit: impl FnMut(Wire)) {
        match self {
            Self::Input(_) | Self::Public(_) | Self::RandomConstant => {}
            Self::Sum(terms, _) => terms.iter().for_each(|&(_, w)| visit(w)),
            Self::Product(a, b) => {
                visit(*a);
                if a != b {
                    visit(*b);
                }
            }
        }
    }
}

/// Why nothing could be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Neither an output nor an assertion depends on anything.
    #[error("the circuit has no output and no assertion")]
    NoOutputs,
    /// The result breaks a limit of circuits.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

/// Where the inputs of a built circuit stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLayout {
    /// Private inputs: wires `0 ..` of the input layer, in order of creation.
    pub num_private: u32,
    /// Public inputs, in order of creation.
    pub num_public: u32,
    /// Base-2 logarithm of the input layer's wires.
    pub input_vars: u32,
}

impl InputLayout {
    /// The input table of one instance: its private inputs, then zeros.
    ///
    /// # Panics
    /// If there are not `num_private` values.
    pub fn pad<B: Field>(&self, private: &[B]) -> Vec<B> {
        assert_eq!(
            private.len(),
            self.num_private as usize,
            "one value for each private input"
        );
        let mut table = private.to_vec();
        table.resize(1 << self.input_vars, B::ZERO);
        table
    }
}

/// What building amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildReport {
    /// Layers.
    pub layers: usize,
    /// Gates by kind.
    pub gates: GateCounts,
    /// Add gates that only carry a value to the next layer.
    pub relays: u64,
    /// Nodes that no output and no assertion depends on.
    pub dropped_nodes: u64,
    /// Nodes that became part of other nodes' gates and have no wire of their own.
    pub absorbed_nodes: u64,
}

/// A circuit with its input layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built<B> {
    /// The circuit.
    pub circuit: Circuit<B>,
    /// Where its inputs stand.
    pub layout: InputLayout,
    /// What building amounted to.
    pub report: BuildReport,
}

/// Collects arithmetic nodes, and lays them out in layers.
///
/// Private inputs are wires of the input layer; public inputs and constants enter through const
/// gates, so they exist from the first layer's outputs on. Equal nodes are one node.
#[derive(Clone, Debug)]
pub struct CircuitBuilder<B> {
    field: FieldId,
    nodes: Vec<Node<B>>,
    known: HashMap<Node<B>, Wire>,
    num_private: u32,
    num_public: u32,
    asserts: Vec<Wire>,
    outputs: Vec<Wire>,
}

impl<B: Field> CircuitBuilder<B> {
    /// An empty circuit.
    ///
    /// # Panics
    /// If `B` is not the base field of `field`.
    pub fn new(field: FieldId) -> Self {
        assert_eq!(field_of::<B>(), field, "elements of another field");
        Self {
            field,
            nodes: Vec::new(),
            known: HashMap::new(),
            num_private: 0,
            num_public: 0,
            asserts: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The next private input.
    pub fn input(&mut self) -> Wire {
        self.num_private += 1;
        self.fresh(Node::Input(self.num_private - 1))
    }

    /// The next `count` private inputs.
    pub fn inputs(&mut self, count: usize) -> Vec<Wire> {
        (0..count).map(|_| self.input()).collect()
    }

    /// The next public input.
    ///
    /// # Panics
    /// If there are [`MAX_PUBLIC`] already.
    pub fn public(&mut self) -> Wire {
        assert!(self.num_public < MAX_PUBLIC, "too many public inputs");
        self.num_public += 1;
        self.fresh(Node::Public(self.num_public - 1))
    }

    /// The next `count` public inputs.
    pub fn publics(&mut self, count: usize) -> Vec<Wire> {
        (0..count).map(|_| self.public()).collect()
    }

    /// A constant.
    pub fn constant(&mut self, value: B) -> Wire {
        self.linear_combination(&[], value)
    }

    /// `Σ c_i·w_i + constant`.
    pub fn linear_combination(&mut self, terms: &[(B, Wire)], constant: B) -> Wire {
        let mut sum: Vec<(Wire, B)> = Vec::with_capacity(terms.len());
        let mut constant = constant;
        for &(c, w) in terms {
            match self.constant_of(w) {
                Some(value) => constant += c * value,
                None => sum.push((w, c)),
            }
        }
        sum.sort_unstable_by_key(|&(w, _)| w);
        sum.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        sum.retain(|&(_, c)| !c.is_zero());
        if let [(w, c)] = sum[..]
            && c.is_one()
            && constant.is_zero()
        {
            return w;
        }
        self.shared(Node::Sum(
            sum.into_iter()
                .map(|(w, c)| (Scale::Constant(c), w))
                .collect(),
            constant,
        ))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Wire, b: Wire) -> Wire {
        self.linear_combination(&[(B::ONE, a), (B::ONE, b)], B::ZERO)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Wire, b: Wire) -> Wire {
        self.linear_combination(&[(B::ONE, a), (-B::ONE, b)], B::ZERO)
    }

    /// `-a`.
    pub fn neg(&mut self, a: Wire) -> Wire {
        self.scale(-B::ONE, a)
    }

    /// The sum of wires; zero for none.
    pub fn sum(&mut self, wires: &[Wire]) -> Wire {
        let terms: Vec<(B, Wire)> = wires.iter().map(|&w| (B::ONE, w)).collect();
        self.linear_combination(&terms, B::ZERO)
    }

    /// `factor·a`.
    pub fn scale(&mut self, factor: B, a: Wire) -> Wire {
        self.linear_combination(&[(factor, a)], B::ZERO)
    }

    /// `a + constant`.
    pub fn add_constant(&mut self, a: Wire, constant: B) -> Wire {
        self.linear_combination(&[(B::ONE, a)], constant)
    }

    /// `a·b`.
    pub fn mul(&mut self, a: Wire, b: Wire) -> Wire {
        if let Some(value) = self.constant_of(a) {
            return self.scale(value, b);
        }
        if let Some(value) = self.constant_of(b) {
            return self.scale(value, a);
        }
        self.shared(Node::Product(a.min(b), a.max(b)))
    }

    /// `a·a`.
    pub fn square(&mut self, a: Wire) -> Wire {
        self.mul(a, a)
    }

    /// Exclusive or of two bits: `a + b - 2ab`, over GF(2) plainly `a + b`.
    pub fn xor(&mut self, a: Wire, b: Wire) -> Wire {
        let minus_two = -B::from_u64(2);
        if minus_two.is_zero() {
            return self.add(a, b);
        }
        let product = self.mul(a, b);
        self.linear_combination(&[(B::ONE, a), (B::ONE, b), (minus_two, product)], B::ZERO)
    }

    /// Conjunction of two bits: their product.
    pub fn and(&mut self, a: Wire, b: Wire) -> Wire {
        self.mul(a, b)
    }

    /// Negation of a bit: `1 - a`.
    pub fn not(&mut self, a: Wire) -> Wire {
        self.linear_combination(&[(-B::ONE, a)], B::ONE)
    }

    /// `condition·(if_one - if_zero) + if_zero`, for a bit as the condition.
    pub fn select(&mut self, condition: Wire, if_one: Wire, if_zero: Wire) -> Wire {
        let difference = self.sub(if_one, if_zero);
        let chosen = self.mul(condition, difference);
        self.add(chosen, if_zero)
    }

    /// `Σ ρ_i·w_i` with a random coefficient of its own for each wire.
    pub fn random_linear_combination(&mut self, wires: &[Wire]) -> Wire {
        let terms = wires.iter().map(|&w| (Scale::Random, w)).collect();
        self.fresh(Node::Sum(terms, B::ZERO))
    }

    /// A random value, the same for all instances.
    pub fn random_constant(&mut self) -> Wire {
        self.fresh(Node::RandomConstant)
    }

    /// Demands that `a` be zero in every instance.
    pub fn assert_zero(&mut self, a: Wire) {
        self.asserts.push(a);
    }

    /// Demands that `a` equal `b` in every instance.
    pub fn assert_equal(&mut self, a: Wire, b: Wire) {
        // A public input enters a sum for free with the coefficient one only.
        let difference = match self.nodes[b.index()] {
            Node::Public(_) => self.sub(b, a),
            _ => self.sub(a, b),
        };
        self.assert_zero(difference);
    }

    /// Demands that `a` be 0 or 1 in every instance.
    pub fn assert_bit(&mut self, a: Wire) {
        let square = self.square(a);
        self.assert_equal(square, a);
    }

    /// Makes `a` the next claimed output.
    pub fn output(&mut self, a: Wire) {
        self.outputs.push(a);
    }

    /// Lays the nodes out in layers.
    /// Cost: linear in the nodes and gates, up to sorting.
    ///
    /// # Errors
    /// If there is nothing to prove, or a limit of circuits is exceeded.
    pub fn build(self) -> Result<Built<B>, BuildError> {
        let plan = resolve::resolve(&self)?;
        assemble::assemble(&self, plan)
    }

    fn constant_of(&self, wire: Wire) -> Option<B> {
        match &self.nodes[wire.index()] {
            Node::Sum(terms, constant) if terms.is_empty() => Some(*constant),
            _ => None,
        }
    }

    fn fresh(&mut self, node: Node<B>) -> Wire {
        let index = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
        self.nodes.push(node);
        Wire(index)
    }

    fn shared(&mut self, node: Node<B>) -> Wire {
        if let Some(&wire) = self.known.get(&node) {
            return wire;
        }
        let wire = self.fresh(node.clone());
        self.known.insert(node, wire);
        wire
    }
}
