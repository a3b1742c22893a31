//! The outputs of a layer: stretches of rows of one shape, all instances of a row side by side.

use core::mem::MaybeUninit;

use prover_core::{Field, LayerCoefs, LayerWiring, Slots};

use crate::gather::{BaseOf, Gather};
use crate::interpret::Blocks;
use crate::rows::{AHEAD, BaseSum, ExtSum, Rows, publics_from};
use crate::shapes::Shape;

/// Wires' values and coefficients in the field that the outputs are in, with its arithmetic.
trait Values<A: Gather>: Copy {
    /// Lanes of a wire.
    type Lanes: Copy;
    /// A block of them in memory.
    type Block;
    /// A row's sum.
    type Sum;

    fn wire(self, a: A, index: usize) -> Self::Lanes;
    /// Asks for a block that will be read soon.
    fn prefetch(self, a: A, index: usize);
    fn public(self, a: A, index: usize) -> Self::Lanes;
    fn coef(self, a: A, slot: Option<usize>) -> Self::Lanes;
    fn mul(self, a: A, x: Self::Lanes, y: Self::Lanes) -> Self::Lanes;
    fn sum(self, a: A) -> Self::Sum;
    fn mac(self, sum: &mut Self::Sum, x: Self::Lanes, y: Self::Lanes);
    fn add(self, sum: &mut Self::Sum, x: Self::Lanes);
    fn finish(self, sum: Self::Sum) -> Self::Lanes;
    fn write(self, a: A, lanes: Self::Lanes, out: &mut MaybeUninit<Self::Block>);
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
    let tables = (below, publics);
    if rows.width == 1 && a.evaluate_base(rows.wiring, coefs, tables, rows.range.clone(), out) {
        return;
    }
    let values = BaseValues::<A> {
        below,
        publics,
        coefs,
    };
    evaluate(a, rows, values, out);
}

/// The same in the challenge field.
#[inline(always)]
pub(crate) fn evaluate_ext<A: Gather>(
    a: A,
    rows: Rows<'_, A>,
    below: Blocks<'_, A>,
    publics: &[A::BaseBlock],
    out: &mut [MaybeUninit<A::Block>],
) {
    let values = ExtValues {
        below,
        publics,
        coefs: rows.coefs,
    };
    evaluate(a, rows, values, out);
}

#[inline(always)]
fn evaluate<A: Gather, T: Values<A>>(
    a: A,
    rows: Rows<'_, A>,
    values: T,
    out: &mut [MaybeUninit<T::Block>],
) {
    // A width that the compiler knows costs nothing a row.
    match rows.width {
        1 => evaluate_stretches(a, rows, (values, 1), out),
        width => evaluate_stretches(a, rows, (values, width), out),
    }
}

#[inline(always)]
fn evaluate_stretches<A: Gather, T: Values<A>>(
    a: A,
    rows: Rows<'_, A>,
    (values, width): (T, usize),
    mut out: &mut [MaybeUninit<T::Block>],
) {
    let mut stretch = Stretch::new(rows.wiring, rows.range.start, values, width);
    for (len, shape) in rows.shapes.over(rows.range) {
        let (here, rest) = out.split_at_mut(len * width);
        match shape {
            Shape {
                muls: 1,
                adds: 0,
                consts: 0,
                publics: 0,
            } => stretch.products(a, here),
            Shape {
                muls: 0,
                adds: 1,
                consts: 0,
                publics: 0,
            } => stretch.copies(a, here),
            Shape {
                muls: 0,
                adds: 0,
                consts: 0,
                publics: 0,
            } => stretch.zeros(a, here),
            _ => stretch.sums(a, shape, here),
        }
        out = rest;
    }
    assert!(out.is_empty(), "stretches that end before the rows");
}

/// Where evaluation stands: the next gate of each kind.
struct Stretch<'a, A: Gather, T> {
    wiring: &'a LayerWiring<BaseOf<A>>,
    values: T,
    width: usize,
    mul: usize,
    add: usize,
    constant: usize,
    publics: &'a [(u32, u32)],
}

impl<'a, A: Gather, T: Values<A>> Stretch<'a, A, T> {
    #[inline(always)]
    fn new(wiring: &'a LayerWiring<BaseOf<A>>, z: usize, values: T, width: usize) -> Self {
        Self {
            wiring,
            values,
            width,
            mul: wiring.mul_by_z.offsets[z] as usize,
            add: wiring.add_by_z.offsets[z] as usize,
            constant: wiring.const_by_z.offsets[z] as usize,
            publics: publics_from(&wiring.publics, z),
        }
    }

