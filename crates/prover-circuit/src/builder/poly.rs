//! Polynomials of degree at most two in wires: what one output wire of a layer can be.

use prover_core::Field;

/// A coefficient of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coefficient<B> {
    Constant(B),
    Random,
    Public(u32),
}

impl<B: Field> Coefficient<B> {
    fn is_one(self) -> bool {
        matches!(self, Self::Constant(c) if c.is_one())
    }
}

/// `Σ c·u·v + Σ c·u + Σ c`; wires are node numbers.
#[derive(Clone, Debug)]
pub(super) struct Poly<B> {
    pub(super) quads: Vec<(u32, u32, Coefficient<B>)>,
    pub(super) lins: Vec<(u32, Coefficient<B>)>,
    pub(super) consts: Vec<Coefficient<B>>,
    /// Highest level among the wires.
    pub(super) reads: u32,
    /// Whether a coefficient is random: such a polynomial exists once.
    pub(super) random: bool,
    /// Whether a coefficient is a public input: such a polynomial cannot be scaled.
    pub(super) public: bool,
}

impl<B: Field> Poly<B> {
    pub(super) fn zero() -> Self {
        Self {
            quads: Vec::new(),
            lins: Vec::new(),
            consts: Vec::new(),
            reads: 0,
            random: false,
            public: false,
        }
    }

    pub(super) fn constant(coefficient: Coefficient<B>) -> Self {
        let mut poly = Self::zero();
        poly.push_const(coefficient);
        poly
    }

    pub(super) fn len(&self) -> usize {
        self.quads.len() + self.lins.len() + self.consts.len()
    }

    /// Whether it reads no wire and may be computed anew wherever it is needed.
    pub(super) fn is_free(&self) -> bool {
        self.quads.is_empty() && self.lins.is_empty() && !self.random
    }

    /// The level of a wire that holds it.
    pub(super) fn level(&self) -> u32 {
        if self.is_free() { 1 } else { self.reads + 1 }
    }

    /// Whether it is a constant times one wire.
    pub(super) fn is_scaled_wire(&self) -> bool {
        self.len() == 1 && self.lins.len() == 1 && !self.random
    }

    /// The wire that it is, with coefficient one.
    pub(super) fn alias(&self) -> Option<u32> {
        (self.is_scaled_wire() && self.lins[0].1.is_one()).then(|| self.lins[0].0)
    }

    /// Whether a multiple by `scale` can be written with gates.
    pub(super) fn scales_by(&self, scale: Coefficient<B>) -> bool {
        match scale {
            Coefficient::Constant(c) => c.is_one() || !(self.random || self.public),
            Coefficient::Random => {
                let one = match (&self.quads[..], &self.lins[..], &self.consts[..]) {
                    ([(.., c)], [], []) | ([], [(_, c)], []) | ([], [], [c]) => c,
                    _ => return false,
                };
                one.is_one()
            }
            Coefficient::Public(_) => false,
        }
    }

    /// Multiplies by a scale that [`Self::scales_by`] allows.
    pub(super) fn scaled(mut self, scale: Coefficient<B>) -> Self {
        let times = |c: &mut Coefficient<B>| match (scale, *c) {
            (Coefficient::Constant(s), Coefficient::Constant(value)) => {
                *c = Coefficient::Constant(s * value);
            }
            // The scale is one, or the coefficient is.
            (Coefficient::Constant(_), _) => {}
            (other, _) => *c = other,
        };
        self.quads.iter_mut().for_each(|(.., c)| times(c));
        self.lins.iter_mut().for_each(|(_, c)| times(c));
        self.consts.iter_mut().for_each(times);
        self.random |= scale == Coefficient::Random;
        self
    }

    pub(super) fn push_quad(&mut self, u: u32, v: u32, level: u32, c: Coefficient<B>) {
        self.quads.push((u.min(v), u.max(v), c));
        self.note(level, c);
    }

    pub(super) fn push_lin(&mut self, wire: u32, level: u32, c: Coefficient<B>) {
        self.lins.push((wire, c));
        self.note(level, c);
    }

    pub(super) fn push_const(&mut self, c: Coefficient<B>) {
        self.consts.push(c);
        self.note(0, c);
    }

    fn note(&mut self, level: u32, c: Coefficient<B>) {
        self.reads = self.reads.max(level);
        self.random |= c == Coefficient::Random;
        self.public |= matches!(c, Coefficient::Public(_));
    }

    /// Adds another; the longer one's memory is kept.
    pub(super) fn plus(self, other: Self) -> Self {
        let (mut long, short) = if self.len() < other.len() {
            (other, self)
        } else {
            (self, other)
        };
        long.quads.extend(short.quads);
        long.lins.extend(short.lins);
        long.consts.extend(short.consts);
        long.reads = long.reads.max(short.reads);
        long.random |= short.random;
        long.public |= short.public;
        long
    }

    /// Merges terms of the same wires and drops zeros.
    pub(super) fn normalise(&mut self) {
        merge(&mut self.quads, |&(u, v, _)| (u, v), |term| &mut term.2);
        merge(&mut self.lins, |&(u, _)| u, |term| &mut term.1);
        merge(&mut self.consts, |_| (), |c| c);
    }
}

/// Sorts by key, adds constants of equal keys up, and drops those that are zero.
fn merge<T, K: Ord, B: Field>(
    terms: &mut Vec<T>,
    key: impl Fn(&T) -> K,
    coefficient: impl Fn(&mut T) -> &mut Coefficient<B>,
) {
    // Constants stand before the others of the same key, so that they are neighbours.
    let mut tagged: Vec<(K, bool, T)> = terms
        .drain(..)
        .map(|mut t| {
            let constant = matches!(coefficient(&mut t), Coefficient::Constant(_));
            (key(&t), !constant, t)
        })
        .collect();
    tagged.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    tagged.dedup_by(|next, kept| {
        if next.0 != kept.0 {
            return false;
        }
        match (*coefficient(&mut next.2), coefficient(&mut kept.2)) {
            (Coefficient::Constant(c), Coefficient::Constant(sum)) => {
                *sum += c;
                true
            }
            _ => false,
        }
    });
    let is_zero = |t: &mut T| matches!(coefficient(t), Coefficient::Constant(c) if c.is_zero());
    terms.extend(
        tagged
            .into_iter()
            .map(|(.., t)| t)
            .filter_map(|mut t| (!is_zero(&mut t)).then_some(t)),
    );
}
