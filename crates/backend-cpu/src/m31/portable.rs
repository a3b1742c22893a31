//! Mersenne-31 without intrinsics: a function per operation on a block.
//!
//! Each function is a plain loop over the lanes, compiled once and called: the compiler makes of it what
//! the target's baseline has (SSE2, NEON), and kernels stay small. Inlined into every kernel the same
//! loops were three quarters of the crate's code.

use core::ops::Range;

use prover_core::Slots;
use prover_fields::{M31, M31Ext3};

use super::blocks::{M31Ext3x16, M31x16, words_of_base, words_of_ext};
use crate::arith::{Arith, Lanes};
use crate::gather::{Gather, Picked, all_lanes};

const P: u32 = M31::MODULUS;

type Plane = [u32; 16];
type Planes = [Plane; 3];

/// The arithmetic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct M31Portable;

/// Any integer to less than `2^33 + 2^31`.
#[inline(always)]
fn partly(x: u64) -> u64 {
    (x & u64::from(P)) + (x >> 31)
}

/// Any integer to at most `p`.
#[inline(always)]
fn reduced(x: u64) -> u32 {
    // After two steps at most 2^31 + 4.
    reduced_once(partly(partly(x)) as u32)
}

/// At most `2p` to at most `p`.
#[inline(always)]
fn reduced_once(x: u32) -> u32 {
    x.min(x.wrapping_sub(P))
}

#[inline(never)]
fn sum(x: &Plane, y: &Plane) -> Plane {
    let mut out = [0; 16];
    for lane in 0..16 {
        out[lane] = reduced_once(x[lane] + y[lane]);
    }
    out
}

#[inline(never)]
fn difference(x: &Plane, y: &Plane) -> Plane {
    let mut out = [0; 16];
    for lane in 0..16 {
        let difference = x[lane].wrapping_sub(y[lane]);
        out[lane] = difference.min(difference.wrapping_add(P));
    }
    out
}

#[inline(never)]
fn product(x: &Plane, y: &Plane) -> Plane {
    let mut out = [0; 16];
    for lane in 0..16 {
        out[lane] = reduced(u64::from(x[lane]) * u64::from(y[lane]));
    }
    out
}

/// `acc + x y` in the extension.
#[inline(never)]
fn multiply_add(acc: &mut Planes, x: &Planes, y: &Planes) {
    const W: u64 = M31Ext3::NON_RESIDUE.value() as u64;
    for lane in 0..16 {
        let [x0, x1, x2] = [x[0][lane], x[1][lane], x[2][lane]].map(u64::from);
        let [y0, y1, y2] = [y[0][lane], y[1][lane], y[2][lane]].map(u64::from);
        let [a0, a1, a2] = [acc[0][lane], acc[1][lane], acc[2][lane]].map(u64::from);
        // Products are at most p^2 < 2^62: three of them and a lane fit.
        acc[0][lane] = reduced(x0 * y0 + W * partly(x1 * y2 + x2 * y1) + a0);
        acc[1][lane] = reduced(x0 * y1 + x1 * y0 + W * partly(x2 * y2) + a1);
        acc[2][lane] = reduced(x0 * y2 + x1 * y1 + x2 * y0 + a2);
    }
}

/// `acc + x y` for base-field lanes.
#[inline(never)]
fn multiply_add_base(acc: &mut Plane, x: &Plane, y: &Plane) {
    for lane in 0..16 {
        acc[lane] = reduced(u64::from(x[lane]) * u64::from(y[lane]) + u64::from(acc[lane]));
    }
}

/// The words at some places; those beyond the end are the last.
#[inline(never)]
fn words_at(words: &[u32], at: &Plane) -> Plane {
    let last = words.len() - 1;
    at.map(|at| words[last.min(at as usize)])
}

impl Arith for M31Portable {
    type F = M31Ext3;
    type Block = M31Ext3x16;
    type BaseBlock = M31x16;
    type V = Planes;
    type B = Plane;
    type Acc = Planes;
    type MixedAcc = Planes;
    type BaseAcc = Plane;
    type Scalar = Planes;
    const RUN: usize = usize::MAX;
    const MIXED_RUN: usize = usize::MAX;
    const BASE_RUN: usize = usize::MAX;

