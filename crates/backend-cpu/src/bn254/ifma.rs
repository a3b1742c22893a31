//! Eight lanes at once with 52-bit multiplications (AVX-512 IFMA).
//!
//! Lanes are integers below `2^256` in five limbs of 52 bits. Instructions that multiply are what
//! limits the CPU; a limb product takes two of them, for its low and its high half.
//!
//! *Sums of products* stay in ten columns, 50 multiplications a product.
//!
//! *A product by a scalar* is a sum of rows: with `row_i = 2^(52 (i + 1)) r mod p`, the products
//! `d_i row_i` add up to `2^52 r d` in six columns, and one Montgomery step divides by `2^52`:
//! 61 multiplications, where schoolbook and five steps take 105. In a fold the top limb of `low` is a
//! row as well: otherwise each fold would add to `low`.

use prover_fields::Bn254;

use super::blocks::Bn254x8;
use super::constants::{
    LIMB, LIMB_MASK, Limbs, P_LIMBS, limbs_of, power_of_two, quotient, shifted_limbs, times_p,
};
use super::lanes::{Ifma, U};
use crate::arith::{Arith, Lanes};

/// Lanes in limbs.
pub(super) type V = [U; 5];

/// A sum of products: columns of weights `2^(52 k)`, and what ran over the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    columns: [U; 10],
    over: U,
}

/// The rows of a scalar, the same in every lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar([V; 5]);

/// What is added to a difference of two lanes.
const BIAS: Limbs = lent(times_p(6));
// Lanes are below 2^256 < 6p, and in the top limb's units too.
const _: () = assert!(BIAS[4] >= 1 << 48);

/// The same integer with `2^52` in each limb but the last, borrowed from the one above it: so that a
/// limb can be taken off.
const fn lent(limbs: Limbs) -> Limbs {
    const ONE: u64 = 1 << LIMB;
    [
        limbs[0] + ONE,
        limbs[1] + (ONE - 1),
        limbs[2] + (ONE - 1),
        limbs[3] + (ONE - 1),
        limbs[4].wrapping_sub(1),
    ]
}

/// Minus the multiple of `p` at or below `index 2^255`, lent: limb by limb, an index a lane.
const COMPLEMENTS: [[u64; 8]; 5] = {
    let mut complements = [[0; 8]; 5];
    let mut index = 0;
    while index < 8 {
        let multiple = times_p(quotient(index as u64, 255));
        let lent = lent([0; 5]);
        let mut i = 0;
        while i < 5 {
            complements[i][index] = lent[i].wrapping_sub(multiple[i]);
            i += 1;
        }
        index += 1;
    }
    complements
};

/// `-p^-1 mod 2^52`.
const NEG_INV: u64 = Bn254::NEG_INV & LIMB_MASK;
/// `2^-52 mod p`.
const INVERSE_LIMB: Limbs = limbs_of(power_of_two(-52));
/// `2^260 mod p`: what the top limb of `low` counts in a fold.
const TOP_WEIGHT: Limbs = limbs_of(power_of_two(260));
/// What column `k` of a sum counts when sixteenfold column 3 counts one: `2^(52 (k - 3) + 4) mod p`.
const WEIGHTS: [Limbs; 11] = {
    let mut weights = [[0; 5]; 11];
    let mut k = 0;
    while k < 11 {
        weights[k] = limbs_of(power_of_two(52 * (k as i32 - 3) + 4));
        k += 1;
    }
    weights
};

impl Ifma {
    #[inline(always)]
    fn splat_limbs(self, limbs: &Limbs) -> V {
        [
            self.splat_word(limbs[0]),
            self.splat_word(limbs[1]),
            self.splat_word(limbs[2]),
            self.splat_word(limbs[3]),
            self.splat_word(limbs[4]),
        ]
    }

    #[inline(always)]
    fn limb(self, x: U) -> U {
        self.and(x, self.splat_word(LIMB_MASK))
    }

    /// The limbs of integers in words.
    #[inline(always)]
    pub(super) fn limbs(self, [w0, w1, w2, w3]: [U; 4]) -> V {
        [
            self.limb(w0),
            self.limb(self.shr_pair::<52>(w0, w1)),
            self.limb(self.shr_pair::<40>(w1, w2)),
            self.limb(self.shr_pair::<28>(w2, w3)),
            self.shr::<16>(w3),
        ]
    }

    /// Carries from limb to limb; what was carried stays above bit 52.
    #[inline(always)]
    fn carry(self, mut x: V) -> V {
        x[1] = self.add64(x[1], self.shr::<LIMB>(x[0]));
        x[2] = self.add64(x[2], self.shr::<LIMB>(x[1]));
        x[3] = self.add64(x[3], self.shr::<LIMB>(x[2]));
        x[4] = self.add64(x[4], self.shr::<LIMB>(x[3]));
        x
    }

