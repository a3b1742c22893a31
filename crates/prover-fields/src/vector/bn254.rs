//! BN254's scalar field, eight elements at a time as five planes of 52-bit limbs.
//!
//! A reduction divides by `2^260`, the storage form by `2^256`: each reduction of a product leaves a
//! factor of `2^-4`, which the ends of the functions here take back.
//!
//! A multiplication by IFMA reads the low 52 bits of a limb, so the limbs of
//! [`limbs`] may have more above them, and only the last of the others must not. Columns are 64-bit sums of 52-bit
//! halves: a product adds at most ten halves to a column, so 256 products leave them below `2^64`.

use core::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_castsi256_si512,
    _mm512_inserti64x4, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64,
    _mm512_movepi64_mask, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64,
    _mm512_sub_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use prover_core::sums::{self, GateTables};
use prover_core::{AddGate, CoefRef, Field, MulGate};

use super::load::{load_64s, load_256, store_64s};
use crate::Bn254;

/// Elements in a vector.
const WIDTH: usize = 8;
const LIMB_BITS: u32 = 52;
const LIMB: u64 = (1 << LIMB_BITS) - 1;
/// The modulus in limbs.
const P: [u64; 5] = to_limbs(Bn254::MODULUS);
/// `-p^-1 mod 2^52`.
const NEG_INV: u64 = Bn254::NEG_INV & LIMB;
/// Products that a column's 64 bits hold.
const MAX_PRODUCTS: usize = 256;
/// Gates of one [`Sum`]: its value stays below `2^512 · 2^14`, which a reduction brings below `2^272`.
const PIECE: usize = 1 << 16;

/// Eight elements.
type Limbs = [__m512i; 5];
/// Sums of products, by the weight `2^(52 i)` of their halves.
type Columns = [__m512i; 10];

/// The limbs of a 256-bit integer.
const fn to_limbs([w0, w1, w2, w3]: [u64; 4]) -> [u64; 5] {
    [
        w0 & LIMB,
        (w0 >> 52 | w1 << 12) & LIMB,
        (w1 >> 40 | w2 << 24) & LIMB,
        (w2 >> 28 | w3 << 36) & LIMB,
        w3 >> 16,
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn pair(low: &Bn254, high: &Bn254) -> __m512i {
    let low = _mm512_castsi256_si512(load_256(low.montgomery_words()));
    _mm512_inserti64x4::<1>(low, load_256(high.montgomery_words()))
}

/// The elements at the wires of eight gates, in the order 0, 2, 4, 6, 1, 3, 5, 7.
#[inline]
#[target_feature(enable = "avx512f")]
fn gather<G>(table: &[Bn254], gates: &[G; WIDTH], wire: impl Fn(&G) -> u32) -> Limbs {
    let element = |place: usize| &table[wire(&gates[place]) as usize];
    let mut pairs = [_mm512_setzero_si512(); 4];
    for (k, vector) in pairs.iter_mut().enumerate() {
        *vector = pair(element(2 * k), element(2 * k + 1));
    }
    limbs(words(pairs))
}

/// Eight elements one after the other, in the same order.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(elements: &[Bn254; WIDTH]) -> Limbs {
    gather(elements, &[0, 1, 2, 3, 4, 5, 6, 7], |&lane| lane)
}

/// The first two words of even pairs and of odd ones, and the last two.
const FIRST: [u64; 8] = [0, 1, 8, 9, 4, 5, 12, 13];
const LAST: [u64; 8] = [2, 3, 10, 11, 6, 7, 14, 15];

/// The four words of pairs of elements as planes.
#[inline]
#[target_feature(enable = "avx512f")]
fn words([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (even, odd) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let (even_2, odd_2) = (_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
    let (first, last) = (load_64s(&FIRST), load_64s(&LAST));
    [
        _mm512_permutex2var_epi64(even, first, even_2),
        _mm512_permutex2var_epi64(odd, first, odd_2),
        _mm512_permutex2var_epi64(even, last, even_2),
        _mm512_permutex2var_epi64(odd, last, odd_2),
    ]
}

/// Pairs of elements from the planes of their four words: the inverse of [`words`].
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs([w0, w1, w2, w3]: [__m512i; 4]) -> [__m512i; 4] {
    let (first, last) = (load_64s(&FIRST), load_64s(&LAST));
    let even = _mm512_permutex2var_epi64(w0, first, w2);
    let odd = _mm512_permutex2var_epi64(w1, first, w3);
    let even_2 = _mm512_permutex2var_epi64(w0, last, w2);
    let odd_2 = _mm512_permutex2var_epi64(w1, last, w3);
    [
        _mm512_unpacklo_epi64(even, odd),
        _mm512_unpackhi_epi64(even, odd),
        _mm512_unpacklo_epi64(even_2, odd_2),
        _mm512_unpackhi_epi64(even_2, odd_2),
    ]
}

/// The limbs of four words; bits above 52 stay in them, which multiplications do not read.
#[inline]
#[target_feature(enable = "avx512f")]
fn limbs([w0, w1, w2, w3]: [__m512i; 4]) -> Limbs {
    [
        w0,
        _mm512_or_si512(_mm512_srli_epi64::<52>(w0), _mm512_slli_epi64::<12>(w1)),
        _mm512_or_si512(_mm512_srli_epi64::<40>(w1), _mm512_slli_epi64::<24>(w2)),
        _mm512_or_si512(_mm512_srli_epi64::<28>(w2), _mm512_slli_epi64::<36>(w3)),
        _mm512_srli_epi64::<16>(w3),
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(value: u64) -> __m512i {
    _mm512_set1_epi64(value as i64)
}

/// One element in every lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn splat_element(value: Bn254) -> Limbs {
    let [l0, l1, l2, l3, l4] = to_limbs(value.montgomery_limbs());
    [splat(l0), splat(l1), splat(l2), splat(l3), splat(l4)]
}

/// Adds `a·b` to the columns: 50 multiplications.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_product(columns: &mut Columns, a: &Limbs, b: &Limbs) {
    for (i, &a) in a.iter().enumerate() {
        for (j, &b) in b.iter().enumerate() {
            columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], a, b);
            columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], a, b);
        }
    }
}

