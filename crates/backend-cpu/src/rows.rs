//! Kernels over a layer's rows: a range of written wires, all instances of each innermost.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{ChallengeField, Field, LayerCoefs, LayerWiring};

use crate::arith::{Arith, Lanes};
use crate::interpret::Blocks;

/// The base field of an arithmetic.
pub(crate) type BaseOf<A> = <<A as Arith>::F as ChallengeField>::Base;

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
    let at = |wire: u32, b: usize| a.load_base(&below[wire as usize * width + b]);
    for (z, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let here = publics_of(&mut public_rest, z);
        let (muls, adds) = (wiring.mul_by_z.row(z), wiring.add_by_z.row(z));
        for (b, out) in out.iter_mut().enumerate() {
            let mut acc = a.base_acc();
            for gate in muls.clone() {
                let [x, y] = wiring.mul_by_z.others[gate];
                match wiring.mul_by_z.slots.get(gate) {
                    None => a.base_mac(&mut acc, at(x, b), at(y, b)),
                    Some(slot) => {
                        let product = a.base_mul(at(x, b), at(y, b));
                        a.base_mac(&mut acc, product, a.splat_base(coefs[slot]));
                    }
                }
            }
            for gate in adds.clone() {
                let [x] = wiring.add_by_z.others[gate];
                match wiring.add_by_z.slots.get(gate) {
                    None => a.base_add(&mut acc, at(x, b)),
                    Some(slot) => a.base_mac(&mut acc, at(x, b), a.splat_base(coefs[slot])),
                }
            }
            for gate in wiring.const_by_z.row(z) {
                let slot = wiring.const_by_z.slots.get(gate);
                let coef = slot.map_or(BaseOf::<A>::ONE, |slot| coefs[slot]);
                a.base_add(&mut acc, a.splat_base(coef));
            }
            for &(_, index) in here {
                a.base_add(&mut acc, a.load_base(&publics[index as usize * width + b]));
            }
            out.write(a.store_base(a.base_reduce(acc)));
        }
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
    let at = |wire: u32, b: usize| below.load(a, wire as usize * width + b);
    for (z, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let here = publics_of(&mut public_rest, z);
        let mut constant = A::F::ZERO;
        for gate in wiring.const_by_z.row(z) {
            constant += rows.coefs.lifted(wiring.const_by_z.slots.get(gate));
        }
        for (b, out) in out.iter_mut().enumerate() {
            let mut acc = a.acc();
            for gate in wiring.mul_by_z.row(z) {
                let [x, y] = wiring.mul_by_z.others[gate];
                let mut left = at(x, b);
                if let Some(slot) = wiring.mul_by_z.slots.get(gate) {
                    left = a.mul(left, a.splat(rows.coefs.lifted(Some(slot))));
                }
                a.mac(&mut acc, left, at(y, b));
            }
            let mut rest = a.splat(constant);
            for gate in wiring.add_by_z.row(z) {
                let [x] = wiring.add_by_z.others[gate];
                match wiring.add_by_z.slots.get(gate) {
                    None => rest = a.add(rest, at(x, b)),
                    Some(slot) => {
                        let coef = a.splat(rows.coefs.lifted(Some(slot)));
                        a.mac(&mut acc, at(x, b), coef);
                    }
                }
            }
            for &(_, index) in here {
                let value = a.load_base(&publics[index as usize * width + b]);
                rest = a.add(rest, a.lift(value));
            }
            out.write(a.store(a.add(rest, a.reduce(acc))));
        }
    }
}

/// `coefficient * weight`, without a multiplication by one.
#[inline(always)]
fn weighted<F: ChallengeField>(coefs: &LayerCoefs<F>, slot: Option<usize>, weight: F) -> F {
    match (slot, coefs) {
        (None, _) => weight,
        (Some(slot), LayerCoefs::Base(values)) => weight * values[slot],
        (Some(slot), LayerCoefs::Challenge(values)) => weight * values[slot],
    }
}

/// The value at an index of a table in blocks.
#[inline(always)]
fn value<T: Field, L: Lanes<T>>(blocks: &[L], index: u32) -> T {
    let index = index as usize;
    blocks[index / L::WIDTH].get(index % L::WIDTH)
}

