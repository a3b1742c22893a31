//! Kernels over a layer's rows: a range of written wires, all instances of each innermost.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{ChallengeField, Field, LayerCoefs, LayerWiring};

use crate::arith::Arith;
use crate::interpret::Blocks;

/// The base field of an arithmetic.
pub(crate) type BaseOf<A> = <<A as Arith>::F as ChallengeField>::Base;

/// Products until a sum must be settled.
struct Run {
    len: usize,
    left: usize,
}

impl Run {
    #[inline(always)]
    fn new(len: usize) -> Self {
        Self { len, left: len }
    }

    /// Counts a product; whether the sum must be settled before it.
    #[inline(always)]
    fn is_over(&mut self) -> bool {
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
fn publics_from(publics: &[(u32, u32)], start: usize) -> &[(u32, u32)] {
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

/// Outputs `z` in the base field: `sum c V(x) V(y) + sum c V(x) + sum c`.
/// Cost: per gate and block one product, one more if its coefficient is not one.
#[inline(always)]
pub(crate) fn evaluate_base<A: Arith>(
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
    let mut public_rest = publics_from(&wiring.publics, rows.range.start);
    for (z, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let here = publics_of(&mut public_rest, z);
        let (muls, adds) = (wiring.mul_by_z.row(z), wiring.add_by_z.row(z));
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
struct BaseSum<A: Arith> {
    a: A,
    products: A::BaseAcc,
    rest: A::B,
    run: Run,
}

impl<A: Arith> BaseSum<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            a,
            products: a.base_acc(),
            rest: a.splat_base(BaseOf::<A>::ZERO),
            run: Run::new(A::BASE_RUN),
        }
    }

    #[inline(always)]
    fn mac(&mut self, x: A::B, y: A::B) {
        if self.run.is_over() {
            self.a.base_settle(&mut self.products);
        }
        self.a.base_mac(&mut self.products, x, y);
    }

    #[inline(always)]
    fn add(&mut self, x: A::B) {
        self.rest = self.a.base_add(self.rest, x);
    }

    #[inline(always)]
    fn finish(self) -> A::B {
        self.a
            .base_add(self.rest, self.a.base_reduce(self.products))
    }
}

/// A sum of products in the challenge field.
struct ExtSum<A: Arith> {
    a: A,
    products: A::Acc,
    run: Run,
}

impl<A: Arith> ExtSum<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            a,
            products: a.acc(),
            run: Run::new(A::RUN),
        }
    }

    #[inline(always)]
    fn mac(&mut self, x: A::V, y: A::V) {
        if self.run.is_over() {
            self.a.settle(&mut self.products);
        }
        self.a.mac(&mut self.products, x, y);
    }

    #[inline(always)]
    fn finish(self) -> A::V {
        self.a.reduce(self.products)
    }
}

/// A sum of products of base-field by challenge-field lanes.
struct MixedSum<A: Arith> {
    a: A,
    products: A::MixedAcc,
    run: Run,
}

