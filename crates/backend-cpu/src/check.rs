//! Checks an arithmetic against the field's own operators, lane by lane.

use prover_core::{ChallengeField, Field, Slots};

use crate::arith::{Arith, Lanes};
use crate::field::{ArithOf, CpuField, Kernel};
use crate::gather::all_lanes;
use crate::simd::{Level, SimdLevel};

/// Every level that this CPU has.
pub(crate) fn levels() -> impl Iterator<Item = Level> {
    let all = [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512];
    all.into_iter().filter_map(Level::new)
}

/// So many turns of a test, or, where Miri takes a thousand times as long for each, a few.
pub(crate) fn turns(all: usize) -> usize {
    match cfg!(miri) {
        true => all.div_ceil(100),
        false => all,
    }
}

/// The elements of a list that a test has time for: under Miri a few from all over it.
pub(crate) fn sampled<T: Copy>(all: &[T]) -> Vec<T> {
    let step = all.len().div_ceil(turns(all.len()).max(8));
    all.iter().copied().step_by(step.max(1)).collect()
}

/// Numbers of no quality in particular.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `extremes` half of the time, else uniform.
    fn pick<T: Field>(&mut self, extremes: &[T]) -> T {
        match self.word() % 2 {
            0 => extremes[self.word() as usize % extremes.len()],
            _ => {
                let bytes: Vec<u8> = (0..T::UNIFORM_BYTES).map(|_| self.word() as u8).collect();
                T::from_uniform(&bytes)
            }
        }
    }
}

/// A kernel that compares every operation on many inputs.
pub(crate) struct Check<'a, F: ChallengeField> {
    /// Elements at which a mistake would show.
    pub(crate) extremes: &'a [F],
    /// The same in the base field.
    pub(crate) base_extremes: &'a [F::Base],
    /// Products summed without a pause, in runs where the field has such.
    pub(crate) products: usize,
}

/// Blocks of values, and the values.
struct Values<F: CpuField> {
    ext: Vec<F>,
    base: Vec<F::Base>,
    blocks: Vec<F::Block>,
    base_blocks: Vec<F::BaseBlock>,
}

impl<F: CpuField> Values<F> {
    fn new(ext: Vec<F>, base: Vec<F::Base>) -> Self {
        Self {
            blocks: ext.chunks(F::WIDTH).map(F::Block::gather).collect(),
            base_blocks: base.chunks(F::WIDTH).map(F::BaseBlock::gather).collect(),
            ext,
            base,
        }
    }
}

/// Asserts that lanes are what a function of their number says.
#[inline(always)]
fn lanes<A: Arith>(a: A, what: &str, got: A::V, want: impl Fn(usize) -> A::F) {
    let block = a.store(got);
    for lane in 0..A::Block::WIDTH {
        assert_eq!(block.get(lane), want(lane), "{what}, lane {lane}");
    }
}

/// The same in the base field.
#[inline(always)]
fn base_lanes<A: Arith>(
    a: A,
    what: &str,
    got: A::B,
    want: impl Fn(usize) -> <A::F as ChallengeField>::Base,
) {
    let block = a.store_base(got);
    for lane in 0..A::Block::WIDTH {
        assert_eq!(block.get(lane), want(lane), "{what}, lane {lane}");
    }
}

impl<F: CpuField> Kernel<F> for Check<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<A: ArithOf<F>>(self, a: A) {
        let mut random = Random(11);
        for _ in 0..turns(400) {
            let ext = (0..3 * F::WIDTH)
                .map(|_| random.pick(self.extremes))
                .collect();
            let base = (0..3 * F::WIDTH)
                .map(|_| random.pick(self.base_extremes))
                .collect();
            let values = Values::<F>::new(ext, base);
            let r = random.pick(self.extremes);
            element_wise(a, &values);
            folds(a, &values, r);
            folds(a, &values, F::ONE);
            lane_by_lane(a, &values);
        }
        self.sums(a, &mut random);
        gathers(a, &self, &mut random);
    }
}

