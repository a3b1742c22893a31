// The cubic extension of Mersenne-31, p = 2^31 - 1, by x^3 = FE_NON_RESIDUE: canonical words.
//
// Prelude: FE_WORDS = 3, M31_P, FE_NON_RESIDUE, FE_ONE_WORDS.
// Layout: planes. Coefficient k of element i at word k * stride + i, so that a warp reads whole
// sectors. A table in the base field is one plane.
#pragma once

struct fe {
  u32 v[3];
};

typedef u32 be;

// Any 64-bit value: two foldings leave at most 2^31 + 3.
DEVICE u32 m31_reduce(u64 x) {
  x = (x & M31_P) + (x >> 31);
  x = (x & M31_P) + (x >> 31);
  u32 r = (u32)x;
  return r >= M31_P ? r - M31_P : r;
}

DEVICE fe fe_zero() {
  fe z = {{0, 0, 0}};
  return z;
}

DEVICE fe fe_one() {
  fe one = {{FE_ONE_WORDS}};
  return one;
}

DEVICE fe fe_at(const u32* words) {
  fe out = {{words[0], words[1], words[2]}};
  return out;
}

DEVICE fe fe_load(const u32* table, u64 stride, u64 i) {
  fe out;
  for (int k = 0; k < 3; k++) out.v[k] = table[k * stride + i];
  return out;
}

DEVICE void fe_store(u32* table, u64 stride, u64 i, fe a) {
  for (int k = 0; k < 3; k++) table[k * stride + i] = a.v[k];
}

DEVICE u32 m31_add(u32 a, u32 b) {
  u32 t = a + b;
  return t >= M31_P ? t - M31_P : t;
}

DEVICE fe fe_add(fe a, fe b) {
  fe s;
  for (int k = 0; k < 3; k++) s.v[k] = m31_add(a.v[k], b.v[k]);
  return s;
}

DEVICE fe fe_sub(fe a, fe b) {
  fe d;
  for (int k = 0; k < 3; k++) {
    d.v[k] = a.v[k] >= b.v[k] ? a.v[k] - b.v[k] : a.v[k] + M31_P - b.v[k];
  }
  return d;
}

// Nine word products, three reductions and two foldings. Products are below 2^62: three fit, and
// so does one with a folded multiple of the non-residue.
DEVICE fe fe_mul(fe a, fe b) {
  u64 a0 = a.v[0], a1 = a.v[1], a2 = a.v[2];
  u64 b0 = b.v[0], b1 = b.v[1], b2 = b.v[2];
  u64 high = a1 * b2 + a2 * b1;
  u64 top = a2 * b2;
  high = (high & M31_P) + (high >> 31);
  top = (top & M31_P) + (top >> 31);
  fe out;
  out.v[0] = m31_reduce(a0 * b0 + FE_NON_RESIDUE * high);
  out.v[1] = m31_reduce(a0 * b1 + a1 * b0 + FE_NON_RESIDUE * top);
  out.v[2] = m31_reduce(a0 * b2 + a1 * b1 + a2 * b0);
  return out;
}

#define BE_PER_RUN 1

DEVICE be be_zero() { return 0; }
DEVICE be be_one() { return 1; }
DEVICE be be_add(be a, be b) { return m31_add(a, b); }
DEVICE be be_mul(be a, be b) { return m31_reduce((u64)a * b); }
DEVICE be be_load(const u32* table, u64 i) { return table[i]; }
DEVICE void be_store_run(u32* table, u64 run, const be* values) { table[run] = values[0]; }

DEVICE fe fe_lift(be a) {
  fe out = {{a, 0, 0}};
  return out;
}

DEVICE fe fe_mul_be(fe a, be b) {
  fe out;
  for (int k = 0; k < 3; k++) out.v[k] = m31_reduce((u64)a.v[k] * b);
  return out;
}
