//! Mersenne-31's extension, sixteen elements at a time as three planes of 32-bit lanes.
//!
//! A *loose* lane is at most `2^31 + 3`: a class, not reduced. Products of loose lanes are below
//! `2^62 + 2^34`; three of them fit into 64 bits, and so does one with a folded multiple of five.

use core::arch::x86_64::{
    __m512i, _mm_maskz_loadu_epi32, _mm512_add_epi32, _mm512_add_epi64, _mm512_and_si512,
    _mm512_castsi128_si512, _mm512_inserti32x4, _mm512_mask_permutexvar_epi32, _mm512_min_epu32,
    _mm512_mul_epu32, _mm512_or_si512, _mm512_permutex2var_epi32, _mm512_set1_epi32,
    _mm512_set1_epi64, _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64,
    _mm512_sub_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64,
};

use prover_core::sums::{self, GateTables};
use prover_core::{AddGate, Field, MulGate};

use super::load::{load_32s, store_32s, store_64s};
use crate::{M31, M31Ext3};

/// Elements in a vector.
const WIDTH: usize = 16;
const LANES: [u32; WIDTH] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const P: i32 = M31::MODULUS as i32;
const BITS: u32 = 31;

const _: () = assert!(M31Ext3::NON_RESIDUE.value() == 5);

/// Sixteen elements: a vector of loose lanes for each coefficient.
type Planes = [__m512i; 3];

/// Sums of products in 64-bit lanes, of the even and the odd elements.
type Wide = [[__m512i; 2]; 3];

/// Where the words of sixteen elements come from: a lane of the first two planes, the lanes of the
/// third plane, and which words those are.
const INTERLEAVE: [([u32; 16], [u32; 16], u16); 3] = {
    let mut out = [([0; 16], [0; 16], 0); 3];
    let mut word = 0;
    while word < 3 * WIDTH {
        let (element, coefficient) = ((word / 3) as u32, word % 3);
        let (vector, lane) = (word / 16, word % 16);
        match coefficient {
            0 => out[vector].0[lane] = element,
            1 => out[vector].0[lane] = 16 + element,
            _ => {
                out[vector].1[lane] = element;
                out[vector].2 |= 1 << lane;
            }
        }
        word += 1;
    }
    out
};

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn load(element: &M31Ext3) -> __m512i {
    // SAFETY: the mask keeps to the first three words, and an element is three words.
    let words = unsafe { _mm_maskz_loadu_epi32(0b111, core::ptr::from_ref(element).cast()) };
    _mm512_castsi128_si512(words)
}

/// The elements at the wires of sixteen gates.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn gather<G>(table: &[M31Ext3], gates: &[G; WIDTH], wire: impl Fn(&G) -> u32) -> Planes {
    let mut units = [_mm512_setzero_si512(); 4];
    for (first, unit) in units.iter_mut().enumerate() {
        let element = |place: usize| &table[wire(&gates[place]) as usize];
        let low = load(element(first));
        let low = insert::<1>(low, load(element(first + 4)));
        let low = insert::<2>(low, load(element(first + 8)));
        *unit = insert::<3>(low, load(element(first + 12)));
    }
    planes(units)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn insert<const UNIT: i32>(vector: __m512i, element: __m512i) -> __m512i {
    let element = core::arch::x86_64::_mm512_castsi512_si128(element);
    _mm512_inserti32x4::<UNIT>(vector, element)
}

/// Unit `u` of vector `k` holds element `4u + k`; its fourth word is not used.
#[inline]
#[target_feature(enable = "avx512f")]
fn planes([a, b, c, d]: [__m512i; 4]) -> Planes {
    let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (low_2, high_2) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(low, low_2),
        _mm512_unpackhi_epi64(low, low_2),
        _mm512_unpacklo_epi64(high, high_2),
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(value: M31) -> __m512i {
    _mm512_set1_epi32(value.value() as i32)
}

/// Odd lanes moved to even places.
#[inline]
#[target_feature(enable = "avx512f")]
fn odd(lanes: __m512i) -> __m512i {
    _mm512_srli_epi64::<32>(lanes)
}

/// A smaller value of the same class: low 31 bits plus the rest.
#[inline]
#[target_feature(enable = "avx512f")]
fn fold(wide: __m512i) -> __m512i {
    let low = _mm512_and_si512(wide, _mm512_set1_epi64(i64::from(P)));
    _mm512_add_epi64(low, _mm512_srli_epi64::<BITS>(wide))
}

/// Loose lanes from any 64-bit sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn narrow([even, odd]: [__m512i; 2]) -> __m512i {
    // Below 2^31 + 2^33, then at most 2^31 + 3.
    let (even, odd) = (fold(fold(even)), fold(fold(odd)));
    _mm512_or_si512(even, _mm512_slli_epi64::<32>(odd))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn narrow_all([c0, c1, c2]: Wide) -> Planes {
    [narrow(c0), narrow(c1), narrow(c2)]
}

/// Canonical lanes from loose ones.
#[inline]
#[target_feature(enable = "avx512f")]
fn canonical(loose: __m512i) -> __m512i {
    _mm512_min_epu32(loose, _mm512_sub_epi32(loose, _mm512_set1_epi32(P)))
}

/// `x[0]·y[0] + x[1]·y[1] + ...` of even lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn dot<const N: usize>(x: [__m512i; N], y: [__m512i; N]) -> __m512i {
    let mut sum = _mm512_mul_epu32(x[0], y[0]);
    for i in 1..N {
        sum = _mm512_add_epi64(sum, _mm512_mul_epu32(x[i], y[i]));
    }
    sum
}

