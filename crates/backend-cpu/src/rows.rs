//! What kernels over a layer's rows share: a range of written wires, all instances of each innermost.

use core::ops::Range;

use prover_core::{Field, LayerCoefs, LayerWiring};

use crate::arith::Arith;
use crate::gather::BaseOf;
use crate::interpret::Blocks;
use crate::shapes::Shapes;

/// Products until a sum must be settled.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    len: usize,
    left: usize,
    is_empty: bool,
}

impl Run {
    #[inline(always)]
    pub(crate) fn new(len: usize) -> Self {
        Self {
            len,
            left: len,
            is_empty: true,
        }
    }

    /// Whether no product was counted.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Counts a product; whether the sum must be settled before it.
    #[inline(always)]
    pub(crate) fn is_over(&mut self) -> bool {
        self.is_empty = false;
        let over = self.left == 0;
        self.left = if over { self.len } else { self.left } - 1;
        over
    }
}

/// What every row kernel reads; `width` blocks a wire.
pub(crate) struct Rows<'a, A: Arith> {
    pub(crate) wiring: &'a LayerWiring<BaseOf<A>>,
    pub(crate) coefs: &'a LayerCoefs<A::F>,
    /// Of the rows by `z`.
    pub(crate) shapes: &'a Shapes,
    pub(crate) width: usize,
    pub(crate) range: Range<usize>,
}

/// The public inputs of the rows of a range, row by row.
#[inline(always)]
pub(crate) fn publics_from(publics: &[(u32, u32)], start: usize) -> &[(u32, u32)] {
    &publics[publics.partition_point(|&(z, _)| (z as usize) < start)..]
}

/// Gates before which a gate's wires are asked for: some hundred nanoseconds of work.
pub(crate) const AHEAD: usize = 16;

/// A row's sum in the base field: products apart from the rest.
pub(crate) struct BaseSum<A: Arith> {
    a: A,
    products: A::BaseAcc,
    rest: A::B,
    run: Run,
}

impl<A: Arith> BaseSum<A> {
    #[inline(always)]
    pub(crate) fn new(a: A) -> Self {
        Self {
            a,
            products: a.base_acc(),
            rest: a.splat_base(BaseOf::<A>::ZERO),
            run: Run::new(A::BASE_RUN),
        }
    }

    #[inline(always)]
    pub(crate) fn mac(&mut self, x: A::B, y: A::B) {
        if self.run.is_over() {
            self.a.base_settle(&mut self.products);
        }
        self.a.base_mac(&mut self.products, x, y);
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, x: A::B) {
        self.rest = self.a.base_add(self.rest, x);
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> A::B {
        if self.run.is_empty() {
            return self.rest;
        }
        let products = self.a.base_reduce(self.products);
        self.a.base_add(self.rest, products)
    }
}

/// A sum of products in the challenge field.
pub(crate) struct ExtSum<A: Arith> {
    a: A,
    products: A::Acc,
    run: Run,
}

impl<A: Arith> ExtSum<A> {
    #[inline(always)]
    pub(crate) fn new(a: A) -> Self {
        Self {
            a,
            products: a.acc(),
            run: Run::new(A::RUN),
        }
    }

    /// Whether it has no product.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    #[inline(always)]
    pub(crate) fn arith(&self) -> A {
        self.a
    }

    #[inline(always)]
    pub(crate) fn mac(&mut self, x: A::V, y: A::V) {
        if self.run.is_over() {
            self.a.settle(&mut self.products);
        }
        self.a.mac(&mut self.products, x, y);
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> A::V {
        self.a.reduce(self.products)
    }
}

/// A sum of products of base-field by challenge-field lanes.
pub(crate) struct MixedSum<A: Arith> {
    a: A,
    products: A::MixedAcc,
    run: Run,
}

impl<A: Arith> MixedSum<A> {
    #[inline(always)]
    pub(crate) fn new(a: A) -> Self {
        Self {
            a,
            products: a.mixed_acc(),
            run: Run::new(A::MIXED_RUN),
        }
    }

    /// Whether it has no product.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    #[inline(always)]
    pub(crate) fn mac(&mut self, x: A::B, y: A::V) {
        if self.run.is_over() {
            self.a.mixed_settle(&mut self.products);
        }
        self.a.mixed_mac(&mut self.products, x, y);
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> A::V {
        self.a.mixed_reduce(self.products)
    }
}

/// [`bind_innermost`] for a block of outputs from `first` on; `None` if the field has nothing better for it
/// than one output after another.
#[inline(always)]
pub(crate) fn bind_block<A: Arith>(
    a: A,
    table: Blocks<'_, A>,
    weights: &[A::Block],
    first: usize,
) -> Option<A::Block> {
    let stride = weights.len();
    let mut sum = a.splat(A::F::ZERO);
    for (offset, weight) in weights.iter().enumerate() {
        let (at, weight) = (first * stride + offset, a.load(weight));
        let term = match table {
            Blocks::Base(blocks) => a.dot_lanes(&blocks[at..], stride, weight),
            Blocks::Ext(blocks) => a.dot_ext_lanes(&blocks[at..], stride, weight)?,
        };
        sum = a.add(sum, term);
    }
    Some(a.store(sum))
}

/// `sum_b weights[b] T[i 2^k + b]` for a table of blocks, `weights.len()` of them per output.
#[inline(always)]
pub(crate) fn bind_innermost<A: Arith>(
    a: A,
    table: Blocks<'_, A>,
    weights: &[A::Block],
    index: usize,
) -> A::F {
    let start = index * weights.len();
    let sum = match table {
        Blocks::Base(blocks) => {
            let mut sum = MixedSum::new(a);
            for (block, weight) in blocks[start..].iter().zip(weights) {
                sum.mac(a.load_base(block), a.load(weight));
            }
            sum.finish()
        }
        Blocks::Ext(blocks) => {
            let mut sum = ExtSum::new(a);
            for (block, weight) in blocks[start..].iter().zip(weights) {
                sum.mac(a.load(block), a.load(weight));
            }
            sum.finish()
        }
    };
    a.sum_lanes(sum)
}