/// The columns' value divided by `2^260` modulo `p`: at most the quotient plus `p`. Limbs below the
/// top one have 52 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(mut columns: Columns) -> Limbs {
    let (zero, inverse) = (_mm512_setzero_si512(), splat(NEG_INV));
    for i in 0..5 {
        let factor = _mm512_madd52lo_epu64(zero, columns[i], inverse);
        for (j, &p) in P.iter().enumerate() {
            let p = splat(p);
            columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], factor, p);
            columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], factor, p);
        }
        let carry = _mm512_srli_epi64::<LIMB_BITS>(columns[i]);
        columns[i + 1] = _mm512_add_epi64(columns[i + 1], carry);
    }
    let [_, _, _, _, _, l0, l1, l2, l3, l4] = columns;
    carried([l0, l1, l2, l3, l4])
}

/// Moves what limbs have above 52 bits to the next.
#[inline]
#[target_feature(enable = "avx512f")]
fn carried<const N: usize>(mut limbs: [__m512i; N]) -> [__m512i; N] {
    for i in 1..N {
        let carry = _mm512_srli_epi64::<LIMB_BITS>(limbs[i - 1]);
        limbs[i] = _mm512_add_epi64(limbs[i], carry);
        limbs[i - 1] = _mm512_and_si512(limbs[i - 1], splat(LIMB));
    }
    limbs
}

/// `a·b / 2^260`, below `2p` for factors below `2^256`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply(a: &Limbs, b: &Limbs) -> Limbs {
    let mut columns = [_mm512_setzero_si512(); 10];
    add_product(&mut columns, a, b);
    reduce(columns)
}

