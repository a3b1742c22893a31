// GF(2^128) = GF(2)[x] / (x^128 + FE_LOW_TERMS): bit k of the 128-bit integer is the coefficient of
// x^k. No GPU multiplies without carries, so products are taken from integer products with holes.
//
// Prelude: FE_WORDS = 4, FE_LOW_TERMS (terms below x^128, all below x^31), FE_ONE_WORDS.
// Layout: element i at words [4 i, 4 i + 4) (one 128-bit load), low words first; the stride is unused.
// A table in the base field GF(2) is bits: element i at bit i mod 32 of word i / 32.
#pragma once

struct fe {
  u32 v[4];
};

typedef u32 be;

DEVICE fe fe_zero() {
  fe z = {{0, 0, 0, 0}};
  return z;
}

DEVICE fe fe_one() {
  fe one = {{FE_ONE_WORDS}};
  return one;
}

DEVICE fe fe_at(const u32* words) {
  fe out = {{words[0], words[1], words[2], words[3]}};
  return out;
}

DEVICE fe fe_load(const u32* table, u64 stride, u64 i) {
  (void)stride;
  return fe_at(table + i * 4);
}

DEVICE void fe_store(u32* table, u64 stride, u64 i, fe a) {
  (void)stride;
  for (int k = 0; k < 4; k++) table[i * 4 + k] = a.v[k];
}

DEVICE fe fe_add(fe a, fe b) {
  fe s;
  for (int k = 0; k < 4; k++) s.v[k] = a.v[k] ^ b.v[k];
  return s;
}

DEVICE fe fe_sub(fe a, fe b) { return fe_add(a, b); }

// The product of two polynomials of degree below 32. Each operand is cut into four with every fourth
// bit; in a product of two such, the bits of one column add up to at most 8 and so stay below the
// next one, four places on: the lowest bit of a column is its sum modulo 2.
DEVICE u64 clmul32(u32 a, u32 b) {
  const u64 holes = 0x1111111111111111ull;
  u64 out = 0;
  for (int shift = 0; shift < 4; shift++) {
    u64 columns = 0;
    for (int i = 0; i < 4; i++) {
      u32 left = a & (0x11111111u << i);
      u32 right = b & (0x11111111u << ((shift - i) & 3));
      columns ^= (u64)left * right;
    }
    out |= columns & (holes << shift);
  }
  return out;
}

// Schoolbook over words, nine products by Karatsuba twice over; then the upper half comes down, once
// for its words and once more for the bits that leave the lower half's top.
DEVICE fe fe_mul(fe a, fe b) {
  u64 products[3][2];
  for (int half = 0; half < 3; half++) {
    u32 a0 = half == 2 ? a.v[0] ^ a.v[2] : a.v[2 * half];
    u32 a1 = half == 2 ? a.v[1] ^ a.v[3] : a.v[2 * half + 1];
    u32 b0 = half == 2 ? b.v[0] ^ b.v[2] : b.v[2 * half];
    u32 b1 = half == 2 ? b.v[1] ^ b.v[3] : b.v[2 * half + 1];
    u64 low = clmul32(a0, b0), high = clmul32(a1, b1);
    u64 middle = clmul32(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    products[half][0] = low ^ middle << 32;
    products[half][1] = high ^ middle >> 32;
  }
  u64 cross0 = products[2][0] ^ products[0][0] ^ products[1][0];
  u64 cross1 = products[2][1] ^ products[0][1] ^ products[1][1];
  u64 c0 = products[0][0], c1 = products[0][1] ^ cross0;
  u64 c2 = products[1][0] ^ cross1, c3 = products[1][1];
  // (c3, c2) x^128 = (c3, c2) FE_LOW_TERMS, a word at a time: a product of 32 by 31 bits.
  u32 high[4] = {(u32)c2, (u32)(c2 >> 32), (u32)c3, (u32)(c3 >> 32)};
  u32 out[5] = {(u32)c0, (u32)(c0 >> 32), (u32)c1, (u32)(c1 >> 32), 0};
  for (int k = 0; k < 4; k++) {
    u64 down = clmul32(high[k], FE_LOW_TERMS);
    out[k] ^= (u32)down;
    out[k + 1] ^= (u32)(down >> 32);
  }
  u64 last = clmul32(out[4], FE_LOW_TERMS);
  fe sum = {{out[0] ^ (u32)last, out[1] ^ (u32)(last >> 32), out[2], out[3]}};
  return sum;
}

#define BE_PER_RUN 32

DEVICE be be_zero() { return 0; }
DEVICE be be_one() { return 1; }
DEVICE be be_add(be a, be b) { return a ^ b; }
DEVICE be be_mul(be a, be b) { return a & b; }
DEVICE be be_load(const u32* table, u64 i) { return table[i / 32] >> (i % 32) & 1; }

DEVICE void be_store_run(u32* table, u64 run, const be* values) {
  u32 word = 0;
  for (int k = 0; k < 32; k++) word |= values[k] << k;
  table[run] = word;
}

DEVICE fe fe_lift(be a) {
  fe out = {{a, 0, 0, 0}};
  return out;
}

DEVICE fe fe_mul_be(fe a, be b) {
  u32 mask = 0u - b;
  fe out;
  for (int k = 0; k < 4; k++) out.v[k] = a.v[k] & mask;
  return out;
}