    #[inline(always)]
    fn load(self, block: &M31Ext3x16) -> Planes {
        block.0
    }
    #[inline(always)]
    fn store(self, v: Planes) -> M31Ext3x16 {
        M31Ext3x16(v)
    }
    #[inline(always)]
    fn load_base(self, block: &M31x16) -> Plane {
        block.0
    }
    #[inline(always)]
    fn store_base(self, b: Plane) -> M31x16 {
        M31x16(b)
    }
    #[inline(always)]
    fn splat(self, value: M31Ext3) -> Planes {
        value.coeffs().map(|c| [c.value(); 16])
    }
    #[inline(always)]
    fn splat_base(self, value: M31) -> Plane {
        [value.value(); 16]
    }
    #[inline(always)]
    fn lift(self, b: Plane) -> Planes {
        [b, [0; 16], [0; 16]]
    }

    #[inline(always)]
    fn add(self, x: Planes, y: Planes) -> Planes {
        [sum(&x[0], &y[0]), sum(&x[1], &y[1]), sum(&x[2], &y[2])]
    }
    #[inline(always)]
    fn sub(self, x: Planes, y: Planes) -> Planes {
        [
            difference(&x[0], &y[0]),
            difference(&x[1], &y[1]),
            difference(&x[2], &y[2]),
        ]
    }
    #[inline(always)]
    fn mul(self, x: Planes, y: Planes) -> Planes {
        let mut out = [[0; 16]; 3];
        multiply_add(&mut out, &x, &y);
        out
    }
    #[inline(always)]
    fn mul_base(self, x: Planes, y: Plane) -> Planes {
        [product(&x[0], &y), product(&x[1], &y), product(&x[2], &y)]
    }
    #[inline(always)]
    fn base_add(self, x: Plane, y: Plane) -> Plane {
        sum(&x, &y)
    }
    #[inline(always)]
    fn base_sub(self, x: Plane, y: Plane) -> Plane {
        difference(&x, &y)
    }
    #[inline(always)]
    fn base_mul(self, x: Plane, y: Plane) -> Plane {
        product(&x, &y)
    }

    #[inline(always)]
    fn scalar(self, value: M31Ext3) -> Planes {
        self.splat(value)
    }
    #[inline(always)]
    fn fold(self, low: Planes, high: Planes, r: &Planes) -> Planes {
        let mut out = low;
        multiply_add(&mut out, &self.sub(high, low), r);
        out
    }
    #[inline(always)]
    fn fold_base(self, low: Plane, high: Plane, r: &Planes) -> Planes {
        let d = difference(&high, &low);
        let mut constant = low;
        multiply_add_base(&mut constant, &d, &r[0]);
        [constant, product(&d, &r[1]), product(&d, &r[2])]
    }

    #[inline(always)]
    fn acc(self) -> Planes {
        [[0; 16]; 3]
    }
    #[inline(always)]
    fn mac(self, acc: &mut Planes, x: Planes, y: Planes) {
        multiply_add(acc, &x, &y);
    }
    #[inline(always)]
    fn settle(self, _acc: &mut Planes) {}
    #[inline(always)]
    fn reduce(self, acc: Planes) -> Planes {
        acc
    }
    #[inline(always)]
    fn mixed_acc(self) -> Planes {
        [[0; 16]; 3]
    }
    #[inline(always)]
    fn mixed_mac(self, acc: &mut Planes, x: Plane, y: Planes) {
        multiply_add_base(&mut acc[0], &x, &y[0]);
        multiply_add_base(&mut acc[1], &x, &y[1]);
        multiply_add_base(&mut acc[2], &x, &y[2]);
    }
    #[inline(always)]
    fn mixed_settle(self, _acc: &mut Planes) {}
    #[inline(always)]
    fn mixed_reduce(self, acc: Planes) -> Planes {
        acc
    }
    #[inline(always)]
    fn base_acc(self) -> Plane {
        [0; 16]
    }
    #[inline(always)]
    fn base_mac(self, acc: &mut Plane, x: Plane, y: Plane) {
        multiply_add_base(acc, &x, &y);
    }
    #[inline(always)]
    fn base_settle(self, _acc: &mut Plane) {}
    #[inline(always)]
    fn base_reduce(self, acc: Plane) -> Plane {
        acc
    }