/// The words of canonical elements from limbs below `2p`.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn canonical(limbs: Limbs) -> [__m512i; 4] {
    let mut less = limbs;
    let mut borrow = _mm512_setzero_si512();
    for (limb, &p) in less.iter_mut().zip(&P) {
        let difference = _mm512_add_epi64(_mm512_sub_epi64(*limb, splat(p)), borrow);
        borrow = _mm512_srai_epi64::<LIMB_BITS>(difference);
        *limb = _mm512_and_si512(difference, splat(LIMB));
    }
    let below_p: __mmask8 = _mm512_movepi64_mask(borrow);
    for (less, &limb) in less.iter_mut().zip(&limbs) {
        *less = _mm512_mask_blend_epi64(below_p, *less, limb);
    }
    let [l0, l1, l2, l3, l4] = less;
    [
        _mm512_or_si512(l0, _mm512_slli_epi64::<52>(l1)),
        _mm512_or_si512(_mm512_srli_epi64::<12>(l1), _mm512_slli_epi64::<40>(l2)),
        _mm512_or_si512(_mm512_srli_epi64::<24>(l2), _mm512_slli_epi64::<28>(l3)),
        _mm512_or_si512(_mm512_srli_epi64::<36>(l3), _mm512_slli_epi64::<16>(l4)),
    ]
}

/// A sum over gates: of products times coefficients, and of those whose coefficient is still open.
struct Sum {
    closed: Columns,
    /// Products in the columns since their last carry.
    num_closed: usize,
    /// Products to be multiplied by `coef`.
    open: Columns,
    num_open: usize,
    coef: CoefRef,
}

impl Sum {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(coef: CoefRef) -> Self {
        Self {
            closed: [_mm512_setzero_si512(); 10],
            num_closed: 0,
            open: [_mm512_setzero_si512(); 10],
            num_open: 0,
            coef,
        }
    }

    /// Adds eight products `a·b` with their coefficients.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add<G>(
        &mut self,
        (a, b): (&Limbs, &Limbs),
        gates: &[G; WIDTH],
        coef: impl Fn(&G) -> CoefRef,
        coefs: &[Bn254],
    ) {
        let first = coef(&gates[0]);
        if gates.iter().all(|gate| coef(gate) == first) {
            if first != self.coef || self.num_open == MAX_PRODUCTS {
                self.close(coefs);
                self.coef = first;
            }
            add_product(&mut self.open, a, b);
            self.num_open += 1;
        } else {
            let coefs = gather(coefs, gates, |gate| coef(gate).0);
            self.add_closed(&multiply(a, b), &coefs);
        }
    }

    /// Multiplies the open products by their coefficient. There are at most 256 of less than
    /// `2^255 · 2^254`: reduced, they are below `2^258`, within five limbs of 52 bits.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn close(&mut self, coefs: &[Bn254]) {
        if self.num_open == 0 {
            return;
        }
        let reduced = reduce(self.open);
        self.add_closed(&reduced, &splat_element(coefs[self.coef.0 as usize]));
        self.open = [_mm512_setzero_si512(); 10];
        self.num_open = 0;
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_closed(&mut self, a: &Limbs, b: &Limbs) {
        if self.num_closed == MAX_PRODUCTS {
            self.closed = carried(self.closed);
            // A column of 52 bits counts as one product.
            self.num_closed = 1;
        }
        add_product(&mut self.closed, a, b);
        self.num_closed += 1;
    }

    /// The columns' value divided by `2^260`, as an integer's class.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn finish(mut self, coefs: &[Bn254]) -> Bn254 {
        self.close(coefs);
        let mut limbs = [0u64; 5];
        for (limb, lanes) in limbs.iter_mut().zip(reduce(carried(self.closed))) {
            // The top limb has at most 64 - 3 bits: the sum is below 2^272.
            *limb = store_64s(lanes).into_iter().sum();
        }
        limbs.into_iter().rev().fold(Bn254::ZERO, |sum, limb| {
            sum * Bn254::from_u64(1 << LIMB_BITS) + Bn254::from_u64(limb)
        })
    }
}