    /// Asks for the wires of a gate further on.
    #[inline(always)]
    fn ask<const K: usize>(&self, a: A, gates: &[[u32; K]], gate: usize) {
        if self.width == 1
            && let Some(wires) = gates.get(gate + AHEAD)
        {
            for &wire in wires {
                self.values.prefetch(a, wire as usize);
            }
        }
    }

    /// A block of a wire.
    #[inline(always)]
    fn wire(&self, a: A, wire: u32, block: usize) -> T::Lanes {
        self.values.wire(a, wire as usize * self.width + block)
    }

    /// Rows without a gate.
    #[inline(always)]
    fn zeros(&self, a: A, out: &mut [MaybeUninit<T::Block>]) {
        let zero = self.values.finish(self.values.sum(a));
        for out in out {
            self.values.write(a, zero, out);
        }
    }

    /// Rows of a mul gate each.
    #[inline(always)]
    fn products(&mut self, a: A, out: &mut [MaybeUninit<T::Block>]) {
        let (order, values) = (&self.wiring.mul_by_z, self.values);
        for out in out.chunks_exact_mut(self.width) {
            self.ask(a, &order.others, self.mul);
            let [x, y] = order.others[self.mul];
            for (block, out) in out.iter_mut().enumerate() {
                let (x, y) = (self.wire(a, x, block), self.wire(a, y, block));
                let mut product = values.mul(a, x, y);
                if !matches!(order.slots, Slots::Ones) {
                    let coef = values.coef(a, order.slots.get(self.mul));
                    product = values.mul(a, product, coef);
                }
                values.write(a, product, out);
            }
            self.mul += 1;
        }
    }

    /// Rows of an add gate each.
    #[inline(always)]
    fn copies(&mut self, a: A, out: &mut [MaybeUninit<T::Block>]) {
        let (order, values) = (&self.wiring.add_by_z, self.values);
        for out in out.chunks_exact_mut(self.width) {
            self.ask(a, &order.others, self.add);
            let [x] = order.others[self.add];
            for (block, out) in out.iter_mut().enumerate() {
                let mut value = self.wire(a, x, block);
                if !matches!(order.slots, Slots::Ones) {
                    let coef = values.coef(a, order.slots.get(self.add));
                    value = values.mul(a, value, coef);
                }
                values.write(a, value, out);
            }
            self.add += 1;
        }
    }

    /// Rows of any shape.
    #[inline(always)]
    fn sums(&mut self, a: A, shape: Shape, out: &mut [MaybeUninit<T::Block>]) {
        for out in out.chunks_exact_mut(self.width) {
            let (publics, rest) = self.publics.split_at(shape.publics as usize);
            for (block, out) in out.iter_mut().enumerate() {
                let mut sum = self.values.sum(a);
                self.add_gates(a, shape, block, &mut sum);
                for &(_, index) in publics {
                    let index = index as usize * self.width + block;
                    self.values.add(&mut sum, self.values.public(a, index));
                }
                self.values.write(a, self.values.finish(sum), out);
            }
            self.mul += shape.muls as usize;
            self.add += shape.adds as usize;
            self.constant += shape.consts as usize;
            self.publics = rest;
        }
    }

    /// Adds the gates of the next row.
    #[inline(always)]
    fn add_gates(&self, a: A, shape: Shape, block: usize, sum: &mut T::Sum) {
        let values = self.values;
        let order = &self.wiring.mul_by_z;
        for gate in self.mul..self.mul + shape.muls as usize {
            self.ask(a, &order.others, gate);
            let [x, y] = order.others[gate];
            let (mut x, y) = (self.wire(a, x, block), self.wire(a, y, block));
            if !matches!(order.slots, Slots::Ones) {
                x = values.mul(a, x, values.coef(a, order.slots.get(gate)));
            }
            values.mac(sum, x, y);
        }
        let order = &self.wiring.add_by_z;
        for gate in self.add..self.add + shape.adds as usize {
            self.ask(a, &order.others, gate);
            let [x] = order.others[gate];
            let x = self.wire(a, x, block);
            match order.slots.get(gate) {
                None => values.add(sum, x),
                slot => values.mac(sum, x, values.coef(a, slot)),
            }
        }
        let slots = &self.wiring.const_by_z.slots;
        for gate in self.constant..self.constant + shape.consts as usize {
            values.add(sum, values.coef(a, slots.get(gate)));
        }
    }
}

