#include "sim.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

sim_index threadIdx, blockIdx, gridDim;

namespace {

constexpr size_t STACK_BYTES = 256 * 1024;

unsigned thread_order = SIM_ASCENDING;
sim_kernel* kernels = nullptr;

void fiber_main();

#if defined(__x86_64__)
// Saves the callee-saved registers on the stack and goes on with another. `swapcontext` would ask the
// kernel for the signal mask each time, which is most of a simulation.
extern "C" void sim_switch(void** save, void* load);
asm(R"(
.text
.globl sim_switch
.hidden sim_switch
.type sim_switch,@function
sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size sim_switch,.-sim_switch
)");

struct Context {
  void* stack_pointer = nullptr;

  // Six registers and the way in; a function starts with its stack eight past a multiple of sixteen.
  void start(char* stack, Context*) {
    uintptr_t top = (reinterpret_cast<uintptr_t>(stack) + STACK_BYTES) & ~uintptr_t{15};
    auto* words = reinterpret_cast<uintptr_t*>(top) - 8;
    std::memset(words, 0, 8 * sizeof *words);
    words[6] = reinterpret_cast<uintptr_t>(&fiber_main);
    stack_pointer = words;
  }
};

void swap(Context& from, Context& to) { sim_switch(&from.stack_pointer, to.stack_pointer); }
#else
struct Context {
  ucontext_t context;

  void start(char* stack, Context* after) {
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = &after->context;
    makecontext(&context, fiber_main, 0);
  }
};

void swap(Context& from, Context& to) { swapcontext(&from.context, &to.context); }
#endif

struct Fiber {
  Context context;
  std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
  bool finished = false;
};

// The block that runs: one at a time, under the driver's lock.
struct Block {
  Context scheduler;
  std::vector<std::unique_ptr<Fiber>> fibers;
  Fiber* running = nullptr;
  const sim_kernel* kernel = nullptr;
  const void* params = nullptr;
};

Block block;

void fiber_main() {
  block.kernel->run(block.params);
  block.running->finished = true;
  // A fiber that has ended is started anew before it runs again.
  swap(block.running->context, block.scheduler);
}

// The thread that is the `step`-th of a pass.
unsigned pick(unsigned step, unsigned threads, unsigned seed) {
  switch (thread_order) {
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
unsigned pass(unsigned threads, unsigned seed) {
  unsigned finished = 0;
  for (unsigned step = 0; step < threads; step++) {
    unsigned t = pick(step, threads, seed);
    Fiber& fiber = *block.fibers[t];
    threadIdx = {t, 0, 0};
    block.running = &fiber;
    swap(block.scheduler, fiber.context);
    finished += fiber.finished;
  }
  return finished;
}

}  // namespace

sim_kernel::sim_kernel(const char* field, const char* name, size_t params_bytes,
                       void (*run)(const void*), unsigned block_threads)
    : field(field),
      name(name),
      params_bytes(params_bytes),
      run(run),
      block_threads(block_threads),
      next(kernels) {
  kernels = this;
}

const sim_kernel* sim_find(const char* field, const char* name) {
  for (sim_kernel* kernel = kernels; kernel; kernel = kernel->next) {
    if (!std::strcmp(kernel->field, field) && (!name || !std::strcmp(kernel->name, name))) return kernel;
  }
  return nullptr;
}

void sim_set_order(unsigned order) { thread_order = order; }

void sim_barrier() { swap(block.running->context, block.scheduler); }

bool sim_run(const sim_kernel& kernel, const void* params, unsigned grid_x, unsigned grid_y) {
  unsigned threads = kernel.block_threads;
  while (block.fibers.size() < threads) block.fibers.push_back(std::make_unique<Fiber>());
  block.kernel = &kernel;
  block.params = params;
  gridDim = {grid_x, grid_y, 1};
  for (unsigned y = 0; y < grid_y; y++) {
    for (unsigned x = 0; x < grid_x; x++) {
      blockIdx = {x, y, 0};
      for (unsigned t = 0; t < threads; t++) {
        block.fibers[t]->finished = false;
        block.fibers[t]->context.start(block.fibers[t]->stack.get(), &block.scheduler);
      }
      unsigned finished = 0;
      for (unsigned seed = 0; finished == 0; seed++) finished = pass(threads, seed);
      // All threads leave a stretch without barriers the same way, or a barrier was divergent.
      if (finished != threads) return false;
    }
  }
  return true;
}
