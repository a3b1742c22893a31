//! Every operation at every level against `prover-fields`, lane by lane.

use prover_core::Slots;
use prover_fields::{Bn254, Field};

use super::blocks::Bn254x8;
use super::constants::{P, Words, words_of_times_p};
use super::kernels::bn254_lanes;
use crate::arith::Lanes;
use crate::field::{ArithOf, Kernel};
use crate::simd::{Level, SimdLevel};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn words(&mut self) -> Words {
        core::array::from_fn(|_| self.word())
    }

    fn element(&mut self) -> Bn254 {
        value(self.words())
    }
}

/// The element of an integer's class: from the integer's words, not by the code under test.
fn value(words: Words) -> Bn254 {
    let two_to_32 = Bn254::from_u64(1 << 32);
    let integer = words.iter().rev().fold(Bn254::ZERO, |high, &word| {
        high * two_to_32 * two_to_32 + Bn254::from_u64(word)
    });
    // A canonical integer is the Montgomery form of itself divided by the radix.
    integer * Bn254::from_montgomery_limbs([1, 0, 0, 0]).unwrap()
}

/// Runs a check at every level that this machine has.
fn at_all_levels<K: Kernel<Bn254, Out = ()>>(kernel: impl Fn(SimdLevel) -> K) {
    for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
        if let Some(proof) = Level::new(level) {
            bn254_lanes(proof, kernel(level));
        }
    }
}

/// The largest integer that a level lets a lane be.
fn largest(level: SimdLevel) -> Words {
    match level {
        SimdLevel::Avx512 => [u64::MAX; 4],
        _ => {
            let [w0, rest @ ..] = words_of_times_p(2);
            let [w1, w2, w3] = rest;
            [w0 - 1, w1, w2, w3]
        }
    }
}

fn at_most(a: Words, b: Words) -> bool {
    a.iter().rev().le(b.iter().rev())
}

/// 52-bit limbs, as words.
fn from_limbs(l: [u64; 5]) -> Words {
    [
        l[0] | l[1] << 52,
        l[1] >> 12 | l[2] << 40,
        l[2] >> 24 | l[3] << 28,
        l[3] >> 36 | l[4] << 16,
    ]
}

/// What integers go wrong first, as far as a level lets a lane be them, and random ones: whole blocks.
fn samples(level: SimdLevel, random: &mut Random) -> Vec<Words> {
    let ones = (1 << 52) - 1;
    // Both halves of the square of this limb are near 2^52.
    let full = ones - (1 << 26) + 2;
    let mut samples = vec![
        [0; 4],
        [1, 0, 0, 0],
        Bn254::R,
        [P[0] - 1, P[1], P[2], P[3]],
        P,
        [P[0] + 1, P[1], P[2], P[3]],
        largest(level),
        from_limbs([full, full, full, full, full >> 4]),
        from_limbs([full, full, full, full, full >> 7]),
        // All nine halves in column 4 of its square are near 2^52.
        from_limbs([ones, full, full, full, 1]),
    ];
    samples.extend((1..=5).map(words_of_times_p));
    samples.extend((0..256).step_by(13).map(single_bit));
    for limb in 0..5 {
        let mut limbs = [0; 5];
        limbs[limb] = if limb < 4 { ones } else { ones >> 4 };
        samples.push(from_limbs(limbs));
        limbs = limbs.map(|l| if l == 0 { ones } else { 0 });
        limbs[4] >>= 4;
        samples.push(from_limbs(limbs));
    }
    samples.retain(|&sample| at_most(sample, largest(level)));
    while samples.len() % 8 != 0 || samples.len() < 64 {
        let sample = random.words();
        if at_most(sample, largest(level)) {
            samples.push(sample);
        }
    }
    samples
}

fn single_bit(bit: usize) -> Words {
    let mut words = [0; 4];
    words[bit / 64] = 1 << (bit % 64);
    words
}

fn block(words: &[Words]) -> Bn254x8 {
    let mut block = Bn254x8::ZERO;
    for (lane, &words) in words.iter().enumerate() {
        block.set_words(lane, words);
    }
    block
}

/// The values of a result, whose lanes must be in the level's bounds.
fn values(level: SimdLevel, block: Bn254x8) -> [Bn254; 8] {
    core::array::from_fn(|lane| {
        let words = block.words(lane);
        assert!(at_most(words, largest(level)), "{level:?}: {words:x?}");
        assert_eq!(block.get(lane), value(words), "{level:?}: {words:x?}");
        value(words)
    })
}