    /// Limbs of 52 bits.
    #[inline(always)]
    fn carried(self, x: V) -> V {
        let [x0, x1, x2, x3, x4] = self.carry(x);
        [
            self.limb(x0),
            self.limb(x1),
            self.limb(x2),
            self.limb(x3),
            x4,
        ]
    }

    /// `x - y + 6p`: above 0, below `2^256 + 6p < 11.3p < 2^258`; limbs with what was carried above
    /// them, which multiplications ignore.
    #[inline(always)]
    fn difference(self, x: &V, y: &V) -> V {
        let biased = self.biased_difference(x, y);
        self.carry(biased)
    }

    /// The same, limb by limb: none is negative, as every limb of `y` is below one lent.
    #[inline(always)]
    fn biased_difference(self, x: &V, y: &V) -> V {
        let bias = self.splat_limbs(&BIAS);
        [
            self.sub64(self.add64(x[0], bias[0]), y[0]),
            self.sub64(self.add64(x[1], bias[1]), y[1]),
            self.sub64(self.add64(x[2], bias[2]), y[2]),
            self.sub64(self.add64(x[3], bias[3]), y[3]),
            self.sub64(self.add64(x[4], bias[4]), y[4]),
        ]
    }

    /// Limbs of at most 54 bits with a sum below `2^258` to lanes below `2^256`.
    #[inline(always)]
    fn lowered(self, x: V) -> V {
        // index 2^255 <= x; x < (index + 1) 2^255 + 4 2^208, as carries are at most 4. The multiple is less
        // than p below index 2^255: what is left is below p + 2^255 + 2^210 < 3.7p.
        let index = self.shr::<47>(x[4]);
        self.carried([
            self.add64(x[0], self.complement(0, index)),
            self.add64(x[1], self.complement(1, index)),
            self.add64(x[2], self.complement(2, index)),
            self.add64(x[3], self.complement(3, index)),
            self.add64(x[4], self.complement(4, index)),
        ])
    }

    #[inline(always)]
    fn complement(self, limb: usize, index: U) -> U {
        self.pick(self.load_words(&COMPLEMENTS[limb]), index)
    }

    /// `t += x row` from column `at` on.
    #[inline(always)]
    fn add_row<const N: usize>(self, t: &mut [U; N], at: usize, x: U, row: &V) {
        t[at] = self.low(t[at], x, row[0]);
        t[at + 1] = self.high(t[at + 1], x, row[0]);
        t[at + 1] = self.low(t[at + 1], x, row[1]);
        t[at + 2] = self.high(t[at + 2], x, row[1]);
        t[at + 2] = self.low(t[at + 2], x, row[2]);
        t[at + 3] = self.high(t[at + 3], x, row[2]);
        t[at + 3] = self.low(t[at + 3], x, row[3]);
        t[at + 4] = self.high(t[at + 4], x, row[3]);
        t[at + 4] = self.low(t[at + 4], x, row[4]);
        t[at + 5] = self.high(t[at + 5], x, row[4]);
    }

    /// `t / 2^52` modulo `p` for `t` from column `at` on: less than `p` above the quotient.
    #[inline(always)]
    fn divided<const N: usize>(self, mut t: [U; N], at: usize) -> V {
        let q = self.low(self.splat_word(0), t[at], self.splat_word(NEG_INV));
        self.add_row(&mut t, at, q, &self.splat_limbs(&P_LIMBS));
        // The low 52 bits are zero now.
        t[at + 1] = self.add64(t[at + 1], self.shr::<LIMB>(t[at]));
        self.carried([t[at + 1], t[at + 2], t[at + 3], t[at + 4], t[at + 5]])
    }

    #[inline(always)]
    fn add_product(self, columns: &mut [U; 10], x: &V, y: &V) {
        self.add_row(columns, 0, x[0], y);
        self.add_row(columns, 1, x[1], y);
        self.add_row(columns, 2, x[2], y);
        self.add_row(columns, 3, x[3], y);
        self.add_row(columns, 4, x[4], y);
    }

    /// Carries to the last column; returns what runs over.
    #[inline(always)]
    fn carry_columns(self, columns: &mut [U; 10]) -> U {
        let mut k = 0;
        while k < 9 {
            columns[k + 1] = self.add64(columns[k + 1], self.shr::<LIMB>(columns[k]));
            columns[k] = self.limb(columns[k]);
            k += 1;
        }
        let over = self.shr::<LIMB>(columns[9]);
        columns[9] = self.limb(columns[9]);
        over
    }

