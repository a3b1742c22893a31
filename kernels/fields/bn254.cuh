// BN254's scalar field: Montgomery form, R = 2^256, eight 32-bit limbs in registers and in memory.
//
// Prelude: FE_WORDS = 8, fe_modulus(i) (limb i of p), FE_NEG_INV (-p^-1 mod 2^32), FE_ONE_WORDS.
// Layout: element i at words [8 i, 8 i + 8) (32 bytes, two 128-bit loads); the stride is unused.
#pragma once

struct fe {
  u32 v[8];
};

// The base field is the challenge field.
typedef fe be;

DEVICE fe fe_zero() {
  fe z = {{0, 0, 0, 0, 0, 0, 0, 0}};
  return z;
}

DEVICE fe fe_one() {
  fe one = {{FE_ONE_WORDS}};
  return one;
}

DEVICE fe fe_at(const u32* words) {
  fe out;
  for (int k = 0; k < 8; k++) out.v[k] = words[k];
  return out;
}

DEVICE fe fe_load(const u32* table, u64 stride, u64 i) {
  (void)stride;
  return fe_at(table + i * 8);
}

DEVICE void fe_store(u32* table, u64 stride, u64 i, fe a) {
  (void)stride;
  for (int k = 0; k < 8; k++) table[i * 8 + k] = a.v[k];
}

// a - p if that is not negative, else a; for a < 2p.
DEVICE fe fe_reduce_once(fe a) {
  fe d;
  u64 borrow = 0;
  for (int k = 0; k < 8; k++) {
    u64 t = (u64)a.v[k] - fe_modulus(k) - borrow;
    d.v[k] = (u32)t;
    borrow = (t >> 32) & 1;
  }
  return borrow ? a : d;
}

// No carry leaves the top limb: both are below p < 2^254.
DEVICE fe fe_add(fe a, fe b) {
  fe s;
  u64 carry = 0;
  for (int k = 0; k < 8; k++) {
    carry += (u64)a.v[k] + b.v[k];
    s.v[k] = (u32)carry;
    carry >>= 32;
  }
  return fe_reduce_once(s);
}

DEVICE fe fe_sub(fe a, fe b) {
  fe d;
  u64 borrow = 0;
  for (int k = 0; k < 8; k++) {
    u64 t = (u64)a.v[k] - b.v[k] - borrow;
    d.v[k] = (u32)t;
    borrow = (t >> 32) & 1;
  }
  u32 mask = 0u - (u32)borrow;
  u64 carry = 0;
  for (int k = 0; k < 8; k++) {
    carry += (u64)d.v[k] + (fe_modulus(k) & mask);
    d.v[k] = (u32)carry;
    carry >>= 32;
  }
  return d;
}

// a b / 2^256 mod p: word-by-word Montgomery (CIOS) with 64-bit accumulators.
// Each outer step keeps t < a + p < 2^255, so eight limbs hold it between steps and no carry leaves
// the top.
DEVICE fe fe_mul(fe a, fe b) {
  u32 t[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < 8; i++) {
    u64 carry = 0;
    for (int j = 0; j < 8; j++) {
      u64 w = (u64)a.v[j] * b.v[i] + t[j] + carry;
      t[j] = (u32)w;
      carry = w >> 32;
    }
    u32 top = (u32)carry;
    u32 m = t[0] * FE_NEG_INV;
    carry = ((u64)m * fe_modulus(0) + t[0]) >> 32;
    for (int j = 1; j < 8; j++) {
      u64 w = (u64)m * fe_modulus(j) + t[j] + carry;
      t[j - 1] = (u32)w;
      carry = w >> 32;
    }
    t[7] = top + (u32)carry;
  }
  fe out;
  for (int k = 0; k < 8; k++) out.v[k] = t[k];
  return fe_reduce_once(out);
}

#define BE_PER_RUN 1

DEVICE be be_zero() { return fe_zero(); }
DEVICE be be_one() { return fe_one(); }
DEVICE be be_add(be a, be b) { return fe_add(a, b); }
DEVICE be be_mul(be a, be b) { return fe_mul(a, b); }
DEVICE be be_load(const u32* table, u64 i) { return fe_load(table, 0, i); }
DEVICE void be_store_run(u32* table, u64 run, const be* values) { fe_store(table, 0, run, values[0]); }
DEVICE fe fe_lift(be a) { return a; }
DEVICE fe fe_mul_be(fe a, be b) { return fe_mul(a, b); }
