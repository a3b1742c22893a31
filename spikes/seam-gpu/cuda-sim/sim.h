// Just enough of CUDA's execution model to run the kernels on the host: blocks one after another,
// the threads of a block as fibers that switch at barriers.
//
// What it checks: indexing, barriers (a divergent one is an error, not a hang), order of threads
// (ascending, descending, shuffled), use of uninitialised memory (the host fills it).
// What it cannot: memory models, alignment, occupancy, time.
#pragma once

#include <functional>

struct sim_index {
  unsigned x, y, z;
};

extern thread_local sim_index threadIdx, blockIdx, gridDim;

#define __global__
#define __device__
#define __forceinline__ inline
// One block runs at a time on a host thread.
#define __shared__ static thread_local
#define __syncthreads() sim_barrier()
#define KERNEL static

// Waits until all threads of the block are here.
void sim_barrier();

enum sim_order : unsigned { SIM_ASCENDING = 0, SIM_DESCENDING = 1, SIM_SHUFFLED = 2 };

// Runs `body` for every thread of every block. 0, or 1 for a divergent barrier.
int sim_run(unsigned blocks, unsigned threads, unsigned order, const std::function<void()>& body);

// The i-th argument, as cuLaunchKernel passes them.
template <typename T>
T sim_arg(void** args, int i) {
  return *static_cast<T*>(args[i]);
}
