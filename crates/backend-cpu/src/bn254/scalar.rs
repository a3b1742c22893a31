//! Eight lanes one after the other, for CPUs without 52-bit multiplications.
//!
//! Lanes are integers below `2p`, kept as a block has them.
//!
//! The number of a lane goes through `black_box` where there is much to do: the compiler would take
//! four lanes together, have more values than registers, and take twice as long for an addition with
//! carry in vectors.

use core::hint::black_box;

use prover_fields::Bn254;

use super::blocks::Bn254x8;
use super::constants::Words;
use super::words::{self, Wide};
use crate::arith::{Arith, Lanes};

/// The arithmetic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneByOne;

/// Calls an expression for every lane and makes a block of the results.
macro_rules! lanes {
    (|$lane:ident| $words:expr) => {{
        let mut out = Bn254x8::ZERO;
        let mut next = 0;
        while next < 8 {
            let $lane = black_box(next);
            out.set_words($lane, $words);
            next += 1;
        }
        out
    }};
}

impl Arith for OneByOne {
    type F = Bn254;
    type Block = Bn254x8;
    type BaseBlock = Bn254x8;
    type V = Bn254x8;
    type B = Bn254x8;
    type Acc = [Wide; 8];
    type MixedAcc = [Wide; 8];
    type BaseAcc = [Wide; 8];
    type Scalar = [Words; 4];
    const RUN: usize = 1 << 31;
    const MIXED_RUN: usize = Self::RUN;
    const BASE_RUN: usize = Self::RUN;

    one_field!();

    #[inline(always)]
    fn load(self, block: &Bn254x8) -> Bn254x8 {
        *block
    }
    #[inline(always)]
    fn store(self, v: Bn254x8) -> Bn254x8 {
        v
    }
    #[inline(always)]
    fn splat(self, value: Bn254) -> Bn254x8 {
        let [w0, w1, w2, w3] = value.montgomery_limbs();
        Bn254x8([[w0; 8], [w1; 8], [w2; 8], [w3; 8]])
    }

    #[inline(always)]
    fn add(self, x: Bn254x8, y: Bn254x8) -> Bn254x8 {
        lanes!(|lane| words::sum(x.words(lane), y.words(lane)))
    }
    #[inline(always)]
    fn sub(self, x: Bn254x8, y: Bn254x8) -> Bn254x8 {
        lanes!(|lane| {
            let difference = words::difference(x.words(lane), y.words(lane));
            words::sum(difference, [0; 4])
        })
    }
    #[inline(always)]
    fn mul(self, x: Bn254x8, y: Bn254x8) -> Bn254x8 {
        lanes!(|lane| {
            let mut product = [0; 9];
            words::add_product(&mut product, x.words(lane), y.words(lane));
            words::reduced(&product)
        })
    }

    #[inline(always)]
    fn scalar(self, value: Bn254) -> [Words; 4] {
        words::rows(value)
    }
    #[inline(always)]
    fn fold(self, low: Bn254x8, high: Bn254x8, r: &[Words; 4]) -> Bn254x8 {
        lanes!(|lane| words::fold(low.words(lane), high.words(lane), r))
    }

    #[inline(always)]
    fn acc(self) -> [Wide; 8] {
        [[0; 9]; 8]
    }
    #[inline(always)]
    fn mac(self, acc: &mut [Wide; 8], x: Bn254x8, y: Bn254x8) {
        let mut next = 0;
        while next < 8 {
            let lane = black_box(next);
            words::add_product(&mut acc[lane], x.words(lane), y.words(lane));
            next += 1;
        }
    }
    #[inline(always)]
    fn mac_differences(self, acc: &mut [Wide; 8], x: (Bn254x8, Bn254x8), y: (Bn254x8, Bn254x8)) {
        let mut next = 0;
        while next < 8 {
            let lane = black_box(next);
            let x = words::difference(x.1.words(lane), x.0.words(lane));
            let y = words::difference(y.1.words(lane), y.0.words(lane));
            words::add_product(&mut acc[lane], x, y);
            next += 1;
        }
    }
    #[inline(always)]
    fn mac_product_less(
        self,
        acc: &mut [Wide; 8],
        (x, y): (Bn254x8, Bn254x8),
        z: Bn254x8,
        weight: Bn254x8,
    ) {
        let mut next = 0;
        while next < 8 {
            let lane = black_box(next);
            let mut product = [0; 9];
            words::add_product(&mut product, x.words(lane), y.words(lane));
            let difference = words::difference(words::reduced(&product), z.words(lane));
            words::add_product(&mut acc[lane], difference, weight.words(lane));
            next += 1;
        }
    }
    #[inline(always)]
    fn settle(self, acc: &mut [Wide; 8]) {
        let mut lane = 0;
        while lane < 8 {
            acc[lane] = words::widened(words::reduced(&acc[lane]));
            lane += 1;
        }
    }
    #[inline(always)]
    fn reduce(self, acc: [Wide; 8]) -> Bn254x8 {
        lanes!(|lane| words::reduced(&acc[lane]))
    }

    #[inline(always)]
    fn sum_lanes(self, v: Bn254x8) -> Bn254 {
        let mut sum = v.get(0);
        let mut lane = 1;
        while lane < 8 {
            sum += v.get(lane);
            lane += 1;
        }
        sum
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[Bn254x8], stride: usize, weight: Bn254x8) -> Bn254x8 {
        lanes!(|row| {
            let block = &blocks[row * stride];
            let mut sum = [0; 9];
            let mut lane = 0;
            while lane < 8 {
                words::add_product(&mut sum, block.words(lane), weight.words(lane));
                lane += 1;
            }
            words::reduced(&sum)
        })
    }

    #[inline(always)]
    fn splat_lane(self, block: &Bn254x8, lane: usize) -> Bn254x8 {
        let [w0, w1, w2, w3] = block.words(lane);
        Bn254x8([[w0; 8], [w1; 8], [w2; 8], [w3; 8]])
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &Bn254x8, lane: usize) -> [Wide; 8] {
        [words::widened(block.words(lane)); 8]
    }
}
