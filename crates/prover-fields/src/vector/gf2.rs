//! GF(2^128), four elements at a time.

use core::arch::x86_64::{
    __m128i, __m512i, _mm_and_si128, _mm_loadu_si128, _mm_set1_epi64x, _mm_storeu_si128,
    _mm_xor_si128, _mm512_and_si512, _mm512_bslli_epi128, _mm512_bsrli_epi128,
    _mm512_castsi128_si512, _mm512_clmulepi64_epi128, _mm512_inserti32x4, _mm512_set_epi64,
    _mm512_setzero_si512, _mm512_xor_si512,
};

use prover_core::sums::{self, GateTables};
use prover_core::{AddGate, CoefRef, Field, MulGate};

use super::load::{load_64s, load_128, store_64s};
use crate::{Gf2, Gf2e128};

/// Elements in a vector.
const WIDTH: usize = 4;

/// Add gates whose running sums are kept before they are multiplied.
const PIECE: usize = 256;

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

/// Running sums over the gates of a piece, one for each `z`: the sum of a `z` is a difference of two,
/// and there is no branch on where a `z` ends.
struct Running {
    /// The sum after the gates of each `z`; the first is that before the piece.
    sums: [Gf2e128; PIECE + 1 + WIDTH],
    z: [u32; PIECE + WIDTH],
}

impl Running {
    /// Multiplies the sums of the first `len` outputs by their weights.
    #[inline]
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    fn multiply(&mut self, len: usize, wide: &mut Wide, weights: &[Gf2e128]) {
        // Sums of nothing, to a whole number of vectors.
        let padded = len.next_multiple_of(WIDTH);
        let (last_sum, last_z) = (self.sums[len], self.z[len - 1]);
        self.sums[len + 1..=padded].fill(last_sum);
        self.z[len..padded].fill(last_z);
        let before = self.sums[..padded].as_chunks::<WIDTH>().0;
        let after = self.sums[1..=padded].as_chunks::<WIDTH>().0;
        let at = self.z[..padded].as_chunks::<WIDTH>().0;
        for ((before, after), at) in before.iter().zip(after).zip(at) {
            let sums = _mm512_xor_si512(load_four(before), load_four(after));
            add_products(wide, sums, gather(weights, at, |&z| z));
        }
        self.sums[0] = last_sum;
    }
}

#[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
pub(super) fn sum_add_gates(gates: &[AddGate], tables: &GateTables<'_, Gf2e128>) -> Gf2e128 {
    let mut wide = [_mm512_setzero_si512(); 3];
    let mut running = Running {
        sums: [Gf2e128::ZERO; PIECE + 1 + WIDTH],
        z: [0; PIECE + WIDTH],
    };
    let all_one = tables.coefs == [Gf2::ONE];
    let mut sum = load_128(&[0, 0]);
    for piece in gates.chunks(PIECE) {
        let (mut len, mut z) = (0, piece[0].z);
        for gate in piece {
            let mut value = load(&tables.x[gate.x as usize]);
            if !(all_one && gate.coef == CoefRef(0)) {
                let mask = _mm_set1_epi64x(mask(gate.coef, tables.coefs) as i64);
                value = _mm_and_si128(value, mask);
            }
            sum = _mm_xor_si128(sum, value);
            len += usize::from(gate.z != z);
            z = gate.z;
            running.z[len] = z;
            store_one(sum, &mut running.sums[len + 1]);
        }
        running.multiply(len + 1, &mut wide, tables.z);
    }
    total(wide)
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