impl<A: Arith> MixedSum<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            a,
            products: a.mixed_acc(),
            run: Run::new(A::MIXED_RUN),
        }
    }

    #[inline(always)]
    fn mac(&mut self, x: A::B, y: A::V) {
        if self.run.is_over() {
            self.a.mixed_settle(&mut self.products);
        }
        self.a.mixed_mac(&mut self.products, x, y);
    }

    #[inline(always)]
    fn finish(self) -> A::V {
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

/// `coefficient * weight`, without a multiplication by one.
#[inline(always)]
fn weighted<A: Arith>(
    a: A,
    coefs: &LayerCoefs<A::F>,
    slot: Option<usize>,
    weight: &A::Entry,
) -> A::Factor {
    let weight = a.factor(weight);
    match (slot, coefs) {
        (None, _) => weight,
        (Some(slot), LayerCoefs::Base(values)) => a.factor_times(weight, values[slot]),
        (Some(slot), LayerCoefs::Challenge(values)) => a.factor_times_ext(weight, values[slot]),
    }
}

/// `H(x, s) = sum c W[z] V(y, s) + sum c W[z]`.
/// Cost: per gate a scalar product if its coefficient is not one; per mul gate and block one product.
#[inline(always)]
pub(crate) fn phase_one<A: Arith>(
    a: A,
    rows: Rows<'_, A>,
    weights: &[A::Entry],
    below: Blocks<'_, A>,
    out: &mut [MaybeUninit<A::Block>],
) {
    let (wiring, width) = (rows.wiring, rows.width);
    for (x, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let mut constant = a.splat(A::F::ZERO);
        let adds = wiring.add_by_x.row(x);
        if !adds.is_empty() {
            let mut sum = A::F::ZERO;
            for gate in adds {
                let [z] = wiring.add_by_x.others[gate];
                let slot = wiring.add_by_x.slots.get(gate);
                sum += a.factor_value(weighted(a, rows.coefs, slot, &weights[z as usize]));
            }
            constant = a.splat(sum);
        }
        let muls = wiring.mul_by_x.row(x);
        if muls.is_empty() {
            out.fill(MaybeUninit::new(a.store(constant)));
            continue;
        }
        for (b, out) in out.iter_mut().enumerate() {
            let sum = match below {
                Blocks::Base(below) => {
                    let mut sum = MixedSum::new(a);
                    for gate in muls.clone() {
                        let [z, y] = wiring.mul_by_x.others[gate];
                        let slot = wiring.mul_by_x.slots.get(gate);
                        let weight = weighted(a, rows.coefs, slot, &weights[z as usize]);
                        let value = a.load_base(&below[y as usize * width + b]);
                        sum.mac(value, a.splat_factor(weight));
                    }
                    sum.finish()
                }
                Blocks::Ext(below) => {
                    let mut sum = ExtSum::new(a);
                    for gate in muls.clone() {
                        let [z, y] = wiring.mul_by_x.others[gate];
                        let slot = wiring.mul_by_x.slots.get(gate);
                        let weight = weighted(a, rows.coefs, slot, &weights[z as usize]);
                        let weight = a.splat(a.factor_value(weight));
                        sum.mac(a.load(&below[y as usize * width + b]), weight);
                    }
                    sum.finish()
                }
            };
            out.write(a.store(a.add(constant, sum)));
        }
    }
}

/// `sum_const c W[z]`, public inputs at the instance point; `publics_at` by public input.
#[inline(always)]
pub(crate) fn constant_term<A: Arith>(
    a: A,
    wiring: &LayerWiring<BaseOf<A>>,
    coefs: &LayerCoefs<A::F>,
    weights: &[A::Entry],
    publics_at: &[A::F],
) -> A::F {
    let mut sum = A::F::ZERO;
    let consts = &wiring.const_by_z;
    if !consts.is_empty() {
        for (weight, ends) in weights.iter().zip(consts.offsets.windows(2)) {
            for gate in ends[0] as usize..ends[1] as usize {
                sum += a.factor_value(weighted(a, coefs, consts.slots.get(gate), weight));
            }
        }
    }
    for &(z, index) in &wiring.publics {
        sum += a.factor_value(a.factor(&weights[z as usize])) * publics_at[index as usize];
    }
    sum
}

/// A sum of products of scalars.
struct ScalarSum<A: Arith> {
    a: A,
    products: A::ScalarAcc,
    run: Run,
}

impl<A: Arith> ScalarSum<A> {
    #[inline(always)]
    fn new(a: A) -> Self {
        Self {
            a,
            products: a.scalar_acc(),
            run: Run::new(A::SCALAR_RUN),
        }
    }

    #[inline(always)]
    fn mac(&mut self, x: A::Factor, y: &A::Entry) {
        if self.run.is_over() {
            self.a.scalar_settle(&mut self.products);
        }
        self.a.scalar_mac(&mut self.products, x, y);
    }
}

/// `M(y) = sum c W[z] eq_x[x]` for one row `y`.
/// Cost: per gate one product, one more if its coefficient is not one.
#[inline(always)]
pub(crate) fn phase_two<A: Arith>(
    a: A,
    wiring: &LayerWiring<BaseOf<A>>,
    coefs: &LayerCoefs<A::F>,
    weights: &[A::Entry],
    eq_x: &[A::Entry],
    y: usize,
) -> A::F {
    let gates = wiring.mul_by_y.row(y);
    if gates.is_empty() {
        return A::F::ZERO;
    }
    let mut sum = ScalarSum::new(a);
    for gate in gates {
        let [z, x] = wiring.mul_by_y.others[gate];
        let slot = wiring.mul_by_y.slots.get(gate);
        let weight = weighted(a, coefs, slot, &weights[z as usize]);
        sum.mac(weight, &eq_x[x as usize]);
    }
    a.scalar_reduce(sum.products)
}

/// `sum_add c W[z] eq_x[x]` over a range of rows `x`.
/// Cost: a product per gate, one more if its coefficient is not one.
#[inline(always)]
pub(crate) fn add_term<A: Arith>(
    a: A,
    wiring: &LayerWiring<BaseOf<A>>,
    coefs: &LayerCoefs<A::F>,
    weights: &[A::Entry],
    eq_x: &[A::Entry],
    rows: Range<usize>,
) -> A::F {
    let mut sum = ScalarSum::new(a);
    for (x, eq) in rows.clone().zip(&eq_x[rows]) {
        for gate in wiring.add_by_x.row(x) {
            let [z] = wiring.add_by_x.others[gate];
            let slot = wiring.add_by_x.slots.get(gate);
            sum.mac(weighted(a, coefs, slot, &weights[z as usize]), eq);
        }
    }
    a.scalar_reduce(sum.products)
}

/// The same for a base-field table and a block of outputs from `first` on.
#[inline(always)]
pub(crate) fn bind_block<A: Arith>(
    a: A,
    table: &[A::BaseBlock],
    weights: &[A::Block],
    first: usize,
) -> A::Block {
    let stride = weights.len();
    let mut sum = a.splat(A::F::ZERO);
    for (offset, weight) in weights.iter().enumerate() {
        let blocks = &table[first * stride + offset..];
        sum = a.add(sum, a.dot_lanes(blocks, stride, a.load(weight)));
    }
    a.store(sum)
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
