// The sums of a window of the product summand T_0 * T_1, with or without folding first.

struct RoundParams {
  Source src[2];
  u32* dst[2];
  u64 dst_stride[2];
  EqTables eq;
  u64 eq_used;
  u64 eq_vars;  // coordinates of the point that the weight covers
  u32* partial;
  u64 vars;   // after folding
  u64 folds;  // 0 to MAX_FOLDS
  u64 skip_ones;  // leave out the point (1, ..., 1)
  u32 weights[FOLD_WEIGHTS * FE_WORDS];
};

// The grid index whose digits are the bits of a corner.
DEVICE u32 corner_to_grid(u32 corner, u32 window) {
  u32 g = 0;
  for (u32 v = 0; v < window; v++) g = g * 3 + ((corner >> (window - 1 - v)) & 1);
  return g;
}

// Fills in the points with a digit `inf` from those with bits; variable by variable.
template <u32 POINTS>
DEVICE void extend_grid(fe* grid) {
  for (u32 step = POINTS / 3; step > 0; step /= 3) {
    for (u32 g = 0; g < POINTS; g++) {
      if (g / step % 3 == 2) grid[g] = fe_sub(grid[g - step], grid[g - 2 * step]);
    }
  }
}

// Grid points are {0, 1, inf}^window, first variable most significant. A thread expands the 2^w
// corners of each table to 3^w values (inf = corner 1 - corner 0), multiplies pointwise and keeps 3^w
// sums. The eq weight, if any, is multiplied into T_0's corners: 2^w + 1 multiplications instead
// of 3^w.
// Launch: 1-D, any grid; partial[g * gridDim.x + block] is the block's sum at point g, finished by
// `reduce_partials`.
// Reads: 2 * 2^(vars + folds) elements (and the small eq tables). Writes: with folds, 2 * 2^vars
// elements; 3^w * gridDim.x partial sums.
// Registers: 3^w sums and 2 * 3^w values, so eight-word elements have no kernel for w = 3.
template <u32 WINDOW, u32 POINTS, bool FOLD>
DEVICE void round_body(const RoundParams& p) {
  fe sums[POINTS];
  for (u32 g = 0; g < POINTS; g++) sums[g] = fe_zero();
  u64 items = 1ull << (p.vars - WINDOW);
  for (u64 b = global_thread(); b < items; b += global_threads()) {
    fe grid[2][POINTS];
    fe weight = p.eq_used ? eq_weight(p.eq, p.eq_vars, b) : fe_zero();
    for (u32 t = 0; t < 2; t++) {
      for (u32 corner = 0; corner < (1u << WINDOW); corner++) {
        u64 i = corner * items + b;
        fe value = folded(p.src[t], p.vars, p.folds, p.weights, i);
        if (FOLD) fe_store(p.dst[t], p.dst_stride[t], i, value);
        if (t == 0 && p.eq_used) value = fe_mul(value, weight);
        grid[t][corner_to_grid(corner, WINDOW)] = value;
      }
      extend_grid<POINTS>(grid[t]);
    }
    for (u32 g = 0; g < POINTS; g++) {
      if (p.skip_ones && g == POINTS / 2) continue;
      sums[g] = fe_add(sums[g], fe_mul(grid[0][g], grid[1][g]));
    }
  }
  for (u32 g = 0; g < POINTS; g++) store_partial(p.partial, POINTS, g, sums[g]);
}

KERNEL(round_w1, RoundParams) { round_body<1, 3, false>(p); }
KERNEL(round_w2, RoundParams) { round_body<2, 9, false>(p); }
KERNEL(fold_round_w1, RoundParams) { round_body<1, 3, true>(p); }
KERNEL(fold_round_w2, RoundParams) { round_body<2, 9, true>(p); }
#if FE_WORDS <= 4
KERNEL(round_w3, RoundParams) { round_body<3, 27, false>(p); }
KERNEL(fold_round_w3, RoundParams) { round_body<3, 27, true>(p); }
#endif

struct TermsParams {
  Source src[MAX_TABLES];
  const u32* terms;
  u64 num_terms;
  u64 degree;
  EqTables eq;
  u64 eq_used;
  u64 eq_vars;
  u32* partial;
  u64 vars;
  u64 window;
  u32 extra_points[EXTRA_POINTS * FE_WORDS];
};

// A table at a point of the grid: digit by digit, first variable first, of the corners in `values`.
DEVICE fe at_grid(const TermsParams& p, fe* values, u64 point, u64 places) {
  u64 divisor = 1;
  for (u64 v = 1; v < p.window; v++) divisor *= places;
  for (u32 half = 1u << (p.window - 1); half > 0; half /= 2, divisor /= places) {
    u64 place = point / divisor % places;
    for (u32 k = 0; k < half; k++) {
      fe lo = values[k], hi = values[k + half];
      if (place == 1) {
        values[k] = hi;
      } else if (place == 2) {
        values[k] = fe_sub(hi, lo);
      } else if (place > 2) {
        fe e = fe_at(p.extra_points + (place - 3) * FE_WORDS);
        values[k] = fe_add(lo, fe_mul(e, fe_sub(hi, lo)));
      }
    }
  }
  return values[0];
}

// Whether a digit of the point is infinity, where only terms of full degree count.
DEVICE bool has_infinity(u64 point, u64 places, u64 window) {
  for (u64 v = 0; v < window; v++, point /= places) {
    if (point % places == 2) return true;
  }
  return false;
}

// The sums of a window of any summand. `terms` holds for each term its coefficient's words, its
// number of factors and MAX_DEGREE table numbers.
// Launch: any grid in x, one row of blocks in y for each of the (degree + 1)^window points; partial
// sums as above. Reads each factor's table once a point: general, not fast.
KERNEL(round_terms, TermsParams) {
  u64 places = p.degree + 1, point = blockIdx.y;
  bool infinity = places > 2 && has_infinity(point, places, p.window);
  u64 items = 1ull << (p.vars - p.window);
  const u64 term_words = FE_WORDS + 1 + MAX_DEGREE;
  fe sum = fe_zero();
  for (u64 b = global_thread(); b < items; b += global_threads()) {
    fe total = fe_zero();
    for (u64 t = 0; t < p.num_terms; t++) {
      const u32* term = p.terms + t * term_words;
      u32 factors = term[FE_WORDS];
      if (infinity && factors < p.degree) continue;
      fe product = fe_at(term);
      for (u32 f = 0; f < factors; f++) {
        const Source& src = p.src[term[FE_WORDS + 1 + f]];
        fe values[1 << MAX_WINDOW];
        for (u32 corner = 0; corner < (1u << p.window); corner++) {
          values[corner] = load_source(src, corner * items + b);
        }
        product = fe_mul(product, at_grid(p, values, point, places));
      }
      total = fe_add(total, product);
    }
    if (p.eq_used) total = fe_mul(total, eq_weight(p.eq, p.eq_vars, b));
    sum = fe_add(sum, total);
  }
  store_partial(p.partial, gridDim.y, point, sum);
}
