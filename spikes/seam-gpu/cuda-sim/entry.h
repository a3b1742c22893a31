// The launch function of a field's kernels, SIM_ENTRY: kernels by number (src/kernel.rs), arguments
// as for cuLaunchKernel.
#pragma once

// A round kernel with `src` and `dst` pointers before its parameters.
#define SIM_ROUND(W)                                                                               \
  round_w##W(sim_arg<const u32*>(args, 0), sim_arg<const u32*>(args, 1),                           \
             sim_arg<const u32*>(args, 2), sim_arg<u32*>(args, 3), sim_arg<RoundParams>(args, 4))
#define SIM_FOLD_ROUND(W)                                                                          \
  fold_round_w##W(sim_arg<const u32*>(args, 0), sim_arg<const u32*>(args, 1),                      \
                  sim_arg<const u32*>(args, 2), sim_arg<u32*>(args, 3), sim_arg<u32*>(args, 4),    \
                  sim_arg<u32*>(args, 5), sim_arg<RoundParams>(args, 6))

static void sim_call(u32 kernel, void** args) {
  switch (kernel) {
    case 0:
      return eq_suffixes(sim_arg<u32*>(args, 0), sim_arg<EqSuffixesParams>(args, 1));
    case 1:
      return eq_outer(sim_arg<const u32*>(args, 0), sim_arg<u32*>(args, 1),
                      sim_arg<EqOuterParams>(args, 2));
    case 2:
      return fold(sim_arg<const u32*>(args, 0), sim_arg<u32*>(args, 1),
                  sim_arg<FoldParams>(args, 2));
    case 3:
      return bind_innermost(sim_arg<const u32*>(args, 0), sim_arg<const u32*>(args, 1),
                            sim_arg<u32*>(args, 2), sim_arg<BindParams>(args, 3));
    case 4:
      return reduce_partials(sim_arg<const u32*>(args, 0), sim_arg<u32*>(args, 1),
                             sim_arg<ReduceParams>(args, 2));
    case 5:
      return SIM_ROUND(1);
    case 6:
      return SIM_ROUND(2);
    case 7:
      return SIM_ROUND(3);
    case 8:
      return SIM_FOLD_ROUND(1);
    case 9:
      return SIM_FOLD_ROUND(2);
    case 10:
      return SIM_FOLD_ROUND(3);
  }
}

extern "C" int SIM_ENTRY(u32 kernel, u32 blocks, u32 order, void** args) {
  if (kernel > 10) return 2;
  return sim_run(blocks, BLOCK_THREADS, order, [=] { sim_call(kernel, args); });
}
