//! Decides which nodes get wires, at which level, and which are absorbed into others' gates.

use prover_core::Field;

use super::poly::{Coefficient, Poly};
use super::{BuildError, CircuitBuilder, Node, Scale, Wire};

/// Terms of a node that is absorbed although several nodes read it.
const SHARED_TERMS: usize = 4;
/// Terms of a product of absorbed sums.
const PRODUCT_TERMS: usize = 6;

/// The outcome for one live node.
pub(super) struct Resolved<B> {
    pub(super) poly: Poly<B>,
    /// Level of its wire; inputs are at level 0.
    pub(super) level: u32,
    pub(super) input: bool,
}

/// What is to be laid out.
pub(super) struct Plan<B> {
    /// By node; `None` for dead nodes.
    pub(super) nodes: Vec<Option<Resolved<B>>>,
    /// Asserted nodes, aliases followed, ascending, each once.
    pub(super) asserts: Vec<u32>,
    /// Output nodes in order, aliases followed.
    pub(super) outputs: Vec<u32>,
    pub(super) dropped: u64,
}

/// Resolves all nodes that an output or assertion depends on.
pub(super) fn resolve<B: Field>(builder: &CircuitBuilder<B>) -> Result<Plan<B>, BuildError> {
    let uses = count_uses(builder);
    let mut resolver = Resolver {
        uses,
        nodes: Vec::with_capacity(builder.nodes.len()),
    };
    for (index, node) in builder.nodes.iter().enumerate() {
        let resolved = (resolver.uses[index] > 0).then(|| resolver.node(index, node));
        resolver.nodes.push(resolved);
    }
    let mut asserts: Vec<u32> = builder.asserts.iter().map(|&w| resolver.root(w)).collect();
    asserts.sort_unstable();
    asserts.dedup();
    // Zero is zero.
    asserts.retain(|&w| resolver.get(w).input || resolver.get(w).poly.len() > 0);
    let outputs: Vec<u32> = builder.outputs.iter().map(|&w| resolver.root(w)).collect();
    if asserts.is_empty() && outputs.is_empty() {
        return Err(BuildError::NoOutputs);
    }
    let dropped = resolver.nodes.iter().filter(|n| n.is_none()).count() as u64;
    Ok(Plan {
        nodes: resolver.nodes,
        asserts,
        outputs,
        dropped,
    })
}

/// How many nodes, outputs and assertions read each node that is alive.
fn count_uses<B: Field>(builder: &CircuitBuilder<B>) -> Vec<u32> {
    let mut uses = vec![0u32; builder.nodes.len()];
    for wire in builder.asserts.iter().chain(&builder.outputs) {
        uses[wire.index()] = uses[wire.index()].saturating_add(1);
    }
    // An output or assertion needs its wire whatever else reads it.
    uses.iter_mut().for_each(|u| *u = u.saturating_mul(2));
    for (index, node) in builder.nodes.iter().enumerate().rev() {
        if uses[index] > 0 {
            node.for_each_operand(|w| uses[w.index()] = uses[w.index()].saturating_add(1));
        }
    }
    uses
}

struct Resolver<B> {
    uses: Vec<u32>,
    nodes: Vec<Option<Resolved<B>>>,
}

/// `Σ c·u + constant` as a factor of a product.
struct Factor<B> {
    lins: Vec<(u32, u32, B)>,
    constant: B,
}

impl<B: Field> Resolver<B> {
    fn get(&self, node: u32) -> &Resolved<B> {
        self.nodes[node as usize]
            .as_ref()
            .expect("operands of live nodes are alive")
    }

    fn root(&self, wire: Wire) -> u32 {
        let resolved = self.get(wire.0);
        if resolved.input {
            return wire.0;
        }
        // Polynomials never read an alias, so one step is enough.
        resolved.poly.alias().unwrap_or(wire.0)
    }

    fn node(&mut self, index: usize, node: &Node<B>) -> Resolved<B> {
        let mut poly = match node {
            Node::Input(_) => {
                return Resolved {
                    poly: Poly::zero(),
                    level: 0,
                    input: true,
                };
            }
            Node::Public(i) => Poly::constant(Coefficient::Public(*i)),
            Node::RandomConstant => Poly::constant(Coefficient::Random),
            Node::Sum(terms, constant) => self.sum(terms, *constant),
            Node::Product(a, b) => self.product(*a, *b),
        };
        // Nodes read once are often absorbed: they are put in order when they get a wire.
        if self.uses[index] > 1 {
            poly.normalise();
        }
        let level = poly.level();
        Resolved {
            poly,
            level,
            input: false,
        }
    }

    /// Whether a term is written out instead of read from the operand's wire at no cost.
    fn always(&self, node: u32, scale: Coefficient<B>) -> bool {
        let resolved = self.get(node);
        let free = resolved.poly.is_free() || resolved.poly.is_scaled_wire();
        !resolved.input && free && resolved.poly.scales_by(scale)
    }

