//! GF(2^128), four elements at a time.

use core::arch::x86_64::{
    __m128i, __m512i, _mm_and_si128, _mm_loadu_si128, _mm_set1_epi64x, _mm_storeu_si128,
    _mm_xor_si128, _mm512_and_si512, _mm512_bslli_epi128, _mm512_bsrli_epi128,
    _mm512_castsi128_si512, _mm512_clmulepi64_epi128, _mm512_inserti32x4, _mm512_set_epi64,
    _mm512_setzero_si512, _mm512_xor_si512,
};

use prover_core::sums::{self, GateTables};
use prover_core::{AddGate, CoefRef, Field, MulGate};

use super::load::{load_64s, store_64s};
use crate::{Gf2, Gf2e128};

/// Elements in a vector.
const WIDTH: usize = 4;

/// Outputs whose sums are kept before they are multiplied.
const OUTPUTS: usize = 64;

/// Sums of products, not reduced: low, middle and high.
type Wide = [__m512i; 3];

#[inline]
#[target_feature(enable = "avx512f")]
fn load(element: &Gf2e128) -> __m128i {
    // SAFETY: an element is sixteen bytes; the load needs no alignment.
    unsafe { _mm_loadu_si128(core::ptr::from_ref(element).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_one(lane: __m128i, element: &mut Gf2e128) {
    // SAFETY: an element is sixteen bytes, and any are one; the store needs no alignment.
    unsafe { _mm_storeu_si128(core::ptr::from_mut(element).cast(), lane) };
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_four(elements: &[Gf2e128; WIDTH]) -> __m512i {
    gather(elements, &[0, 1, 2, 3], |&lane| lane)
}

/// The elements at the wires of four gates.
#[inline]
#[target_feature(enable = "avx512f")]
fn gather<G>(table: &[Gf2e128], gates: &[G; WIDTH], wire: impl Fn(&G) -> u32) -> __m512i {
    let element = |place: usize| &table[wire(&gates[place]) as usize];
    let vector = _mm512_castsi128_si512(load(element(0)));
    let vector = _mm512_inserti32x4::<1>(vector, load(element(1)));
    let vector = _mm512_inserti32x4::<2>(vector, load(element(2)));
    _mm512_inserti32x4::<3>(vector, load(element(3)))
}

/// Adds products.
#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn add_products([low, middle, high]: &mut Wide, a: __m512i, b: __m512i) {
    *low = _mm512_xor_si512(*low, _mm512_clmulepi64_epi128::<0x00>(a, b));
    *middle = _mm512_xor_si512(*middle, _mm512_clmulepi64_epi128::<0x01>(a, b));
    *middle = _mm512_xor_si512(*middle, _mm512_clmulepi64_epi128::<0x10>(a, b));
    *high = _mm512_xor_si512(*high, _mm512_clmulepi64_epi128::<0x11>(a, b));
}

/// The classes of sums of products.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
fn reduce([low, middle, high]: Wide) -> __m512i {
    const TERMS: i64 = Gf2e128::LOW_TERMS as i64;
    let terms = _mm512_set_epi64(0, TERMS, 0, TERMS, 0, TERMS, 0, TERMS);
    let low = _mm512_xor_si512(low, _mm512_bslli_epi128::<8>(middle));
    let high = _mm512_xor_si512(high, _mm512_bsrli_epi128::<8>(middle));
    // Fold x^192 and up onto x^64, then x^128 and up onto 1.
    let top = _mm512_clmulepi64_epi128::<0x01>(high, terms);
    let low = _mm512_xor_si512(low, _mm512_bslli_epi128::<8>(top));
    let high = _mm512_xor_si512(high, _mm512_bsrli_epi128::<8>(top));
    _mm512_xor_si512(low, _mm512_clmulepi64_epi128::<0x00>(high, terms))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
fn multiply(a: __m512i, b: __m512i) -> __m512i {
    let mut wide = [_mm512_setzero_si512(); 3];
    add_products(&mut wide, a, b);
    reduce(wide)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn elements(lanes: __m512i) -> [Gf2e128; WIDTH] {
    let words = store_64s(lanes);
    core::array::from_fn(|k| {
        Gf2e128::new(u128::from(words[2 * k + 1]) << 64 | u128::from(words[2 * k]))
    })
}

/// The sum over all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
fn total(sums: Wide) -> Gf2e128 {
    let [a, b, c, d] = elements(reduce(sums));
    a + b + c + d
}

/// All bits of a word if the coefficient is one.
#[inline]
fn mask(coef: CoefRef, coefs: &[Gf2]) -> u64 {
    u64::from(coefs[coef.0 as usize].value()).wrapping_neg()
}

#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
pub(super) fn sum_mul_gates(gates: &[MulGate], tables: &GateTables<'_, Gf2e128>) -> Gf2e128 {
    let (blocks, rest) = gates.as_chunks::<WIDTH>();
    let mut sums = [_mm512_setzero_si512(); 3];
    for block in blocks {
        let z = gather(tables.z, block, |g| g.z);
        let x = gather(tables.x, block, |g| g.x);
        let y = gather(tables.y, block, |g| g.y);
        let [a, b, c, d] = block.each_ref().map(|g| mask(g.coef, tables.coefs));
        let masks = load_64s(&[a, a, b, b, c, c, d, d]);
        add_products(&mut sums, multiply(z, x), _mm512_and_si512(y, masks));
    }
    total(sums) + sums::sum_mul_gates(rest, tables)
}

/// The sums of some outputs, not yet multiplied by their weights.
struct Outputs {
    sums: [Gf2e128; OUTPUTS],
    z: [u32; OUTPUTS],
    len: usize,
}

impl Outputs {
    /// Multiplies the sums by their weights and starts anew.
    #[inline]
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    fn multiply(&mut self, wide: &mut Wide, weights: &[Gf2e128]) {
        // Sums of nothing to a whole number of vectors, with a weight that is there.
        let padded = self.len.next_multiple_of(WIDTH);
        self.sums[self.len..padded].fill(Gf2e128::ZERO);
        let z = self.z[0];
        self.z[self.len..padded].fill(z);
        let sums = self.sums[..padded].as_chunks::<WIDTH>().0;
        let at = self.z[..padded].as_chunks::<WIDTH>().0;
        for (sums, at) in sums.iter().zip(at) {
            add_products(wide, load_four(sums), gather(weights, at, |&z| z));
        }
        self.len = 0;
    }
}

#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
pub(super) fn sum_add_gates(gates: &[AddGate], tables: &GateTables<'_, Gf2e128>) -> Gf2e128 {
    let mut wide = [_mm512_setzero_si512(); 3];
    let mut outputs = Outputs {
        sums: [Gf2e128::ZERO; OUTPUTS],
        z: [0; OUTPUTS],
        len: 0,
    };
    // Zero if the coefficient of number 0 is one.
    let other_coefs = u32::from(tables.coefs.first() != Some(&Gf2::ONE));
    let mut rest = gates;
    while let [first, others @ ..] = rest {
        let z = first.z;
        let mut sum = term(first, tables);
        rest = others;
        // As a rule the outputs of a layer have the same number of gates, which the branch learns; it
        // is the only one for output and coefficient.
        while let [gate, others @ ..] = rest
            && ((gate.z ^ z) | gate.coef.0 | other_coefs) == 0
        {
            sum = _mm_xor_si128(sum, load(&tables.x[gate.x as usize]));
            rest = others;
        }
        if outputs.len == OUTPUTS {
            outputs.multiply(&mut wide, tables.z);
        }
        outputs.z[outputs.len] = z;
        store_one(sum, &mut outputs.sums[outputs.len]);
        outputs.len += 1;
    }
    outputs.multiply(&mut wide, tables.z);
    total(wide)
}

/// `coef·x[x]`.
#[inline]
#[target_feature(enable = "avx512f")]
fn term(gate: &AddGate, tables: &GateTables<'_, Gf2e128>) -> __m128i {
    let value = load(&tables.x[gate.x as usize]);
    let mask = _mm_set1_epi64x(mask(gate.coef, tables.coefs) as i64);
    _mm_and_si128(value, mask)
}

#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
pub(super) fn outer_product(rows: &[Gf2e128], columns: &[Gf2e128], out: &mut [Gf2e128]) {
    let (blocks, []) = columns.as_chunks::<WIDTH>() else {
        return sums::outer_product(rows, columns, out);
    };
    let whole = out.len() / columns.len().max(1);
    let (full, rest) = out.split_at_mut(whole * columns.len());
    for (row, &factor) in full.chunks_exact_mut(columns.len().max(1)).zip(rows) {
        let factor = gather(&[factor], &[0; WIDTH], |&lane| lane);
        for (out, column) in row.as_chunks_mut::<WIDTH>().0.iter_mut().zip(blocks) {
            *out = elements(multiply(load_four(column), factor));
        }
    }
    sums::outer_product(&rows[whole.min(rows.len())..], columns, rest);
}

#[target_feature(enable = "avx512f")]
pub(super) fn add_slices(sums: &mut [Gf2e128], values: &[Gf2e128]) {
    sums::add_slices(sums, values);
}
