// Types and the block reduction that all kernels share.
//
// A translation unit is the concatenation, in this order, of
//   prelude (constants generated from the field's specification)
//   + common.cuh + fields/<form>.cuh + reduce.cuh + one or more kernels.
// No host header is included, so NVRTC can compile the text as it is.
//
// Conventions:
// - `fe` is an element of the challenge field, fully reduced. Memory holds 32-bit words in the
//   field's storage form; `fe_load(table, stride, i)` and `fe_store` know the layout.
// - The first variable of a table is the most significant bit of its index.
// - Every kernel is grid-stride: any grid is correct. Blocks have BLOCK_THREADS threads in x.
// - Small arguments (strides, fold weights) travel by value in the kernel's parameter space.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

#define BLOCK_THREADS 64

// The simulator defines this as `static`: one translation unit per field there.
#ifndef KERNEL
#define KERNEL extern "C" __global__
#endif

#define DEVICE static __device__ __forceinline__

// This thread's place in the grid, and the grid's size.
DEVICE u32 global_thread() { return blockIdx.x * BLOCK_THREADS + threadIdx.x; }
DEVICE u32 global_threads() { return gridDim.x * BLOCK_THREADS; }
