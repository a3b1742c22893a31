// Types and places that all kernels share.
//
// A translation unit is the concatenation that `kernel-source` makes, in this order:
//   prelude (constants generated from the field's specification)
//   + common.cuh + fields/<form>.cuh + reduce.cuh + the kernels.
// No host header is included, so NVRTC compiles the text as it is.
//
// Conventions:
// - `fe` is an element of the challenge field, `be` one of the base field, both fully reduced.
//   README.md lists what an arithmetic file defines.
// - Memory holds 32-bit words in the field's storage form.
// - The first variable of a table is the most significant bit of its index.
// - Every kernel is grid-stride in x: any number of blocks is correct, of BLOCK_THREADS threads each.
// - A kernel takes one struct by value: numbers and addresses of 8 bytes first, then elements as words.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// The stand-in driver defines this for the host's compiler.
#ifndef KERNEL
#define KERNEL(name, params) \
  extern "C" __global__ void __launch_bounds__(BLOCK_THREADS) name(const __grid_constant__ params p)
#endif

#define DEVICE static __device__ __forceinline__

// This thread's place in the grid, and the grid's size.
DEVICE u64 global_thread() { return (u64)blockIdx.x * BLOCK_THREADS + threadIdx.x; }
DEVICE u64 global_threads() { return (u64)gridDim.x * BLOCK_THREADS; }