    #[inline(always)]
    fn sum_lanes(self, v: Planes) -> M31Ext3 {
        let total = |plane: &Plane| M31::reduce(plane.iter().map(|&lane| u64::from(lane)).sum());
        M31Ext3::new([total(&v[0]), total(&v[1]), total(&v[2])])
    }
    #[inline(never)]
    fn dot_lanes(self, blocks: &[M31x16], stride: usize, weight: Planes) -> Planes {
        let mut out = M31Ext3x16([[0; 16]; 3]);
        for lane in 0..16 {
            let products = self.mul_base(weight, blocks[lane * stride].0);
            out.set(lane, self.sum_lanes(products));
        }
        out.0
    }

    #[inline(always)]
    fn splat_lane(self, block: &M31Ext3x16, lane: usize) -> Planes {
        let [x, y, z] = &block.0;
        [[x[lane]; 16], [y[lane]; 16], [z[lane]; 16]]
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &M31Ext3x16, lane: usize) -> Planes {
        self.splat_lane(block, lane)
    }
    #[inline(always)]
    fn mixed_mac_lane(self, acc: &mut Planes, x: Plane, block: &M31Ext3x16, lane: usize) {
        self.mixed_mac(acc, x, self.splat_lane(block, lane));
    }
}

impl Gather for M31Portable {
    type Places = Plane;

    #[inline(always)]
    fn run(self, range: Range<usize>) -> Picked<Plane> {
        Picked {
            at: core::array::from_fn(|lane| (range.start + lane) as u32),
            lanes: all_lanes(range.len()),
        }
    }
    #[inline(never)]
    fn slice(self, ends: &[u32], k: u32) -> Picked<Plane> {
        let mut picked = Picked {
            at: [0; 16],
            lanes: 0,
        };
        for (lane, ends) in ends.windows(2).enumerate() {
            picked.at[lane] = ends[0] + k;
            picked.lanes |= u32::from(ends[0] + k < ends[1]) << lane;
        }
        picked
    }
    #[inline(always)]
    fn places(self, list: &[u32]) -> Plane {
        *list.first_chunk().expect("a list of 16 places")
    }
    #[inline(always)]
    fn instance(self, wires: Plane, log: usize, instance: usize) -> Plane {
        wires.map(|wire| (wire << log) + instance as u32)
    }
    #[inline(never)]
    fn wires<const K: usize>(self, gates: &[[u32; K]], which: usize, at: Plane) -> Plane {
        let last = gates.len() - 1;
        at.map(|at| gates[last.min(at as usize)][which])
    }
    #[inline(never)]
    fn slots(self, slots: &Slots, at: Plane) -> Option<Plane> {
        let last = match slots {
            Slots::Ones => return None,
            Slots::U8(slots) => slots.len(),
            Slots::U16(slots) => slots.len(),
            Slots::U32(slots) => slots.len(),
        } - 1;
        Some(at.map(|at| slots.get(last.min(at as usize)).unwrap_or(0) as u32))
    }
    #[inline(never)]
    fn gather(self, table: &[M31Ext3x16], at: Plane) -> Planes {
        let words = words_of_ext(table);
        let last = 16 * table.len() - 1;
        // Value i has its words at 48 (i / 16) + i mod 16, and 16 and 32 words on.
        let at = at
            .map(|at| last.min(at as usize))
            .map(|at| at + 2 * (at & !15));
        [0, 16, 32].map(|plane| at.map(|at| words[at + plane]))
    }
    #[inline(always)]
    fn gather_base(self, table: &[M31x16], at: Plane) -> Plane {
        words_at(words_of_base(table), &at)
    }
    #[inline(always)]
    fn keep(self, v: Planes, lanes: u32) -> Planes {
        v.map(|plane| self.keep_base(plane, lanes))
    }
    #[inline(always)]
    fn keep_base(self, b: Plane, lanes: u32) -> Plane {
        core::array::from_fn(|lane| b[lane] * (lanes >> lane & 1))
    }
    #[inline(always)]
    fn prefetch(self, _block: &M31x16) {}
}