/// Checks a result against an expression of the lanes' values.
macro_rules! check {
    ($a:ident, $level:expr, $got:expr, $lane:ident => $want:expr) => {{
        let got = values($level, $a.store($got));
        let want: [Bn254; 8] = core::array::from_fn(|$lane| $want);
        assert_eq!(got, want, "{:?}: {}", $level, stringify!($got));
    }};
}

struct TwoOperands(SimdLevel);

impl Kernel<Bn254> for TwoOperands {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(1));
        let samples = samples(level, &mut random);
        let blocks: Vec<Bn254x8> = samples.chunks(8).map(block).collect();
        // Every sample meets every other one: a block is turned against the others.
        let turned: Vec<Bn254x8> = (0..samples.len())
            .map(|turn| core::array::from_fn(|i| samples[(turn + i) % samples.len()]))
            .map(|words: [Words; 8]| block(&words))
            .collect();
        for x in &blocks {
            for y in &turned {
                let (u, v) = (values(level, *x), values(level, *y));
                let (x, y) = (a.load(x), a.load(y));
                check!(a, level, x, i => u[i]);
                check!(a, level, a.add(x, y), i => u[i] + v[i]);
                check!(a, level, a.sub(x, y), i => u[i] - v[i]);
                check!(a, level, a.mul(x, y), i => u[i] * v[i]);
                let mut acc = a.acc();
                a.mac(&mut acc, x, y);
                a.mac_differences(&mut acc, (x, y), (y, x));
                let square = |d: Bn254| d * d;
                check!(a, level, a.reduce(acc), i => u[i] * v[i] - square(u[i] - v[i]));
                a.settle(&mut acc);
                check!(a, level, a.reduce(acc), i => u[i] * v[i] - square(u[i] - v[i]));
            }
        }
    }
}

#[test]
fn operations_on_two_blocks_are_the_fields() {
    at_all_levels(TwoOperands);
}

struct BaseOperands(SimdLevel);

impl Kernel<Bn254> for BaseOperands {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(8));
        for _ in 0..20 {
            let elements: [Bn254; 16] = core::array::from_fn(|_| random.element());
            let (u, v) = elements.split_at(8);
            let (x, y) = (Bn254x8::gather(u), Bn254x8::gather(v));
            let (x, y, z) = (a.load_base(&x), a.load_base(&y), a.load(&y));
            check!(a, level, a.lift(x), i => u[i]);
            check!(a, level, a.lift(a.base_add(x, y)), i => u[i] + v[i]);
            check!(a, level, a.lift(a.base_sub(x, y)), i => u[i] - v[i]);
            check!(a, level, a.lift(a.base_mul(x, y)), i => u[i] * v[i]);
            check!(a, level, a.mul_base(z, x), i => u[i] * v[i]);
            check!(a, level, a.lift(a.splat_base(u[0])), _i => u[0]);
            assert_eq!(values(level, a.store_base(x)), u);
            let (mut base, mut mixed) = (a.base_acc(), a.mixed_acc());
            a.base_mac(&mut base, x, y);
            a.base_settle(&mut base);
            check!(a, level, a.lift(a.base_reduce(base)), i => u[i] * v[i]);
            a.mixed_mac(&mut mixed, x, z);
            a.mixed_settle(&mut mixed);
            check!(a, level, a.mixed_reduce(mixed), i => u[i] * v[i]);
        }
    }
}

#[test]
fn operations_in_the_base_field_are_the_fields() {
    at_all_levels(BaseOperands);
}

struct Scalars(SimdLevel);

