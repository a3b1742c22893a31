// Eq tables.
//
// An eq factor of a point of n coordinates is kept as the tables of two halves, the `lo` last
// coordinates and the others: 2 (2^lo + 2^(n - lo)) elements instead of 2^(n + 1), at the price of
// one multiplication per use. Each half keeps the table of *every* suffix, so that the factor fits
// all rounds of a run:
//   entry 2^m - 1 + i            eq(last m coordinates of the half, i),   i < 2^m
// with the half `lo` from entry 0 and the other from entry 2^(lo + 1).

// Tables of all suffixes of one half, times `scale`.
// Launch: 1-D, any grid. One thread per entry; m multiplications each (tables are small).
// Reads: nothing. Writes: 2^(vars + 1) - 1 elements.
struct EqSuffixesParams {
  u32 vars;
  u32 first_entry;
  u32 stride;
  fe scale;
  fe coords[16];
};

KERNEL void eq_suffixes(u32* eq, EqSuffixesParams params) {
  u32 entries = (2u << params.vars) - 1;
  for (u32 j = global_thread(); j < entries; j += global_threads()) {
    u32 m = 0;
    while ((2u << m) <= j + 1) m++;
    u32 i = j + 1 - (1u << m);
    fe product = params.scale;
    for (u32 t = 0; t < m; t++) {
      fe coord = params.coords[params.vars - m + t];
      bool bit = (i >> (m - 1 - t)) & 1;
      product = fe_mul(product, bit ? coord : fe_sub(fe_one(), coord));
    }
    fe_store(eq, params.stride, params.first_entry + j, product);
  }
}

// The full table from the two halves: dst[i] (+)= hi[i >> lo] * lo[i mod 2^lo].
// Launch: 1-D, any grid. One multiplication per element.
// Reads: 2 small-table elements (cached), dst when accumulating. Writes: 2^vars elements.
struct EqOuterParams {
  u32 vars;
  u32 lo_vars;
  u32 eq_stride;
  u32 dst_stride;
  u32 accumulate;
};

KERNEL void eq_outer(const u32* eq, u32* dst, EqOuterParams params) {
  u32 lo_mask = (1u << params.lo_vars) - 1;
  u32 hi_first = (2u << params.lo_vars) + (1u << (params.vars - params.lo_vars)) - 1;
  for (u32 i = global_thread(); i < (1u << params.vars); i += global_threads()) {
    fe lo = fe_load(eq, params.eq_stride, lo_mask + (i & lo_mask));
    fe hi = fe_load(eq, params.eq_stride, hi_first + (i >> params.lo_vars));
    fe value = fe_mul(hi, lo);
    if (params.accumulate) value = fe_add(value, fe_load(dst, params.dst_stride, i));
    fe_store(dst, params.dst_stride, i, value);
  }
}
