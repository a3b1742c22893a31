// The quadratic extension of Goldilocks, p = 2^64 - 2^32 + 1, by x^2 = FE_NON_RESIDUE: canonical
// 64-bit integers.
//
// Prelude: FE_WORDS = 4, FE_NON_RESIDUE, FE_ONE_WORDS.
// Layout: element i at words [4 i, 4 i + 4) (one 128-bit load), low words first; the stride is unused.
// A table in the base field has two words an element.
#pragma once

#define GOLDILOCKS_P 0xffffffff00000001ull
// 2^64 mod p.
#define GOLDILOCKS_EPSILON 0xffffffffull

typedef u64 be;

struct fe {
  u64 v[2];
};

DEVICE u64 goldilocks_add(u64 a, u64 b) {
  u64 s = a + b;
  // a + b < 2p < 2^65: past 2^64, taking p away once is adding 2^64 mod p.
  if (s < a) return s + GOLDILOCKS_EPSILON;
  return s >= GOLDILOCKS_P ? s - GOLDILOCKS_P : s;
}

DEVICE u64 goldilocks_sub(u64 a, u64 b) { return a >= b ? a - b : a + (GOLDILOCKS_P - b); }

// hi 2^64 + lo mod p: with hi = h1 2^32 + h0, 2^64 = 2^32 - 1 and 2^96 = -1, so it is
// lo - h1 + h0 (2^32 - 1).
DEVICE u64 goldilocks_reduce(u64 hi, u64 lo) {
  u64 h1 = hi >> 32, h0 = hi & GOLDILOCKS_EPSILON;
  u64 t = lo - h1;
  if (lo < h1) t -= GOLDILOCKS_EPSILON;
  u64 add = h0 * GOLDILOCKS_EPSILON;
  u64 s = t + add;
  if (s < add) s += GOLDILOCKS_EPSILON;
  return s >= GOLDILOCKS_P ? s - GOLDILOCKS_P : s;
}

DEVICE u64 goldilocks_mul(u64 a, u64 b) { return goldilocks_reduce(__umul64hi(a, b), a * b); }

DEVICE u64 goldilocks_of(const u32* words) { return words[0] | (u64)words[1] << 32; }

DEVICE void goldilocks_put(u32* words, u64 a) {
  words[0] = (u32)a;
  words[1] = (u32)(a >> 32);
}

DEVICE fe fe_zero() {
  fe z = {{0, 0}};
  return z;
}

DEVICE fe fe_at(const u32* words) {
  fe out = {{goldilocks_of(words), goldilocks_of(words + 2)}};
  return out;
}

DEVICE fe fe_one() {
  const u32 one[4] = {FE_ONE_WORDS};
  return fe_at(one);
}

DEVICE fe fe_load(const u32* table, u64 stride, u64 i) {
  (void)stride;
  return fe_at(table + i * 4);
}

DEVICE void fe_store(u32* table, u64 stride, u64 i, fe a) {
  (void)stride;
  goldilocks_put(table + i * 4, a.v[0]);
  goldilocks_put(table + i * 4 + 2, a.v[1]);
}

DEVICE fe fe_add(fe a, fe b) {
  fe s = {{goldilocks_add(a.v[0], b.v[0]), goldilocks_add(a.v[1], b.v[1])}};
  return s;
}

DEVICE fe fe_sub(fe a, fe b) {
  fe d = {{goldilocks_sub(a.v[0], b.v[0]), goldilocks_sub(a.v[1], b.v[1])}};
  return d;
}

DEVICE fe fe_mul(fe a, fe b) {
  u64 low = goldilocks_mul(a.v[0], b.v[0]);
  u64 high = goldilocks_mul(a.v[1], b.v[1]);
  u64 cross = goldilocks_add(goldilocks_mul(a.v[0], b.v[1]), goldilocks_mul(a.v[1], b.v[0]));
  fe out = {{goldilocks_add(low, goldilocks_mul(high, FE_NON_RESIDUE)), cross}};
  return out;
}

#define BE_PER_RUN 1

DEVICE be be_zero() { return 0; }
DEVICE be be_one() { return 1; }
DEVICE be be_add(be a, be b) { return goldilocks_add(a, b); }
DEVICE be be_mul(be a, be b) { return goldilocks_mul(a, b); }
DEVICE be be_load(const u32* table, u64 i) { return goldilocks_of(table + i * 2); }
DEVICE void be_store_run(u32* table, u64 run, const be* values) {
  goldilocks_put(table + run * 2, values[0]);
}

DEVICE fe fe_lift(be a) {
  fe out = {{a, 0}};
  return out;
}

DEVICE fe fe_mul_be(fe a, be b) {
  fe out = {{goldilocks_mul(a.v[0], b), goldilocks_mul(a.v[1], b)}};
  return out;
}
