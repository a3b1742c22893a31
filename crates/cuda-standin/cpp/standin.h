// How tests set up the stand-in driver, and what they read from it. src/lib.rs has the same structs.
#pragma once

#include <cstdint>

struct standin_config {
  int32_t init_result;      // what cuInit answers
  int32_t driver_version;   // as cuDriverGetVersion: 1000 major + 10 minor
  int32_t device_count;
  int32_t compute_major;
  int32_t module_result;    // what loading a module answers, 0 for success
  uint32_t thread_order;    // sim_order
  uint64_t memory_bytes;    // of the device
  uint64_t seed;            // of the order in which streams go on
  uint64_t fail_alloc_at;   // the n-th allocation from now fails, 0 for none
  uint64_t fail_launch_at;  // the n-th launch from now fails when it runs, 0 for none
};

struct standin_counters {
  uint64_t used_bytes;
  uint64_t allocations;  // alive
  uint64_t host_allocations;
  uint64_t streams;
  uint64_t events;
  uint64_t modules;
  uint64_t contexts;
  uint64_t launches;  // in all
  uint64_t driver_allocations;  // of device memory, in all
  uint64_t faults;              // that were asked for and happened
  uint64_t misuses;  // copies outside of memory, launches of the wrong shape, work left behind
};