#[inline(always)]
fn element_wise<F: CpuField, A: ArithOf<F>>(a: A, values: &Values<F>) {
    let (x, y) = (a.load(&values.blocks[0]), a.load(&values.blocks[1]));
    let (b, c) = (
        a.load_base(&values.base_blocks[0]),
        a.load_base(&values.base_blocks[1]),
    );
    let (ext, base) = (&values.ext, &values.base);
    let other = |lane| lane + F::WIDTH;
    lanes(a, "load", x, |i| ext[i]);
    base_lanes(a, "load_base", b, |i| base[i]);
    lanes(a, "add", a.add(x, y), |i| ext[i] + ext[other(i)]);
    lanes(a, "sub", a.sub(x, y), |i| ext[i] - ext[other(i)]);
    lanes(a, "mul", a.mul(x, y), |i| ext[i] * ext[other(i)]);
    lanes(a, "mul_base", a.mul_base(x, b), |i| ext[i] * base[i]);
    lanes(a, "lift", a.lift(b), |i| F::from(base[i]));
    base_lanes(a, "base_add", a.base_add(b, c), |i| {
        base[i] + base[other(i)]
    });
    base_lanes(a, "base_sub", a.base_sub(b, c), |i| {
        base[i] - base[other(i)]
    });
    base_lanes(a, "base_mul", a.base_mul(b, c), |i| {
        base[i] * base[other(i)]
    });
    lanes(a, "splat", a.splat(ext[0]), |_| ext[0]);
    base_lanes(a, "splat_base", a.splat_base(base[0]), |_| base[0]);
}

#[inline(always)]
fn folds<F: CpuField, A: ArithOf<F>>(a: A, values: &Values<F>, r: F) {
    let (ext, base) = (&values.ext, &values.base);
    let (low, high) = (a.load(&values.blocks[0]), a.load(&values.blocks[1]));
    let scalar = a.scalar(r);
    lanes(a, "fold", a.fold(low, high, &scalar), |i| {
        ext[i] + r * (ext[i + F::WIDTH] - ext[i])
    });
    let (low, high) = (
        a.load_base(&values.base_blocks[0]),
        a.load_base(&values.base_blocks[1]),
    );
    lanes(a, "fold_base", a.fold_base(low, high, &scalar), |i| {
        F::from(base[i]) + r * (base[i + F::WIDTH] - base[i])
    });
}

#[inline(always)]
fn lane_by_lane<F: CpuField, A: ArithOf<F>>(a: A, values: &Values<F>) {
    let (ext, base, block) = (&values.ext, &values.base, &values.blocks[0]);
    let sum = ext[..F::WIDTH].iter().fold(F::ZERO, |sum, &x| sum + x);
    assert_eq!(a.sum_lanes(a.load(block)), sum, "sum_lanes");
    let b = a.load_base(&values.base_blocks[0]);
    for lane in 0..F::WIDTH {
        lanes(a, "splat_lane", a.splat_lane(block, lane), |_| ext[lane]);
        let mut acc = a.mixed_acc_lane(block, lane);
        a.mixed_mac_lane(&mut acc, b, &values.blocks[1], lane);
        lanes(a, "mixed_mac_lane", a.mixed_reduce(acc), |i| {
            ext[lane] + ext[F::WIDTH + lane] * base[i]
        });
        let kept = a.keep(
            a.load(block),
            0b1010_0110_0101 >> lane & all_lanes(F::WIDTH),
        );
        lanes(a, "keep", kept, |i| {
            match 0b1010_0110_0101 >> lane >> i & 1 {
                1 => ext[i],
                _ => F::ZERO,
            }
        });
    }
}

impl<F: CpuField> Check<'_, F> {
    /// Sums as long as a kernel makes them, of the greatest and of other values.
    #[inline(always)]
    fn sums<A: ArithOf<F>>(&self, a: A, random: &mut Random) {
        for (index, extreme) in sampled(self.extremes).into_iter().enumerate() {
            let base = self.base_extremes[index % self.base_extremes.len()];
            let (x, b) = (a.splat(extreme), a.splat_base(base));
            let (mut acc, mut mixed, mut bases) = (a.acc(), a.mixed_acc(), a.base_acc());
            let mut want = (F::ZERO, F::ZERO, F::Base::ZERO);
            for done in 0..self.products {
                if done > 0 && done % A::RUN == 0 {
                    a.settle(&mut acc);
                }
                if done > 0 && done % A::MIXED_RUN == 0 {
                    a.mixed_settle(&mut mixed);
                }
                if done > 0 && done % A::BASE_RUN == 0 {
                    a.base_settle(&mut bases);
                }
                a.mac(&mut acc, x, x);
                a.mixed_mac(&mut mixed, b, x);
                a.base_mac(&mut bases, b, b);
                want.0 += extreme * extreme;
                want.1 += extreme * base;
                want.2 += base * base;
            }
            lanes(a, "mac", a.reduce(acc), |_| want.0);
            lanes(a, "mixed_mac", a.mixed_reduce(mixed), |_| want.1);
            base_lanes(a, "base_mac", a.base_reduce(bases), |_| want.2);
        }
        let values: Vec<F> = (0..8 * F::WIDTH)
            .map(|_| random.pick(self.extremes))
            .collect();
        let run = 8.min(A::RUN);
        let mut acc = a.acc();
        for block in values.chunks(F::WIDTH).take(run) {
            let x = a.load(&F::Block::gather(block));
            a.mac(&mut acc, x, a.add(x, a.splat(values[0])));
        }
        lanes(a, "mac of several", a.reduce(acc), |i| {
            let terms = values.iter().skip(i).step_by(F::WIDTH).take(run);
            terms.fold(F::ZERO, |sum, &x| sum + x * (x + values[0]))
        });
    }
}