    /// Whether a term may be written out to lower the level of the node that reads it.
    fn absorbable(&self, node: u32, scale: Coefficient<B>) -> bool {
        let resolved = self.get(node);
        let shared = resolved.poly.len() <= SHARED_TERMS && !resolved.poly.random;
        !resolved.input
            && resolved.poly.scales_by(scale)
            && (self.uses[node as usize] == 1 || shared)
    }

    fn sum(&mut self, terms: &[(Scale<B>, Wire)], constant: B) -> Poly<B> {
        let terms: Vec<(Coefficient<B>, u32)> = terms
            .iter()
            .map(|&(scale, wire)| match scale {
                Scale::Constant(c) => (Coefficient::Constant(c), wire.0),
                Scale::Random => (Coefficient::Random, wire.0),
            })
            .collect();
        let reads = |this: &Self, &(scale, node): &(Coefficient<B>, u32)| {
            let resolved = this.get(node);
            if this.always(node, scale) {
                resolved.poly.reads
            } else {
                resolved.level
            }
        };
        let top = terms
            .iter()
            .map(|term| reads(self, term))
            .max()
            .unwrap_or(0);
        let lower = terms.iter().all(|term| {
            reads(self, term) < top
                || (!self.always(term.1, term.0) && self.absorbable(term.1, term.0))
        });
        let mut poly = Poly::zero();
        for (scale, node) in terms {
            let absorb = self.always(node, scale) || (lower && self.get(node).level == top);
            poly = if absorb {
                poly.plus(self.take(node).scaled(scale))
            } else {
                let level = self.get(node).level;
                poly.push_lin(node, level, scale);
                poly
            };
        }
        if !constant.is_zero() {
            poly.push_const(Coefficient::Constant(constant));
        }
        poly
    }

    /// The polynomial of an absorbed node: its own memory if nothing else reads the node.
    fn take(&mut self, node: u32) -> Poly<B> {
        let single = self.uses[node as usize] == 1;
        let resolved = self.nodes[node as usize]
            .as_mut()
            .expect("operands of live nodes are alive");
        if single {
            std::mem::replace(&mut resolved.poly, Poly::zero())
        } else {
            resolved.poly.clone()
        }
    }

    fn product(&mut self, a: Wire, b: Wire) -> Poly<B> {
        let factors = [a.0, b.0];
        let reads = |this: &Self, node: u32| {
            let resolved = this.get(node);
            if this.plain(node) {
                resolved.poly.reads
            } else {
                resolved.level
            }
        };
        let top = factors
            .iter()
            .map(|&node| reads(self, node))
            .max()
            .unwrap_or(0);
        let terms = |node: u32| {
            if reads(self, node) < top || self.plain(node) {
                1
            } else {
                self.get(node).poly.len()
            }
        };
        let lower = top > 0
            && terms(a.0) * terms(b.0) <= PRODUCT_TERMS
            && factors
                .iter()
                .all(|&node| reads(self, node) < top || (!self.plain(node) && self.linear(node)));
        let [left, right] = factors.map(|node| {
            let absorb = self.plain(node) || (lower && self.get(node).level == top);
            self.factor(node, absorb)
        });
        multiply(&left, &right)
    }

    /// Whether a factor is a constant times a wire, or a constant.
    fn plain(&self, node: u32) -> bool {
        let resolved = self.get(node);
        !resolved.input
            && !resolved.poly.public
            && (resolved.poly.is_free() || resolved.poly.is_scaled_wire())
    }

    /// Whether a factor can be written out: a sum of constants times wires and a constant.
    fn linear(&self, node: u32) -> bool {
        let Resolved { poly, input, .. } = self.get(node);
        !input && poly.quads.is_empty() && !poly.random && !poly.public
    }

    fn factor(&self, node: u32, absorb: bool) -> Factor<B> {
        let resolved = self.get(node);
        if !absorb {
            return Factor {
                lins: vec![(node, resolved.level, B::ONE)],
                constant: B::ZERO,
            };
        }
        let value = |c: Coefficient<B>| match c {
            Coefficient::Constant(c) => c,
            _ => unreachable!("only sums of constants are written out"),
        };
        let poly = &resolved.poly;
        let lins = poly
            .lins
            .iter()
            .map(|&(u, c)| (u, self.get(u).level, value(c)))
            .collect();
        let constant = poly.consts.iter().fold(B::ZERO, |sum, &c| sum + value(c));
        Factor { lins, constant }
    }
}

fn multiply<B: Field>(left: &Factor<B>, right: &Factor<B>) -> Poly<B> {
    let mut poly = Poly::zero();
    for &(u, u_level, c) in &left.lins {
        for &(v, v_level, d) in &right.lins {
            poly.push_quad(u, v, u_level.max(v_level), Coefficient::Constant(c * d));
        }
    }
    for (factor, other) in [(left, right), (right, left)] {
        for &(u, level, c) in factor.lins.iter().filter(|_| !other.constant.is_zero()) {
            poly.push_lin(u, level, Coefficient::Constant(c * other.constant));
        }
    }
    let constant = left.constant * right.constant;
    if !constant.is_zero() {
        poly.push_const(Coefficient::Constant(constant));
    }
    poly
}
