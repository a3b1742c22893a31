// Folding: binding variables of a table.

// Binds the first `folds` variables (0 to 3) with weights[k] = eq(challenges, k):
//   dst[i] = src_0 + sum_(k >= 1) weights[k] (src_k - src_0),   src_k = src[i + k 2^vars]
// (the weights add up to one). `vars` counts the variables left.
// Launch: 1-D, any grid. 2^folds - 1 multiplications per output, each input read once.
// Reads: 2^(vars + folds) elements. Writes: 2^vars. dst may be src: a thread writes where only it
// has read.
struct FoldParams {
  u32 vars;
  u32 folds;
  u32 src_stride;
  u32 dst_stride;
  u32 src_base;
  fe weights[8];
};

DEVICE fe load_any(const u32* table, u32 stride, u32 base, u32 i) {
  return base ? fe_load_base(table, i) : fe_load(table, stride, i);
}

DEVICE fe folded(const u32* src, u32 stride, u32 base, u32 vars, u32 folds, const fe* weights,
                 u32 i) {
  fe first = load_any(src, stride, base, i);
  fe sum = first;
  for (u32 k = 1; k < (1u << folds); k++) {
    fe step = fe_sub(load_any(src, stride, base, i + (k << vars)), first);
    sum = fe_add(sum, fe_mul(weights[k], step));
  }
  return sum;
}

KERNEL void fold(const u32* src, u32* dst, FoldParams params) {
  for (u32 i = global_thread(); i < (1u << params.vars); i += global_threads()) {
    fe value = folded(src, params.src_stride, params.src_base, params.vars, params.folds,
                      params.weights, i);
    fe_store(dst, params.dst_stride, i, value);
  }
}

// Binds the last `bound` variables: dst[i] = sum_b weights[b] src[i 2^bound + b].
// Launch: 1-D, any grid; one thread per output. Fine for few bound variables; for many, a block per
// output and block_sum is the better shape (neighbouring threads then read neighbouring words).
// Reads: 2^(vars + bound) elements, the weights 2^vars times (cached). Writes: 2^vars.
struct BindParams {
  u32 vars;
  u32 bound;
  u32 src_stride;
  u32 weights_stride;
  u32 dst_stride;
  u32 src_base;
};

KERNEL void bind_innermost(const u32* src, const u32* weights, u32* dst, BindParams params) {
  for (u32 i = global_thread(); i < (1u << params.vars); i += global_threads()) {
    fe sum = fe_zero();
    for (u32 b = 0; b < (1u << params.bound); b++) {
      fe value = load_any(src, params.src_stride, params.src_base, (i << params.bound) + b);
      sum = fe_add(sum, fe_mul(fe_load(weights, params.weights_stride, b), value));
    }
    fe_store(dst, params.dst_stride, i, sum);
  }
}