impl Kernel<Bn254> for Scalars {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(2));
        let samples = samples(level, &mut random);
        let mut scalars = vec![Bn254::ZERO, Bn254::ONE, -Bn254::ONE, random.element()];
        scalars.extend([0, 51, 52, 63, 64, 128, 200, 253].map(|bit| value(single_bit(bit))));
        scalars.extend((0..20).map(|_| random.element()));
        for (turn, scalar) in scalars.into_iter().enumerate() {
            let r = a.scalar(scalar);
            check!(a, level, a.splat(scalar), _i => scalar);
            for (k, chunk) in samples.chunks(8).enumerate() {
                let shift = (8 * k + 7 * turn + 3) % samples.len();
                let other: [Words; 8] =
                    core::array::from_fn(|i| samples[(shift + i) % samples.len()]);
                for (x, y) in [(block(chunk), block(&other)), (block(&other), block(chunk))] {
                    let (u, v) = (values(level, x), values(level, y));
                    let (x, y) = (a.load(&x), a.load(&y));
                    check!(a, level, a.fold(x, y, &r), i => u[i] + scalar * (v[i] - u[i]));
                    let (x, y) = (a.load_base(&a.store(x)), a.load_base(&a.store(y)));
                    check!(a, level, a.fold_base(x, y, &r), i => u[i] + scalar * (v[i] - u[i]));
                }
            }
        }
    }
}

#[test]
fn folds_are_the_fields() {
    at_all_levels(Scalars);
}

struct Largest(SimdLevel);

impl Kernel<Bn254> for Largest {
    type Out = ();

    /// All lanes as large as they may be against zero, every way, and folded again and again.
    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(3));
        let top = largest(level);
        for r in [Bn254::ONE, -Bn254::ONE, random.element()] {
            let scalar = a.scalar(r);
            for (x, y) in [([0; 4], top), (top, [0; 4]), (top, top)] {
                let (mut low, mut high) = (a.load(&block(&[x; 8])), a.load(&block(&[y; 8])));
                let (mut u, mut v) = (value(x), value(y));
                for _ in 0..50 {
                    let folded = a.fold(low, high, &scalar);
                    let value = u + r * (v - u);
                    check!(a, level, folded, _i => value);
                    (low, high) = (high, folded);
                    (u, v) = (v, value);
                }
            }
        }
        // Rows of all ones: one scalar in thirty has rows so near p that the sum with `low` is above 2^256.
        let dense = [u64::MAX - 1, u64::MAX, u64::MAX, top[3] - 1];
        let (low, high) = (a.load(&block(&[top; 8])), a.load(&block(&[dense; 8])));
        for _ in 0..500 {
            let r = random.element();
            let want = value(top) + r * (value(dense) - value(top));
            check!(a, level, a.fold(low, high, &a.scalar(r)), _i => want);
        }
    }
}

#[test]
fn folds_of_the_largest_lanes_stay_in_bounds() {
    at_all_levels(Largest);
}

struct LongSums(SimdLevel);

impl Kernel<Bn254> for LongSums {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(4));
        let run = A::RUN.min(1000);
        for chunk in samples(level, &mut random).chunks(8) {
            let block = block(chunk);
            let (x, v) = (a.load(&block), values(level, block));
            let zero = a.splat(Bn254::ZERO);
            let (mut acc, mut count) = (a.acc(), 0);
            for turn in 0..4 {
                if turn > 0 {
                    a.settle(&mut acc);
                }
                for _ in 0..run {
                    match turn % 2 {
                        0 => a.mac(&mut acc, x, x),
                        _ => a.mac_differences(&mut acc, (zero, x), (zero, x)),
                    }
                    count += 1;
                }
                let times = Bn254::from_u64(count);
                check!(a, level, a.reduce(acc), i => times * v[i] * v[i]);
            }
        }
    }
}

#[test]
fn the_longest_sums_do_not_overflow() {
    at_all_levels(LongSums);
}

struct AcrossLanes(SimdLevel);

impl Kernel<Bn254> for AcrossLanes {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(5));
        let samples = samples(level, &mut random);
        let blocks: Vec<Bn254x8> = samples.chunks(8).map(block).collect();
        let all: Vec<_> = blocks.iter().map(|&b| values(level, b)).collect();
        for (b, v) in blocks.iter().zip(&all) {
            let x = a.load(b);
            let sum = v.iter().fold(Bn254::ZERO, |sum, &v| sum + v);
            assert_eq!(a.sum_lanes(x), sum);
            for lane in 0..8 {
                check!(a, level, a.splat_lane(b, lane), _i => v[lane]);
                let mut acc = a.mixed_acc_lane(b, lane);
                check!(a, level, a.mixed_reduce(acc), _i => v[lane]);
                a.mixed_mac_lane(&mut acc, a.load_base(b), b, lane);
                check!(a, level, a.mixed_reduce(acc), i => v[lane] + v[lane] * v[i]);
                check!(a, level, a.keep(x, 1 << lane), i => if i == lane { v[i] } else { Bn254::ZERO });
                check!(a, level, a.keep(x, 0xff >> lane), i => if i < 8 - lane { v[i] } else { Bn254::ZERO });
            }
            // Eight blocks of a table of pairs of them.
            let stride = blocks.len() / 8;
            let dots = a.dot_lanes(&blocks, stride, x);
            check!(a, level, dots, i => {
                let products = all[i * stride].iter().zip(v).map(|(&u, &v)| u * v);
                products.fold(Bn254::ZERO, |sum, product| sum + product)
            });
        }
    }
}