    /// A sum of carried columns divided by `2^256`, modulo `p`; below `2.001p`.
    #[inline(always)]
    fn reduced(self, c: &[U; 10], over: Option<U>) -> V {
        // Sixteen times the sum, to be divided by 2^260; columns 3 to 9 of it.
        let zero = self.splat_word(0);
        let mut w = [zero; 7];
        let mut k = 0;
        while k < 6 {
            w[k] = self.shl::<4>(c[3 + k]);
            k += 1;
        }
        // Columns 0 to 2, 9 and beyond become rows at column 3.
        self.add_row(&mut w, 0, c[9], &self.splat_limbs(&WEIGHTS[9]));
        if let Some(over) = over {
            self.add_row(&mut w, 0, over, &self.splat_limbs(&WEIGHTS[10]));
        }
        self.add_row(&mut w, 0, c[0], &self.splat_limbs(&WEIGHTS[0]));
        self.add_row(&mut w, 0, c[1], &self.splat_limbs(&WEIGHTS[1]));
        self.add_row(&mut w, 0, c[2], &self.splat_limbs(&WEIGHTS[2]));
        // In units of column 3: 2^316 and five rows of 2^52 p, less than 2^317. Column 3 becomes a row at
        // column 4: in its units less than 2^265 + 2^52 p. After a division less than 1.001p + p.
        let lowest = w[0];
        self.add_row(&mut w, 1, lowest, &self.splat_limbs(&INVERSE_LIMB));
        w[1] = self.add64(w[1], self.shr::<LIMB>(lowest));
        self.divided(w, 1)
    }
}

/// The rows of a scalar: `2^(52 (i + 1)) r mod p`.
fn rows(scalar: Bn254) -> [Limbs; 5] {
    const POWERS: [[u64; 4]; 5] = [
        power_of_two(52),
        power_of_two(104),
        power_of_two(156),
        power_of_two(208),
        power_of_two(260),
    ];
    // The Montgomery form of the scalar times the number whose Montgomery form is the power is the
    // power times the scalar as an integer.
    POWERS.map(|power| {
        let power = Bn254::from_montgomery_limbs(power).expect("a residue");
        limbs_of((scalar * power).montgomery_limbs())
    })
}

/// A lane's limbs.
#[inline(always)]
fn limbs_of_lane(block: &Bn254x8, lane: usize) -> Limbs {
    limbs_of(block.words(lane))
}

// A fold's result is below (4 + 11.3/84 + 2^-4 + 2^-40 + 1) p < 5.2p < 2^256: see `fold`.
const _: () = assert!(times_p(52)[4] < 10 << 48 && times_p(84)[4] < 1 << LIMB);

impl Arith for Ifma {
    type F = Bn254;
    type Block = Bn254x8;
    type BaseBlock = Bn254x8;
    type V = V;
    type B = V;
    type Acc = Columns;
    type MixedAcc = Columns;
    type BaseAcc = Columns;
    type Scalar = Scalar;
    // A product adds at most nine halves of 52 bits to a column, and a carried column has 52 bits:
    // (9 RUN + 1) 2^52 <= 2^64.
    const RUN: usize = ((1 << 12) - 1) / 9;
    const MIXED_RUN: usize = Self::RUN;
    const BASE_RUN: usize = Self::RUN;

    one_field!();

    #[inline(always)]
    fn load(self, block: &Bn254x8) -> V {
        let [w0, w1, w2, w3] = &block.0;
        self.limbs([
            self.load_words(w0),
            self.load_words(w1),
            self.load_words(w2),
            self.load_words(w3),
        ])
    }
    #[inline(always)]
    fn store(self, v: V) -> Bn254x8 {
        let l0 = self.shl::<12>(v[0]);
        let l1 = self.shl::<12>(v[1]);
        let l2 = self.shl::<12>(v[2]);
        let l3 = self.shl::<12>(v[3]);
        Bn254x8([
            self.store_words(self.shl_pair::<52>(l0, v[1])),
            self.store_words(self.shl_pair::<40>(l1, v[2])),
            self.store_words(self.shl_pair::<28>(l2, v[3])),
            self.store_words(self.shl_pair::<16>(l3, v[4])),
        ])
    }
    #[inline(always)]
    fn splat(self, value: Bn254) -> V {
        self.splat_limbs(&limbs_of(value.montgomery_limbs()))
    }

    #[inline(always)]
    fn add(self, x: V, y: V) -> V {
        self.lowered([
            self.add64(x[0], y[0]),
            self.add64(x[1], y[1]),
            self.add64(x[2], y[2]),
            self.add64(x[3], y[3]),
            self.add64(x[4], y[4]),
        ])
    }
    #[inline(always)]
    fn sub(self, x: V, y: V) -> V {
        self.lowered(self.biased_difference(&x, &y))
    }
    #[inline(always)]
    fn mul(self, x: V, y: V) -> V {
        let mut columns = [self.splat_word(0); 10];
        self.add_product(&mut columns, &x, &y);
        // The product is below 2^512: nothing runs over column 9.
        self.carry_columns(&mut columns);
        self.reduced(&columns, None)
    }

