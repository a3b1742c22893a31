// Just enough of CUDA's execution model to run the kernels on the host: blocks one after another, the
// threads of a block as fibers that switch at barriers.
//
// What it checks: indexing, barriers (a divergent one is an error, not a hang), order of threads
// (ascending, descending, shuffled), use of uninitialised memory (the driver fills it).
// What it cannot: memory models within a warp, alignment, occupancy, time.
#pragma once

#include <cstddef>

struct sim_index {
  unsigned x, y, z;
};

extern sim_index threadIdx, blockIdx, gridDim;

#define __device__
#define __forceinline__ inline
// One block runs at a time.
#define __shared__ static
#define __syncthreads() sim_barrier()

// Waits until all threads of the block are here.
void sim_barrier();

inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

// A kernel that a module can be asked for.
struct sim_kernel {
  const char* field;
  const char* name;
  size_t params_bytes;
  void (*run)(const void* params);
  unsigned block_threads;
  sim_kernel* next;

  sim_kernel(const char* field, const char* name, size_t params_bytes, void (*run)(const void*),
             unsigned block_threads);
};

// Runs every thread of every block. False for a divergent barrier.
bool sim_run(const sim_kernel& kernel, const void* params, unsigned grid_x, unsigned grid_y);

enum sim_order : unsigned { SIM_ASCENDING = 0, SIM_DESCENDING = 1, SIM_SHUFFLED = 2 };

void sim_set_order(unsigned order);
const sim_kernel* sim_find(const char* field, const char* name);

#define KERNEL(name, params)                                                                     \
  static void name(const params& p);                                                             \
  static sim_kernel sim_kernel_##name(                                                           \
      SIM_FIELD, #name, sizeof(params),                                                          \
      [](const void* params_) { name(*static_cast<const params*>(params_)); }, BLOCK_THREADS);   \
  static void name(const params& p)
