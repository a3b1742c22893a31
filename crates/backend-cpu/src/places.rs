//! Places in lists as arrays, for fields that read them lane by lane.

use core::ops::Range;

use prover_core::Slots;

use crate::gather::{Picked, all_lanes};

/// Places of eight lanes.
pub(crate) type Places = [usize; 8];

/// The value at a place of a list, or the last.
#[inline(always)]
pub(crate) fn value_at<T: Copy>(list: &[T], at: usize) -> T {
    list[at.min(list.len() - 1)]
}

/// The places of a range.
#[inline(always)]
pub(crate) fn run(range: Range<usize>) -> Picked<Places> {
    let mut at = [range.start; 8];
    for (lane, at) in at.iter_mut().enumerate() {
        *at += lane;
    }
    Picked {
        at,
        lanes: all_lanes(range.len()),
    }
}

/// The places in a list of eight.
#[inline(always)]
pub(crate) fn places(list: &[u32]) -> Places {
    let mut at = [0; 8];
    for (at, &place) in at.iter_mut().zip(list) {
        *at = place as usize;
    }
    at
}

/// The places of wires of a table with `2^log` instances.
#[inline(always)]
pub(crate) fn instance(mut wires: Places, log: usize, instance: usize) -> Places {
    for at in &mut wires {
        *at = (*at << log) + instance;
    }
    wires
}

/// Place `k` of each row of a block.
#[inline(always)]
pub(crate) fn slice(ends: &[u32], k: u32) -> Picked<Places> {
    let (mut at, mut lanes) = ([0; 8], 0);
    for (lane, (ends, at)) in ends.windows(2).zip(&mut at).enumerate() {
        let place = ends[0] + k;
        *at = place as usize;
        lanes |= u32::from(place < ends[1]) << lane;
    }
    Picked { at, lanes }
}

/// A wire of the gates at some places.
#[inline(always)]
pub(crate) fn wires<const K: usize>(gates: &[[u32; K]], which: usize, mut at: Places) -> Places {
    for at in &mut at {
        *at = value_at(gates, *at)[which] as usize;
    }
    at
}

/// The slots of the gates at some places; `None` if all coefficients are one.
#[inline(always)]
pub(crate) fn slots(slots: &Slots, mut at: Places) -> Option<Places> {
    match slots {
        Slots::Ones => return None,
        Slots::U8(slots) => {
            for at in &mut at {
                *at = value_at(slots, *at).into();
            }
        }
        Slots::U16(slots) => {
            for at in &mut at {
                *at = value_at(slots, *at).into();
            }
        }
        Slots::U32(slots) => {
            for at in &mut at {
                *at = value_at(slots, *at) as usize;
            }
        }
    }
    Some(at)
}
