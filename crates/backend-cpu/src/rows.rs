//! Kernels over a layer's rows: a range of written wires, all instances of each innermost.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{Field, LayerCoefs, LayerWiring};

use crate::arith::Arith;
use crate::gather::{BaseOf, Gather};
use crate::interpret::Blocks;

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
    pub(crate) width: usize,
    pub(crate) range: Range<usize>,
}

/// The public inputs of the rows of a range, row by row.
#[inline(always)]
pub(crate) fn publics_from(publics: &[(u32, u32)], start: usize) -> &[(u32, u32)] {
    &publics[publics.partition_point(|&(z, _)| (z as usize) < start)..]
}

/// Splits off the public inputs of a row.
#[inline(always)]
fn publics_of<'p>(rest: &mut &'p [(u32, u32)], row: usize) -> &'p [(u32, u32)] {
    let count = rest.iter().take_while(|&&(z, _)| z as usize == row).count();
    let (here, after) = rest.split_at(count);
    *rest = after;
    here
}

/// Gates before which a gate's wires are asked for: some hundred nanoseconds of work.
pub(crate) const AHEAD: usize = 16;

/// As many gates as `row` has, further on.
#[inline(always)]
fn ahead<const K: usize>(gates: &[[u32; K]], row: Range<usize>) -> &[[u32; K]] {
    gates.get(row.start + AHEAD..row.end + AHEAD).unwrap_or(&[])
}

/// Outputs `z` in the base field: `sum c V(x) V(y) + sum c V(x) + sum c`.
/// Cost: per gate and block one product, one more if its coefficient is not one.
#[inline(always)]
pub(crate) fn evaluate_base<A: Gather>(
    a: A,
    rows: Rows<'_, A>,
    below: &[A::BaseBlock],
    publics: &[A::BaseBlock],
    out: &mut [MaybeUninit<A::BaseBlock>],
) {
    let LayerCoefs::Base(coefs) = rows.coefs else {
        unreachable!("a base-field layer has base-field coefficients");
    };
    let (wiring, width) = (rows.wiring, rows.width);
    let tables = (below, publics);
    if width == 1 && a.evaluate_base(wiring, coefs, tables, rows.range.clone(), out) {
        return;
    }
    let mut public_rest = publics_from(&wiring.publics, rows.range.start);
    for (z, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let here = publics_of(&mut public_rest, z);
        let (muls, adds) = (wiring.mul_by_z.row(z), wiring.add_by_z.row(z));
        if width == 1 {
            for [x, y] in ahead(&wiring.mul_by_z.others, muls.clone()) {
                a.prefetch(&below[*x as usize]);
                a.prefetch(&below[*y as usize]);
            }
        }
        for (b, out) in out.iter_mut().enumerate() {
            let mut sum = BaseSum::new(a);
            for gate in muls.clone() {
                let [x, y] = wiring.mul_by_z.others[gate];
                match wiring.mul_by_z.slots.get(gate) {
                    None => sum.mac(
                        a.load_base(&below[x as usize * width + b]),
                        a.load_base(&below[y as usize * width + b]),
                    ),
                    Some(slot) => {
                        let product = a.base_mul(
                            a.load_base(&below[x as usize * width + b]),
                            a.load_base(&below[y as usize * width + b]),
                        );
                        sum.mac(product, a.splat_base(coefs[slot]));
                    }
                }
            }
            for gate in adds.clone() {
                let [x] = wiring.add_by_z.others[gate];
                match wiring.add_by_z.slots.get(gate) {
                    None => sum.add(a.load_base(&below[x as usize * width + b])),
                    Some(slot) => sum.mac(
                        a.load_base(&below[x as usize * width + b]),
                        a.splat_base(coefs[slot]),
                    ),
                }
            }
            for gate in wiring.const_by_z.row(z) {
                let slot = wiring.const_by_z.slots.get(gate);
                sum.add(a.splat_base(slot.map_or(BaseOf::<A>::ONE, |slot| coefs[slot])));
            }
            for &(_, index) in here {
                sum.add(a.load_base(&publics[index as usize * width + b]));
            }
            out.write(a.store_base(sum.finish()));
        }
    }
}

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

/// Outputs `z` in the challenge field.
#[inline(always)]
pub(crate) fn evaluate_ext<A: Arith>(
    a: A,
    rows: Rows<'_, A>,
    below: Blocks<'_, A>,
    publics: &[A::BaseBlock],
    out: &mut [MaybeUninit<A::Block>],
) {
    let (wiring, width) = (rows.wiring, rows.width);
    let mut public_rest = publics_from(&wiring.publics, rows.range.start);
    for (z, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let here = publics_of(&mut public_rest, z);
        let mut constant = A::F::ZERO;
        for gate in wiring.const_by_z.row(z) {
            constant += rows.coefs.lifted(wiring.const_by_z.slots.get(gate));
        }
        for (b, out) in out.iter_mut().enumerate() {
            let mut acc = ExtSum::new(a);
            for gate in wiring.mul_by_z.row(z) {
                let [x, y] = wiring.mul_by_z.others[gate];
                let mut left = below.load(a, x as usize * width + b);
                if let Some(slot) = wiring.mul_by_z.slots.get(gate) {
                    left = a.mul(left, a.splat(rows.coefs.lifted(Some(slot))));
                }
                acc.mac(left, below.load(a, y as usize * width + b));
            }
            let mut rest = a.splat(constant);
            for gate in wiring.add_by_z.row(z) {
                let [x] = wiring.add_by_z.others[gate];
                match wiring.add_by_z.slots.get(gate) {
                    None => rest = a.add(rest, below.load(a, x as usize * width + b)),
                    Some(slot) => {
                        let coef = a.splat(rows.coefs.lifted(Some(slot)));
                        acc.mac(below.load(a, x as usize * width + b), coef);
                    }
                }
            }
            for &(_, index) in here {
                let value = a.load_base(&publics[index as usize * width + b]);
                rest = a.add(rest, a.lift(value));
            }
            out.write(a.store(a.add(rest, acc.finish())));
        }
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