#[test]
fn operations_across_lanes_are_the_fields() {
    at_all_levels(AcrossLanes);
}

struct Gathers(SimdLevel);

impl Kernel<Bn254> for Gathers {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<Bn254>>(self, a: A) {
        let (level, mut random) = (self.0, Random(6));
        let table: Vec<Bn254> = (0..40).map(|_| random.element()).collect();
        let blocks: Vec<Bn254x8> = table.chunks(8).map(Bn254x8::gather).collect();
        // Places are read back through the table.
        let index = |at| {
            let found = values(level, a.store(a.gather(&blocks, at)));
            found.map(|v| table.iter().position(|&t| t == v).unwrap())
        };
        assert_eq!(index(a.run(9..17).at), [9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(a.run(9..17).lanes, 0xff);
        assert_eq!(a.run(36..39).lanes, 0b111);
        assert_eq!(index(a.run(36..39).at), [36, 37, 38, 39, 39, 39, 39, 39]);

        let ends = [0, 3, 3, 4, 20, 21, 30, 31, 39];
        let picked = a.slice(&ends, 1);
        assert_eq!(picked.lanes, 0b1010_1001);
        let kept = index(picked.at);
        assert_eq!([kept[0], kept[3], kept[5], kept[7]], [1, 5, 22, 32]);
        assert_eq!(a.slice(&ends[..4], 0).lanes, 0b101);

        let at = a.run(2..10).at;
        let pairs: Vec<[u32; 2]> = (0..8).map(|i| [i * 4, 39 - i]).collect();
        let firsts = [8, 12, 16, 20, 24, 28, 28, 28];
        assert_eq!(index(a.wires(&pairs, 0, at)), firsts);
        let seconds = [37, 36, 35, 34, 33, 32, 32, 32];
        assert_eq!(index(a.wires(&pairs, 1, at)), seconds);
        assert_eq!(index(a.wires::<2>(&[], 1, at)), [0; 8]);
        let numbers = [5u8, 4, 3, 2, 1, 0];
        let want = [3, 2, 1, 0, 0, 0, 0, 0];
        let lists = [
            Slots::U8(numbers.to_vec()),
            Slots::U16(numbers.map(u16::from).to_vec()),
            Slots::U32(numbers.map(u32::from).to_vec()),
        ];
        for list in lists {
            assert_eq!(a.slots(&list, at).map(index), Some(want));
        }
        assert!(a.slots(&Slots::Ones, at).is_none());
        a.prefetch(&blocks[0]);
    }
}

#[test]
fn gathers_find_their_places() {
    at_all_levels(Gathers);
}

#[test]
fn sums_of_the_most_products_are_reduced() {
    use super::words::{reduced, widened};
    // Word k counts 2^(64 k), and a sum is divided by 2^256.
    let mut random = Random(7);
    let shift = Bn254::from_u64(1 << 32) * Bn254::from_u64(1 << 32);
    let back = shift.inverse().unwrap().square().square();
    for most in [0, 1, 1 << 31, (1 << 32) - 1] {
        let mut sums = vec![[0; 9], [u64::MAX; 9]];
        sums.extend((0..100).map(|_| core::array::from_fn(|_| random.word())));
        for mut sum in sums {
            sum[8] = most;
            let want = (sum.iter().rev()).fold(Bn254::ZERO, |high, &word| {
                high * shift + value([word, 0, 0, 0])
            });
            let got = reduced(&sum);
            assert!(at_most(got, largest(SimdLevel::Portable)));
            assert_eq!(value(got), want * back);
            assert_eq!(value(reduced(&widened(got))), value(got));
        }
    }
}
