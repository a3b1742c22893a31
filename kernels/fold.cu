// Folding: binding variables of a table.

// A table to read, of either field.
struct Source {
  const u32* table;
  u64 stride;
  u64 base;
};

DEVICE fe load_source(const Source& src, u64 i) { return load_any(src.table, src.stride, src.base, i); }

// Value i of a table with its first `folds` variables bound (0 to MAX_FOLDS), with
// weights[k] = eq(challenges, k), of which `vars` variables are left:
//   src_0 + sum_(k >= 1) weights[k] (src_k - src_0),   src_k = src[i + k 2^vars]
// (the weights add up to one).
DEVICE fe folded(const Source& src, u64 vars, u64 folds, const u32* weights, u64 i) {
  fe first = load_source(src, i);
  fe sum = first;
  for (u32 k = 1; k < (1u << folds); k++) {
    fe step = fe_sub(load_source(src, i + ((u64)k << vars)), first);
    sum = fe_add(sum, fe_mul(fe_at(weights + k * FE_WORDS), step));
  }
  return sum;
}

struct FoldParams {
  Source src;
  u32* dst;
  u64 dst_stride;
  u64 vars;
  u64 folds;
  u32 weights[FOLD_WEIGHTS * FE_WORDS];
};

// Binds the first `folds` variables.
// Launch: 1-D, any grid. 2^folds - 1 multiplications per output, each input read once.
// Reads: 2^(vars + folds) elements. Writes: 2^vars. dst may be src: a thread writes where only it
// has read.
KERNEL(fold, FoldParams) {
  for (u64 i = global_thread(); i < (1ull << p.vars); i += global_threads()) {
    fe_store(p.dst, p.dst_stride, i, folded(p.src, p.vars, p.folds, p.weights, i));
  }
}

struct BindParams {
  Source src;
  const u32* weights;
  u64 weights_stride;
  u32* dst;
  u64 dst_stride;
  u64 vars;
  u64 bound;
};

// Binds the last `bound` variables: dst[i] = sum_b weights[b] src[i 2^bound + b].
// Launch: 1-D, any grid; one thread per output.
// Reads: 2^(vars + bound) elements, the weights 2^vars times (cached). Writes: 2^vars.
KERNEL(bind_innermost, BindParams) {
  for (u64 i = global_thread(); i < (1ull << p.vars); i += global_threads()) {
    fe sum = fe_zero();
    for (u64 b = 0; b < (1ull << p.bound); b++) {
      fe value = load_source(p.src, (i << p.bound) + b);
      sum = fe_add(sum, fe_mul(fe_load(p.weights, p.weights_stride, b), value));
    }
    fe_store(p.dst, p.dst_stride, i, sum);
  }
}
