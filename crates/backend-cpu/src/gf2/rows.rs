//! A layer's outputs over GF(2), eight instances a byte.

use core::mem::MaybeUninit;
use core::ops::Range;

use prover_core::{Field, LayerWiring, Slots};
use prover_fields::Gf2;

use super::blocks::Gf2x8;
use crate::rows::publics_from;

/// Outputs in a range of a layer whose mul and add gates all have coefficient one, for eight instances;
/// whether the layer is one.
/// Cost: a load per wire of a gate.
#[inline(always)]
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
    for (z, out) in range.zip(out) {
        let mut sum = 0;
        for [x] in &adds.others[adds.row(z)] {
            sum ^= below[*x as usize].0;
        }
        for [x, y] in &muls.others[muls.row(z)] {
            sum ^= below[*x as usize].0 & below[*y as usize].0;
        }
        for gate in consts.row(z) {
            let slot = consts.slots.get(gate);
            let coef = slot.map_or(Gf2::ONE, |slot| coefs[slot]);
            sum ^= coef.value().wrapping_neg();
        }
        while let [(row, index), rest @ ..] = publics_left
            && *row as usize == z
        {
            sum ^= publics[*index as usize].0;
            publics_left = rest;
        }
        out.write(Gf2x8(sum));
    }
    true
}
