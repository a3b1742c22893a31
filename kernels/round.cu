// The sums of a window of the product summand T_0 * T_1, with or without folding first.
//
// Grid points are {0, 1, inf}^window, first variable most significant. A thread expands the 2^w
// corners of each table to 3^w values (inf = corner 1 - corner 0), multiplies pointwise and keeps 3^w
// sums. The eq weight, if any, is multiplied into T_0's corners: 2^w + 1 multiplications instead
// of 3^w.
// Launch: 1-D, any grid; partial[g * gridDim.x + block] is the block's sum at point g, finished by
// `reduce_partials`.
// Reads: 2 * 2^(vars + folds) elements (and the small eq tables). Writes: with folds, 2 * 2^vars
// elements; 3^w * gridDim.x partial sums.
// Registers: 3^w sums and 2 * 3^w values. For eight-word elements w = 3 spills: use w <= 2 there,
// or split the grid by its first digit over blockIdx.y.
struct RoundParams {
  u32 vars;   // after folding
  u32 folds;  // 0 to 3
  u32 src_stride[2];
  u32 src_base[2];
  u32 dst_stride[2];
  u32 eq_used;
  u32 eq_vars;  // coordinates of the point that the weight covers
  u32 eq_lo_vars;
  u32 eq_stride;
  u32 skip_ones;  // leave out the point (1, ..., 1)
  fe weights[8];
};

// eq(last eq_vars coordinates, last eq_vars bits of b), from the tables of eq.cu.
DEVICE fe eq_weight(const u32* eq, const RoundParams& params, u32 b) {
  u32 m = params.eq_vars, lo = params.eq_lo_vars;
  u32 i = b & ((1u << m) - 1);
  if (m <= lo) return fe_load(eq, params.eq_stride, (1u << m) - 1 + i);
  u32 hi_first = (2u << lo) + (1u << (m - lo)) - 1;
  fe hi = fe_load(eq, params.eq_stride, hi_first + (i >> lo));
  u32 lo_mask = (1u << lo) - 1;
  return fe_mul(hi, fe_load(eq, params.eq_stride, lo_mask + (i & lo_mask)));
}

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

template <u32 WINDOW, u32 POINTS, bool FOLD>
DEVICE void round_body(const u32* const src[2], const u32* eq, u32* const dst[2], u32* partial,
                       const RoundParams& params) {
  fe sums[POINTS];
  for (u32 g = 0; g < POINTS; g++) sums[g] = fe_zero();
  u32 items = 1u << (params.vars - WINDOW);
  for (u32 b = global_thread(); b < items; b += global_threads()) {
    fe grid[2][POINTS];
    fe weight = params.eq_used ? eq_weight(eq, params, b) : fe_zero();
    for (u32 t = 0; t < 2; t++) {
      for (u32 corner = 0; corner < (1u << WINDOW); corner++) {
        u32 i = corner * items + b;
        fe value = folded(src[t], params.src_stride[t], params.src_base[t], params.vars,
                          params.folds, params.weights, i);
        if (FOLD) fe_store(dst[t], params.dst_stride[t], i, value);
        if (t == 0 && params.eq_used) value = fe_mul(value, weight);
        grid[t][corner_to_grid(corner, WINDOW)] = value;
      }
      extend_grid<POINTS>(grid[t]);
    }
    for (u32 g = 0; g < POINTS; g++) {
      if (params.skip_ones && g == POINTS / 2) continue;
      sums[g] = fe_add(sums[g], fe_mul(grid[0][g], grid[1][g]));
    }
  }
  for (u32 g = 0; g < POINTS; g++) {
    fe sum = block_sum(sums[g]);
    if (threadIdx.x == 0) fe_store(partial, POINTS * gridDim.x, g * gridDim.x + blockIdx.x, sum);
  }
}

#define ROUND_KERNELS(W, POINTS)                                                                 \
  KERNEL void round_w##W(const u32* a, const u32* b, const u32* eq, u32* partial,                \
                         RoundParams params) {                                                   \
    const u32* const src[2] = {a, b};                                                            \
    u32* const dst[2] = {nullptr, nullptr};                                                      \
    round_body<W, POINTS, false>(src, eq, dst, partial, params);                                 \
  }                                                                                              \
  KERNEL void fold_round_w##W(const u32* a, const u32* b, const u32* eq, u32* dst_a, u32* dst_b, \
                              u32* partial, RoundParams params) {                                \
    const u32* const src[2] = {a, b};                                                            \
    u32* const dst[2] = {dst_a, dst_b};                                                          \
    round_body<W, POINTS, true>(src, eq, dst, partial, params);                                  \
  }

ROUND_KERNELS(1, 3)
ROUND_KERNELS(2, 9)
ROUND_KERNELS(3, 27)

// Adds up the blocks' partial sums. Launch: one block per point; any number of partial sums.
// Reads: points * blocks elements. Writes: gridDim.x elements.
// A "last block done" counter in the round kernels would save this launch.
struct ReduceParams {
  u32 blocks;
};

KERNEL void reduce_partials(const u32* partial, u32* dst, ReduceParams params) {
  u32 g = blockIdx.x;
  fe sum = fe_zero();
  for (u32 k = threadIdx.x; k < params.blocks; k += BLOCK_THREADS) {
    sum = fe_add(sum, fe_load(partial, gridDim.x * params.blocks, g * params.blocks + k));
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) fe_store(dst, gridDim.x, g, sum);
}