/// Five times a folded sum: below `2^36`.
#[inline]
#[target_feature(enable = "avx512f")]
fn five_times_folded(wide: __m512i) -> __m512i {
    let once = fold(wide);
    _mm512_add_epi64(once, _mm512_slli_epi64::<2>(once))
}

/// Products of even lanes of loose planes.
#[inline]
#[target_feature(enable = "avx512f")]
fn multiply_even([a0, a1, a2]: Planes, [b0, b1, b2]: Planes) -> [__m512i; 3] {
    let wrapped_0 = five_times_folded(dot([a1, a2], [b2, b1]));
    let wrapped_1 = five_times_folded(dot([a2], [b2]));
    [
        _mm512_add_epi64(dot([a0], [b0]), wrapped_0),
        _mm512_add_epi64(dot([a0, a1], [b1, b0]), wrapped_1),
        dot([a0, a1, a2], [b2, b1, b0]),
    ]
}

/// Products of loose planes.
#[inline]
#[target_feature(enable = "avx512f")]
fn multiply(a: Planes, b: Planes) -> Wide {
    let [even_0, even_1, even_2] = multiply_even(a, b);
    let a = [odd(a[0]), odd(a[1]), odd(a[2])];
    let b = [odd(b[0]), odd(b[1]), odd(b[2])];
    let [odd_0, odd_1, odd_2] = multiply_even(a, b);
    [[even_0, odd_0], [even_1, odd_1], [even_2, odd_2]]
}

/// Products of loose planes with base-field lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn multiply_base([a0, a1, a2]: Planes, b: __m512i) -> Wide {
    let both = |a| [dot([a], [b]), dot([odd(a)], [odd(b)])];
    [both(a0), both(a1), both(a2)]
}

/// Adds products; each adds less than `2^34`, so that there may be `2^30` of them.
#[inline]
#[target_feature(enable = "avx512f")]
fn accumulate(sums: &mut Wide, products: Wide) {
    for (sums, products) in sums.iter_mut().zip(products) {
        for (sum, product) in sums.iter_mut().zip(products) {
            *sum = _mm512_add_epi64(*sum, fold(product));
        }
    }
}

/// The sum over all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn total(sums: Wide) -> M31Ext3 {
    let mut coeffs = [M31::ZERO; 3];
    for (coeff, sums) in coeffs.iter_mut().zip(sums) {
        for lanes in sums {
            for lane in store_64s(lanes) {
                *coeff += M31::reduce(lane);
            }
        }
    }
    M31Ext3::new(coeffs)
}

/// Multiplies by coefficients; by nothing where all are one.
#[inline]
#[target_feature(enable = "avx512f")]
fn times_coefs(values: Planes, coefs: [M31; WIDTH]) -> Planes {
    if coefs == [M31::ONE; WIDTH] {
        return values;
    }
    let coefs = load_32s(&coefs.map(M31::value));
    narrow_all(multiply_base(values, coefs))
}

/// The coefficients of sixteen gates.
#[inline(always)]
fn coefs_of<G>(gates: &[G; WIDTH], place: impl Fn(&G) -> u32, coefs: &[M31]) -> [M31; WIDTH] {
    let first = place(&gates[0]);
    let mut values = [coefs[first as usize]; WIDTH];
    if gates.iter().any(|gate| place(gate) != first) {
        for (value, gate) in values.iter_mut().zip(gates) {
            *value = coefs[place(gate) as usize];
        }
    }
    values
}

