#include "sim.h"

#include <ucontext.h>

#include <memory>
#include <vector>

thread_local sim_index threadIdx, blockIdx, gridDim;

namespace {

constexpr size_t STACK_BYTES = 128 * 1024;

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
  bool finished = false;
};

// The block that runs on this host thread.
struct Block {
  ucontext_t scheduler;
  std::vector<std::unique_ptr<Fiber>> fibers;
  Fiber* running = nullptr;
  const std::function<void()>* body = nullptr;
};

thread_local Block block;

void fiber_main() {
  (*block.body)();
  block.running->finished = true;
  // The context's uc_link leads back to the scheduler.
}

void start(Fiber& fiber) {
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = STACK_BYTES;
  fiber.context.uc_link = &block.scheduler;
  fiber.finished = false;
  makecontext(&fiber.context, fiber_main, 0);
}

// The thread that is the `step`-th of a pass.
unsigned pick(unsigned step, unsigned threads, unsigned order, unsigned seed) {
  switch (order) {
    case SIM_DESCENDING:
      return threads - 1 - step;
    case SIM_SHUFFLED:
      // Odd multiplier and threads a power of two: a permutation.
      return (step * 37 + seed * 11 + 5) % threads;
    default:
      return step;
  }
}

// Runs every thread up to its next barrier, or its end. The number of threads that ended.
unsigned pass(unsigned threads, unsigned order, unsigned seed) {
  unsigned finished = 0;
  for (unsigned step = 0; step < threads; step++) {
    unsigned t = pick(step, threads, order, seed);
    Fiber& fiber = *block.fibers[t];
    threadIdx = {t, 0, 0};
    block.running = &fiber;
    swapcontext(&block.scheduler, &fiber.context);
    finished += fiber.finished;
  }
  return finished;
}

}  // namespace

void sim_barrier() { swapcontext(&block.running->context, &block.scheduler); }

int sim_run(unsigned blocks, unsigned threads, unsigned order, const std::function<void()>& body) {
  while (block.fibers.size() < threads) block.fibers.push_back(std::make_unique<Fiber>());
  block.body = &body;
  gridDim = {blocks, 1, 1};
  for (unsigned b = 0; b < blocks; b++) {
    blockIdx = {b, 0, 0};
    for (unsigned t = 0; t < threads; t++) start(*block.fibers[t]);
    unsigned finished = 0;
    for (unsigned seed = 0; finished == 0; seed++) finished = pass(threads, order, seed);
    // All threads leave a barrier-free stretch the same way, or a barrier was divergent.
    if (finished != threads) return 1;
  }
  return 0;
}
