// The block reduction: shared memory and barriers, no assumption about the warp size.
// A version with warp shuffles on reduced values is the obvious next step (one slot per warp).
#pragma once

// The sum of `value` over the block, valid in thread 0. All threads of the block must call it.
// Cost: log2(BLOCK_THREADS) + 1 barriers, BLOCK_THREADS elements of shared memory.
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