/// Base-field outputs.
struct BaseValues<'a, A: Gather> {
    below: &'a [A::BaseBlock],
    publics: &'a [A::BaseBlock],
    coefs: &'a [BaseOf<A>],
}

/// Challenge-field outputs.
struct ExtValues<'a, A: Gather> {
    below: Blocks<'a, A>,
    publics: &'a [A::BaseBlock],
    coefs: &'a LayerCoefs<A::F>,
}

impl<A: Gather> Clone for BaseValues<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Gather> Copy for BaseValues<'_, A> {}
impl<A: Gather> Clone for ExtValues<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Gather> Copy for ExtValues<'_, A> {}

impl<A: Gather> Values<A> for BaseValues<'_, A> {
    type Lanes = A::B;
    type Block = A::BaseBlock;
    type Sum = BaseSum<A>;

    #[inline(always)]
    fn wire(self, a: A, index: usize) -> A::B {
        a.load_base(&self.below[index])
    }
    #[inline(always)]
    fn prefetch(self, a: A, index: usize) {
        a.prefetch(&self.below[index]);
    }
    #[inline(always)]
    fn public(self, a: A, index: usize) -> A::B {
        a.load_base(&self.publics[index])
    }
    #[inline(always)]
    fn coef(self, a: A, slot: Option<usize>) -> A::B {
        a.splat_base(slot.map_or(BaseOf::<A>::ONE, |slot| self.coefs[slot]))
    }
    #[inline(always)]
    fn mul(self, a: A, x: A::B, y: A::B) -> A::B {
        a.base_mul(x, y)
    }
    #[inline(always)]
    fn sum(self, a: A) -> BaseSum<A> {
        BaseSum::new(a)
    }
    #[inline(always)]
    fn mac(self, sum: &mut BaseSum<A>, x: A::B, y: A::B) {
        sum.mac(x, y);
    }
    #[inline(always)]
    fn add(self, sum: &mut BaseSum<A>, x: A::B) {
        sum.add(x);
    }
    #[inline(always)]
    fn finish(self, sum: BaseSum<A>) -> A::B {
        sum.finish()
    }
    #[inline(always)]
    fn write(self, a: A, lanes: A::B, out: &mut MaybeUninit<A::BaseBlock>) {
        out.write(a.store_base(lanes));
    }
}

impl<A: Gather> Values<A> for ExtValues<'_, A> {
    type Lanes = A::V;
    type Block = A::Block;
    type Sum = (ExtSum<A>, A::V);

    #[inline(always)]
    fn wire(self, a: A, index: usize) -> A::V {
        self.below.load(a, index)
    }
    #[inline(always)]
    fn prefetch(self, a: A, index: usize) {
        if let Blocks::Base(below) = self.below {
            a.prefetch(&below[index]);
        }
    }
    #[inline(always)]
    fn public(self, a: A, index: usize) -> A::V {
        a.lift(a.load_base(&self.publics[index]))
    }
    #[inline(always)]
    fn coef(self, a: A, slot: Option<usize>) -> A::V {
        a.splat(self.coefs.lifted(slot))
    }
    #[inline(always)]
    fn mul(self, a: A, x: A::V, y: A::V) -> A::V {
        a.mul(x, y)
    }
    #[inline(always)]
    fn sum(self, a: A) -> (ExtSum<A>, A::V) {
        (ExtSum::new(a), a.splat(A::F::ZERO))
    }
    #[inline(always)]
    fn mac(self, (products, _): &mut (ExtSum<A>, A::V), x: A::V, y: A::V) {
        products.mac(x, y);
    }
    #[inline(always)]
    fn add(self, (products, rest): &mut (ExtSum<A>, A::V), x: A::V) {
        *rest = products.arith().add(*rest, x);
    }
    #[inline(always)]
    fn finish(self, (products, rest): (ExtSum<A>, A::V)) -> A::V {
        if products.is_empty() {
            return rest;
        }
        products.arith().add(rest, products.finish())
    }
    #[inline(always)]
    fn write(self, a: A, lanes: A::V, out: &mut MaybeUninit<A::Block>) {
        a.write(lanes, out);
    }
}