/// `H(x, s) = sum c W[z] V(y, s) + sum c W[z]`; `W` in blocks of any width.
/// Cost: per gate a scalar product if its coefficient is not one; per mul gate and block one product.
#[inline(always)]
pub(crate) fn phase_one<A: Arith, L: Lanes<A::F>>(
    a: A,
    rows: Rows<'_, A>,
    weights: &[L],
    below: Blocks<'_, A>,
    out: &mut [MaybeUninit<A::Block>],
) {
    let (wiring, width) = (rows.wiring, rows.width);
    for (x, out) in rows.range.zip(out.chunks_exact_mut(width)) {
        let mut constant = A::F::ZERO;
        for gate in wiring.add_by_x.row(x) {
            let [z] = wiring.add_by_x.others[gate];
            let slot = wiring.add_by_x.slots.get(gate);
            constant += weighted(rows.coefs, slot, value(weights, z));
        }
        let constant = a.splat(constant);
        let muls = wiring.mul_by_x.row(x);
        let factor = |gate: usize| {
            let [z, y] = wiring.mul_by_x.others[gate];
            let slot = wiring.mul_by_x.slots.get(gate);
            let weight = weighted(rows.coefs, slot, value(weights, z));
            (a.splat(weight), y as usize * width)
        };
        if muls.is_empty() {
            out.fill(MaybeUninit::new(a.store(constant)));
            continue;
        }
        match below {
            Blocks::Base(below) => {
                for (b, out) in out.iter_mut().enumerate() {
                    let mut acc = a.mixed_acc();
                    a.mixed_add(&mut acc, constant);
                    for gate in muls.clone() {
                        let (weight, y) = factor(gate);
                        a.mixed_mac(&mut acc, a.load_base(&below[y + b]), weight);
                    }
                    out.write(a.store(a.mixed_reduce(acc)));
                }
            }
            Blocks::Ext(below) => {
                for (b, out) in out.iter_mut().enumerate() {
                    let mut acc = a.acc();
                    for gate in muls.clone() {
                        let (weight, y) = factor(gate);
                        a.mac(&mut acc, a.load(&below[y + b]), weight);
                    }
                    out.write(a.store(a.add(constant, a.reduce(acc))));
                }
            }
        }
    }
}

/// `sum_const c W[z]`, public inputs at the instance point; `publics_at` by public input.
pub(crate) fn constant_term<F: ChallengeField, L: Lanes<F>>(
    wiring: &LayerWiring<F::Base>,
    coefs: &LayerCoefs<F>,
    weights: &[L],
    publics_at: &[F],
) -> F {
    let mut sum = F::ZERO;
    let consts = &wiring.const_by_z;
    // Rows without gates are the many: walk the rows only as far as there are gates.
    for (z, ends) in consts.offsets.windows(2).enumerate() {
        for gate in ends[0] as usize..ends[1] as usize {
            sum += weighted(coefs, consts.slots.get(gate), value(weights, z as u32));
        }
    }
    for &(z, index) in &wiring.publics {
        sum += value(weights, z) * publics_at[index as usize];
    }
    sum
}

/// `M(y) = sum c W[z] eq_x[x]` for a range of rows `y`.
/// Cost: per gate one product, one more if its coefficient is not one.
#[inline(always)]
pub(crate) fn phase_two<F: ChallengeField, L: Lanes<F>>(
    wiring: &LayerWiring<F::Base>,
    coefs: &LayerCoefs<F>,
    weights: &[L],
    eq_x: &[L],
    y: usize,
) -> F {
    let mut sum = F::ZERO;
    for gate in wiring.mul_by_y.row(y) {
        let [z, x] = wiring.mul_by_y.others[gate];
        let weight = weighted(coefs, wiring.mul_by_y.slots.get(gate), value(weights, z));
        sum += weight * value(eq_x, x);
    }
    sum
}

/// `sum_add c W[z] eq_x[x]` over a range of rows `x`.
/// Cost: a product per row with gates, and per gate whose coefficient is not one.
#[inline(always)]
pub(crate) fn add_term<F: ChallengeField, L: Lanes<F>>(
    wiring: &LayerWiring<F::Base>,
    coefs: &LayerCoefs<F>,
    weights: &[L],
    eq_x: &[L],
    rows: Range<usize>,
) -> F {
    let mut sum = F::ZERO;
    for x in rows {
        let gates = wiring.add_by_x.row(x);
        if gates.is_empty() {
            continue;
        }
        let mut row = F::ZERO;
        for gate in gates {
            let [z] = wiring.add_by_x.others[gate];
            row += weighted(coefs, wiring.add_by_x.slots.get(gate), value(weights, z));
        }
        sum += row * value(eq_x, x as u32);
    }
    sum
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
            let mut acc = a.mixed_acc();
            for (block, weight) in blocks[start..].iter().zip(weights) {
                a.mixed_mac(&mut acc, a.load_base(block), a.load(weight));
            }
            a.mixed_reduce(acc)
        }
        Blocks::Ext(blocks) => {
            let mut acc = a.acc();
            for (block, weight) in blocks[start..].iter().zip(weights) {
                a.mac(&mut acc, a.load(block), a.load(weight));
            }
            a.reduce(acc)
        }
    };
    a.sum_lanes(sum)
}
