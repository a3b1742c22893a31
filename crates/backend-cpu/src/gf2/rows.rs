//! Layers over GF(2) with coefficients one, eight instances a byte.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{Field, GateRows, LayerWiring, Slots};
use prover_fields::Gf2;

use super::blocks::Gf2x8;
use crate::rows::publics_from;

/// Rows that are summed together.
const ROWS: usize = 32;

/// Gates of such rows whose prefix sums are kept; more are summed row by row.
const GATES: usize = 1024;

/// Outputs in a range of a layer whose mul and add gates all have coefficient one, for eight instances;
/// whether the layer is one.
/// Cost: a load per wire of a gate.
// Nothing in it is a vector: a function of its own has the registers for itself.
#[inline(never)]
pub(super) fn evaluate(
    wiring: &LayerWiring<Gf2>,
    coefs: &[Gf2],
    below: &[Gf2x8],
    publics: &[Gf2x8],
    range: Range<usize>,
    out: &mut [MaybeUninit<Gf2x8>],
) -> bool {
    let (muls, adds, consts) = (&wiring.mul_by_z, &wiring.add_by_z, &wiring.const_by_z);
    if !matches!((&muls.slots, &adds.slots), (Slots::Ones, Slots::Ones)) {
        return false;
    }
    let mut publics_left = publics_from(&wiring.publics, range.start);
    let mut prefixes = [0; GATES + 1];
    for (first, out) in range.step_by(ROWS).zip(out.chunks_mut(ROWS)) {
        let mut sums = [0; ROWS];
        let sums = &mut sums[..out.len()];
        let sum = |[x]: &[u32; 1]| below[*x as usize].0;
        add_rows(adds, first, sum, &mut prefixes, sums);
        let product = |[x, y]: &[u32; 2]| below[*x as usize].0 & below[*y as usize].0;
        add_rows(muls, first, product, &mut prefixes, sums);
        add_constants(consts, first, coefs, sums);
        while let [(z, index), rest @ ..] = publics_left
            && (*z as usize) < first + sums.len()
        {
            sums[*z as usize - first] ^= publics[*index as usize].0;
            publics_left = rest;
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            out.write(Gf2x8(*sum));
        }
    }
    true
}

/// Adds the gates' values of the rows from `first` on, a row to each sum.
///
/// Rows are differences of prefix sums: a loop over each row's gates would end where no branch
/// predictor expects it, at several times the cost of the row.
#[inline(always)]
fn add_rows<const K: usize>(
    order: &GateRows<K>,
    first: usize,
    value: impl Fn(&[u32; K]) -> u8,
    prefixes: &mut [u8; GATES + 1],
    sums: &mut [u8],
) {
    let ends = &order.offsets[first..=first + sums.len()];
    let start = ends[0] as usize;
    let gates = &order.others[start..ends[sums.len()] as usize];
    if gates.is_empty() {
        return;
    }
    if gates.len() > GATES {
        for (sum, ends) in sums.iter_mut().zip(ends.windows(2)) {
            for gate in &order.others[ends[0] as usize..ends[1] as usize] {
                *sum ^= value(gate);
            }
        }
        return;
    }
    let mut prefix = 0;
    for (gate, out) in gates.iter().zip(&mut prefixes[1..]) {
        prefix ^= value(gate);
        *out = prefix;
    }
    for (sum, ends) in sums.iter_mut().zip(ends.windows(2)) {
        *sum ^= prefixes[ends[1] as usize - start] ^ prefixes[ends[0] as usize - start];
    }
}

/// Adds the const gates of the rows from `first` on.
#[inline(always)]
fn add_constants(consts: &GateRows<0>, first: usize, coefs: &[Gf2], sums: &mut [u8]) {
    if consts.offsets[first] == consts.offsets[first + sums.len()] {
        return;
    }
    for (z, sum) in (first..).zip(sums) {
        for gate in consts.row(z) {
            let slot = consts.slots.get(gate);
            let coef = slot.map_or(Gf2::ONE, |slot| coefs[slot]);
            *sum ^= coef.value().wrapping_neg();
        }
    }
}