    #[inline(always)]
    fn scalar(self, value: Bn254) -> Scalar {
        let [row0, row1, row2, row3, row4] = rows(value);
        Scalar([
            self.splat_limbs(&row0),
            self.splat_limbs(&row1),
            self.splat_limbs(&row2),
            self.splat_limbs(&row3),
            self.splat_limbs(&row4),
        ])
    }
    #[inline(always)]
    fn fold(self, low: V, high: V, r: &Scalar) -> V {
        let d = self.difference(&high, &low);
        let zero = self.splat_word(0);
        // The top limb of `d` is below 11.3p / 2^208 < 0.135 2^52 and that of `low` below 2^48: with the
        // other four rows less than 4.197 2^52 p, then 4.197p + 2^208 + p.
        let mut t = [zero, low[0], low[1], low[2], low[3], zero];
        self.add_row(&mut t, 0, d[0], &r.0[0]);
        self.add_row(&mut t, 0, d[1], &r.0[1]);
        self.add_row(&mut t, 0, d[2], &r.0[2]);
        self.add_row(&mut t, 0, d[3], &r.0[3]);
        self.add_row(&mut t, 0, d[4], &r.0[4]);
        self.add_row(&mut t, 0, low[4], &self.splat_limbs(&TOP_WEIGHT));
        self.divided(t, 0)
    }

    #[inline(always)]
    fn acc(self) -> Columns {
        let zero = self.splat_word(0);
        Columns {
            columns: [zero; 10],
            over: zero,
        }
    }
    #[inline(always)]
    fn mac(self, acc: &mut Columns, x: V, y: V) {
        self.add_product(&mut acc.columns, &x, &y);
    }
    #[inline(always)]
    fn mac_differences(self, acc: &mut Columns, x: (V, V), y: (V, V)) {
        let x = self.difference(&x.1, &x.0);
        let y = self.difference(&y.1, &y.0);
        self.add_product(&mut acc.columns, &x, &y);
    }
    #[inline(always)]
    fn settle(self, acc: &mut Columns) {
        // Products are below 2^516: column 10 has room for 2^48 of them.
        let over = self.carry_columns(&mut acc.columns);
        acc.over = self.add64(acc.over, over);
    }
    #[inline(always)]
    fn reduce(self, mut acc: Columns) -> V {
        self.settle(&mut acc);
        self.reduced(&acc.columns, Some(acc.over))
    }

    #[inline(always)]
    fn sum_lanes(self, v: V) -> Bn254 {
        let block = self.store(v);
        let mut sum = block.get(0);
        let mut lane = 1;
        while lane < 8 {
            sum += block.get(lane);
            lane += 1;
        }
        sum
    }
    #[inline(always)]
    fn dot_lanes(self, blocks: &[Bn254x8], stride: usize, weight: V) -> V {
        let zero = self.splat_word(0);
        let mut products = [[zero; 10]; 8];
        let mut i = 0;
        while i < 8 {
            let values = self.load(&blocks[i * stride]);
            self.add_product(&mut products[i], &values, &weight);
            i += 1;
        }
        // Eight sums of at most nine halves of 52 bits are below 2^59.
        let mut columns = [zero; 10];
        let mut k = 0;
        while k < 10 {
            let [p0, p1, p2, p3, p4, p5, p6, p7] = &products;
            let low = self.unit_sums(self.pair_sums(p0[k], p1[k]), self.pair_sums(p2[k], p3[k]));
            let high = self.unit_sums(self.pair_sums(p4[k], p5[k]), self.pair_sums(p6[k], p7[k]));
            columns[k] = self.unit_sums(low, high);
            k += 1;
        }
        self.reduce(Columns {
            columns,
            over: zero,
        })
    }

    #[inline(always)]
    fn splat_lane(self, block: &Bn254x8, lane: usize) -> V {
        self.splat_limbs(&limbs_of_lane(block, lane))
    }
    #[inline(always)]
    fn mixed_acc_lane(self, block: &Bn254x8, lane: usize) -> Columns {
        // Times 2^256, as products are.
        let limbs = shifted_limbs(block.words(lane));
        let mut acc = self.acc();
        let mut k = 0;
        while k < 6 {
            acc.columns[4 + k] = self.splat_word(limbs[k]);
            k += 1;
        }
        acc
    }
}

impl Ifma {
    /// Sums of neighbours: `x01 y01 x23 y23 x45 y45 x67 y67`.
    #[inline(always)]
    fn pair_sums(self, x: U, y: U) -> U {
        self.add64(self.evens(x, y), self.odds(x, y))
    }

    /// Sums of neighbouring pairs: those of `x`, then those of `y`.
    #[inline(always)]
    fn unit_sums(self, x: U, y: U) -> U {
        self.add64(self.even_pairs(x, y), self.odd_pairs(x, y))
    }
}