#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn sum_mul_gates(gates: &[MulGate], tables: &GateTables<'_, M31Ext3>) -> M31Ext3 {
    let (blocks, rest) = gates.as_chunks::<WIDTH>();
    let mut sums = [[_mm512_setzero_si512(); 2]; 3];
    for block in blocks {
        let z = gather(tables.z, block, |g| g.z);
        let x = gather(tables.x, block, |g| g.x);
        let y = gather(tables.y, block, |g| g.y);
        let coefs = coefs_of(block, |g| g.coef.0, tables.coefs);
        let weighted = times_coefs(narrow_all(multiply(z, x)), coefs);
        accumulate(&mut sums, multiply(weighted, y));
    }
    total(sums) + sums::sum_mul_gates(rest, tables)
}

#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn sum_add_gates(gates: &[AddGate], tables: &GateTables<'_, M31Ext3>) -> M31Ext3 {
    let (blocks, rest) = gates.as_chunks::<WIDTH>();
    let mut sums = [[_mm512_setzero_si512(); 2]; 3];
    for block in blocks {
        let z = gather(tables.z, block, |g| g.z);
        let x = gather(tables.x, block, |g| g.x);
        let coefs = coefs_of(block, |g| g.coef.0, tables.coefs);
        accumulate(&mut sums, multiply(times_coefs(z, coefs), x));
    }
    total(sums) + sums::sum_add_gates(rest, tables)
}

/// Sixteen elements one after the other.
#[inline]
#[target_feature(enable = "avx512f")]
fn store([c0, c1, c2]: Planes, out: &mut [M31Ext3; WIDTH]) {
    for ((low, high, mask), words) in INTERLEAVE.iter().zip(words_mut(out)) {
        let first = _mm512_permutex2var_epi32(c0, load_32s(low), c1);
        let all = _mm512_mask_permutexvar_epi32(first, *mask, load_32s(high), c2);
        store_32s(all, words);
    }
}

/// The words of elements.
#[inline]
fn words_mut(elements: &mut [M31Ext3; WIDTH]) -> &mut [[u32; 16]; 3] {
    // SAFETY: an element is three words, each valid as such; what is written is canonical.
    unsafe { &mut *core::ptr::from_mut(elements).cast() }
}

/// The words of elements.
#[inline]
fn words(elements: &[M31Ext3; WIDTH]) -> &[[u32; 16]; 3] {
    // SAFETY: an element is three words.
    unsafe { &*core::ptr::from_ref(elements).cast() }
}

#[target_feature(enable = "avx512f,avx512vl")]
pub(super) fn outer_product(rows: &[M31Ext3], columns: &[M31Ext3], out: &mut [M31Ext3]) {
    let (blocks, []) = columns.as_chunks::<WIDTH>() else {
        return sums::outer_product(rows, columns, out);
    };
    let mut column_planes = Vec::with_capacity(blocks.len());
    for block in blocks {
        column_planes.push(gather(block, &LANES, |&lane| lane));
    }
    let whole = out.len() / columns.len().max(1);
    let (full, rest) = out.split_at_mut(whole * columns.len());
    for (row, &factor) in full.chunks_exact_mut(columns.len().max(1)).zip(rows) {
        let [c0, c1, c2] = factor.coeffs();
        let factor = [splat(c0), splat(c1), splat(c2)];
        for (out, &column) in row
            .as_chunks_mut::<WIDTH>()
            .0
            .iter_mut()
            .zip(&column_planes)
        {
            let [c0, c1, c2] = narrow_all(multiply(column, factor));
            store([canonical(c0), canonical(c1), canonical(c2)], out);
        }
    }
    sums::outer_product(&rows[whole.min(rows.len())..], columns, rest);
}

#[target_feature(enable = "avx512f")]
pub(super) fn add_slices(sums: &mut [M31Ext3], values: &[M31Ext3]) {
    assert_eq!(sums.len(), values.len(), "a sum of two lengths");
    let (sum_blocks, sum_rest) = sums.as_chunks_mut::<WIDTH>();
    let (value_blocks, value_rest) = values.as_chunks::<WIDTH>();
    for (sums, values) in sum_blocks.iter_mut().zip(value_blocks) {
        for (sum, value) in words_mut(sums).iter_mut().zip(words(values)) {
            // Both are below p: the sum is below 2^32.
            let lanes = _mm512_add_epi32(load_32s(sum), load_32s(value));
            store_32s(canonical(lanes), sum);
        }
    }
    sums::add_slices(sum_rest, value_rest);
}
