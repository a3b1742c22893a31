// Sums over a block: shared memory and barriers, no assumption about the warp size.
#pragma once

// The sum of `value` over the block, valid in thread 0. All threads of the block must call it.
// Cost: log2(BLOCK_THREADS) + 2 barriers, BLOCK_THREADS elements of shared memory.
DEVICE fe block_sum(fe value) {
  __shared__ fe scratch[BLOCK_THREADS];
  scratch[threadIdx.x] = value;
  __syncthreads();
  for (u32 half = BLOCK_THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      scratch[threadIdx.x] = fe_add(scratch[threadIdx.x], scratch[threadIdx.x + half]);
    }
    __syncthreads();
  }
  fe sum = scratch[0];
  // The next call overwrites the scratch.
  __syncthreads();
  return sum;
}

// Writes the block's sum where `reduce_partials` reads that of point `point`.
DEVICE void store_partial(u32* partial, u64 points, u64 point, fe value) {
  fe sum = block_sum(value);
  if (threadIdx.x == 0) fe_store(partial, points * gridDim.x, point * gridDim.x + blockIdx.x, sum);
}

// A value of a table of either field, lifted.
DEVICE fe load_any(const u32* table, u64 stride, u64 base, u64 i) {
  return base ? fe_lift(be_load(table, i)) : fe_load(table, stride, i);
}

struct ReduceParams {
  const u32* partial;
  u32* dst;
  u64 blocks;
};

// Adds up the blocks' partial sums.
// Launch: one block a point. Reads: points * blocks elements. Writes: gridDim.x elements.
KERNEL(reduce_partials, ReduceParams) {
  fe sum = fe_zero();
  for (u64 k = threadIdx.x; k < p.blocks; k += BLOCK_THREADS) {
    sum = fe_add(sum, fe_load(p.partial, gridDim.x * p.blocks, blockIdx.x * p.blocks + k));
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) fe_store(p.dst, gridDim.x, blockIdx.x, sum);
}