/// Gathers, from tables of several blocks.
#[inline(always)]
fn gathers<F: CpuField, A: ArithOf<F>>(a: A, check: &Check<'_, F>, random: &mut Random) {
    let len = 5 * F::WIDTH;
    // As many as sums over the lanes of every second block read; places are of the first.
    let all = len.max(2 * F::WIDTH * F::WIDTH);
    let ext: Vec<F> = (0..all).map(|_| random.pick(check.extremes)).collect();
    let base = (0..len * F::WIDTH).map(|_| random.pick(check.base_extremes));
    let values = Values::<F>::new(ext, base.collect());
    let (ext, base) = (&values.ext, &values.base);
    let singles: Vec<[u32; 1]> = (0..301)
        .map(|_| [random.word() as u32 % len as u32])
        .collect();
    let pairs: Vec<[u32; 2]> = singles.windows(2).map(|w| [w[0][0], w[1][0]]).collect();
    let slots = [
        Slots::U8(singles.iter().map(|s| s[0] as u8).collect()),
        Slots::U16(singles.iter().map(|s| s[0] as u16).collect()),
        Slots::U32(singles.iter().map(|s| s[0]).collect()),
    ];
    // The last reads the ends of the lists, where a word may not reach beyond.
    for start in [0, 1, 100, 300 - F::WIDTH] {
        let at = a.run(start..start + F::WIDTH).at;
        let one = a.gather(&values.blocks, a.wires(&singles, 0, at));
        lanes(a, "gather", one, |i| ext[singles[start + i][0] as usize]);
        for which in 0..2 {
            let wires = a.wires(&pairs, which, at);
            let got = a.gather_base(&values.base_blocks, wires);
            base_lanes(a, "gather_base", got, |i| {
                base[pairs[start + i][which] as usize]
            });
        }
        for slots in &slots {
            let at = a.slots(slots, at).expect("there are slots");
            let got = a.gather(&values.blocks, at);
            lanes(a, "slots", got, |i| ext[singles[start + i][0] as usize]);
        }
    }
    // Rows of every length from 0 on, the last not empty; then one longer than any buffer.
    let lengths = (0..F::WIDTH as u32).map(|row| (row * 3 + 1) % 7);
    for longest in [0, 250] {
        let mut ends = vec![2];
        for (row, length) in lengths.clone().enumerate() {
            let more = if row == F::WIDTH / 2 { longest } else { 0 };
            ends.push(ends[row] + length + more);
        }
        rows(a, &values, &ends, &singles);
    }
    let weight = a.load(&values.blocks[1]);
    for stride in [1, 2] {
        lanes(
            a,
            "dot_lanes",
            a.dot_lanes(&values.base_blocks, stride, weight),
            |i| {
                (0..F::WIDTH).fold(F::ZERO, |sum, lane| {
                    sum + ext[F::WIDTH + lane] * base[i * stride * F::WIDTH + lane]
                })
            },
        );
        if let Some(got) = a.dot_ext_lanes(&values.blocks, stride, weight) {
            lanes(a, "dot_ext_lanes", got, |i| {
                (0..F::WIDTH).fold(F::ZERO, |sum, lane| {
                    sum + ext[F::WIDTH + lane] * ext[i * stride * F::WIDTH + lane]
                })
            });
        }
    }
}

#[inline(always)]
fn rows<F: CpuField, A: ArithOf<F>>(a: A, values: &Values<F>, ends: &[u32], places: &[[u32; 1]]) {
    let row = |i: usize| ends[i] as usize..ends[i + 1] as usize;
    for k in 0..3 {
        let picked = a.slice(ends, k);
        let v = a.gather(&values.blocks, a.wires(places, 0, picked.at));
        lanes(a, "slice", a.keep(v, picked.lanes), |i| {
            let place = places[row(i)].get(k as usize);
            place.map_or(F::ZERO, |place| values.ext[place[0] as usize])
        });
    }
    if let Some(sums) = a.row_sums(&values.blocks, ends, places) {
        lanes(a, "row_sums", sums, |i| {
            let places = &places[row(i)];
            places
                .iter()
                .fold(F::ZERO, |sum, &[at]| sum + values.ext[at as usize])
        });
    }
}