/// The element whose stored form is an integer: divides by `2^256`, and multiplies by `2^power`.
fn stored(integer: Bn254, power: u32) -> Bn254 {
    const ONE_STORED: Bn254 = match Bn254::from_montgomery_limbs([1, 0, 0, 0]) {
        Some(one) => one,
        None => Bn254::ONE,
    };
    integer * ONE_STORED * Bn254::from_u64(1 << power)
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sum_mul_gates(gates: &[MulGate], tables: &GateTables<'_, Bn254>) -> Bn254 {
    let (blocks, rest) = gates.as_chunks::<WIDTH>();
    let mut total = sums::sum_mul_gates(rest, tables);
    for piece in blocks.chunks(PIECE / WIDTH) {
        let mut sum = Sum::new(piece[0][0].coef);
        for block in piece {
            let z = gather(tables.z, block, |g| g.z);
            let x = gather(tables.x, block, |g| g.x);
            let y = gather(tables.y, block, |g| g.y);
            sum.add((&multiply(&z, &x), &y), block, |g| g.coef, tables.coefs);
        }
        // Three reductions of three products.
        total += stored(sum.finish(tables.coefs), 12);
    }
    total
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sum_add_gates(gates: &[AddGate], tables: &GateTables<'_, Bn254>) -> Bn254 {
    let (blocks, rest) = gates.as_chunks::<WIDTH>();
    let mut total = sums::sum_add_gates(rest, tables);
    for piece in blocks.chunks(PIECE / WIDTH) {
        let mut sum = Sum::new(piece[0][0].coef);
        for block in piece {
            let z = gather(tables.z, block, |g| g.z);
            let x = gather(tables.x, block, |g| g.x);
            sum.add((&z, &x), block, |g| g.coef, tables.coefs);
        }
        // Two reductions of two products.
        total += stored(sum.finish(tables.coefs), 8);
    }
    total
}

/// Eight elements one after the other.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn store(limbs: Limbs, out: &mut [Bn254; WIDTH]) {
    let (out, []) = out.as_chunks_mut::<2>() else {
        unreachable!("eight is even");
    };
    for (pair, out) in pairs(canonical(limbs)).into_iter().zip(out) {
        let [a, b, c, d, e, f, g, h] = store_64s(pair);
        *out = [
            Bn254::from_words([a, b, c, d]),
            Bn254::from_words([e, f, g, h]),
        ];
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn outer_product(rows: &[Bn254], columns: &[Bn254], out: &mut [Bn254]) {
    let (blocks, []) = columns.as_chunks::<WIDTH>() else {
        return sums::outer_product(rows, columns, out);
    };
    let mut column_limbs = Vec::with_capacity(blocks.len());
    for block in blocks {
        column_limbs.push(load(block));
    }
    let whole = out.len() / columns.len().max(1);
    let (full, rest) = out.split_at_mut(whole * columns.len());
    for (row, &factor) in full.chunks_exact_mut(columns.len().max(1)).zip(rows) {
        // A factor of 2^4 makes up for the reduction.
        let factor = splat_element((0..4).fold(factor, |factor, _| factor + factor));
        for (out, column) in row.as_chunks_mut::<WIDTH>().0.iter_mut().zip(&column_limbs) {
            store(multiply(column, &factor), out);
        }
    }
    sums::outer_product(&rows[whole.min(rows.len())..], columns, rest);
}

#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn add_slices(sums: &mut [Bn254], values: &[Bn254]) {
    assert_eq!(sums.len(), values.len(), "a sum of two lengths");
    let (sum_blocks, sum_rest) = sums.as_chunks_mut::<WIDTH>();
    let (value_blocks, value_rest) = values.as_chunks::<WIDTH>();
    for (out, values) in sum_blocks.iter_mut().zip(value_blocks) {
        let (mut limbs, values) = (load(out), load(values));
        for (limb, value) in limbs.iter_mut().zip(values) {
            let low = |limb| _mm512_and_si512(limb, splat(LIMB));
            *limb = _mm512_add_epi64(low(*limb), low(value));
        }
        store(carried(limbs), out);
    }
    sums::add_slices(sum_rest, value_rest);
}
