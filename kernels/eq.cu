// Eq tables.
//
// An eq factor of a point of n coordinates is kept as the tables of two halves, the `lo` last
// coordinates and the others: 2 (2^lo + 2^(n - lo)) elements instead of 2^(n + 1), at the price of
// one multiplication per use. Each half keeps the table of *every* suffix, so that the factor fits
// all rounds of a run:
//   entry 2^m - 1 + i            eq(last m coordinates of the half, i),   i < 2^m
// with the half `lo` from entry 0 and the other from entry 2^(lo + 1).

struct EqSuffixesParams {
  u32* eq;
  u64 vars;
  u64 first_entry;
  u64 stride;
  u32 scale[FE_WORDS];
  u32 coords[MAX_HALF * FE_WORDS];
};

// Tables of all suffixes of one half, times `scale`.
// Launch: 1-D, any grid. One thread per entry; m multiplications each (tables are small).
// Reads: nothing. Writes: 2^(vars + 1) - 1 elements.
KERNEL(eq_suffixes, EqSuffixesParams) {
  u64 entries = (2ull << p.vars) - 1;
  for (u64 j = global_thread(); j < entries; j += global_threads()) {
    u32 m = 0;
    while ((2ull << m) <= j + 1) m++;
    u64 i = j + 1 - (1ull << m);
    fe product = fe_at(p.scale);
    for (u32 t = 0; t < m; t++) {
      fe coord = fe_at(p.coords + (p.vars - m + t) * FE_WORDS);
      bool bit = (i >> (m - 1 - t)) & 1;
      product = fe_mul(product, bit ? coord : fe_sub(fe_one(), coord));
    }
    fe_store(p.eq, p.stride, p.first_entry + j, product);
  }
}

// The tables of an eq factor, and how many of its coordinates are in the last half.
struct EqTables {
  const u32* table;
  u64 lo_vars;
  u64 stride;
};

// eq(last m coordinates, the last m bits of b).
DEVICE fe eq_weight(const EqTables& eq, u64 m, u64 b) {
  u64 lo = eq.lo_vars;
  u64 i = b & ((1ull << m) - 1);
  if (m <= lo) return fe_load(eq.table, eq.stride, (1ull << m) - 1 + i);
  u64 hi_first = (2ull << lo) + (1ull << (m - lo)) - 1;
  fe hi = fe_load(eq.table, eq.stride, hi_first + (i >> lo));
  u64 lo_mask = (1ull << lo) - 1;
  return fe_mul(hi, fe_load(eq.table, eq.stride, lo_mask + (i & lo_mask)));
}

struct EqOuterParams {
  EqTables eq;
  u32* dst;
  u64 vars;
  u64 dst_stride;
  u64 accumulate;
};

// The full table from the two halves: dst[i] (+)= eq(point, i).
// Launch: 1-D, any grid. One multiplication per element.
// Reads: 2 small-table elements (cached), dst when accumulating. Writes: 2^vars elements.
KERNEL(eq_outer, EqOuterParams) {
  for (u64 i = global_thread(); i < (1ull << p.vars); i += global_threads()) {
    fe value = eq_weight(p.eq, p.vars, i);
    if (p.accumulate) value = fe_add(value, fe_load(p.dst, p.dst_stride, i));
    fe_store(p.dst, p.dst_stride, i, value);
  }
}

struct EqScatterParams {
  EqTables eq;
  const u32* indices;
  u32* dst;
  u64 count;
  u64 vars;
  u64 dst_stride;
};

// Adds eq(point, i) at the indices given, which are all different: dst[indices[j]] += eq(...).
// Launch: 1-D, any grid. Reads and writes: `count` elements.
KERNEL(eq_scatter, EqScatterParams) {
  for (u64 j = global_thread(); j < p.count; j += global_threads()) {
    u64 i = p.indices[j];
    fe value = fe_add(eq_weight(p.eq, p.vars, i), fe_load(p.dst, p.dst_stride, i));
    fe_store(p.dst, p.dst_stride, i, value);
  }
}
