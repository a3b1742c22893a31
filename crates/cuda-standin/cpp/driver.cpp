// A stand-in for libcuda: the driver calls that the CUDA backend makes, on the simulator.
//
// It is nasty where a device may be. Fresh memory is filled with a pattern, freed memory with
// another and not given away before everything enqueued has run. Work is only enqueued by the calls
// that enqueue it; it runs when somebody waits for it or asks, and then in an order of streams that a
// seed decides. Page-locked memory is read and written when a copy runs, not when it is asked for.
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sim.h"
#include "standin.h"

#define API extern "C" __attribute__((visibility("default")))

namespace {

enum Result : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201,
  INVALID_PTX = 218,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_FAILED = 719,
};

constexpr int FRESH = 0xa5, FREED = 0xdd;

struct Stream {
  std::deque<std::function<Result()>> work;
  uint64_t enqueued = 0, executed = 0;
};

struct Event {
  Stream* stream = nullptr;
  uint64_t after = 0;
};

struct Module {
  std::string field;
};

struct Driver {
  std::mutex mutex;
  // What a program finds that does not configure it.
  standin_config config{0, 12000, 1, 9, 0, SIM_ASCENDING, uint64_t{1} << 34, 1, 0, 0};
  standin_counters counters{};
  Result sticky = SUCCESS;
  uint64_t random = 1;
  std::map<uintptr_t, size_t> device_memory, host_memory;
  std::vector<void*> freed;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Module*> modules;
  std::set<const sim_kernel*> functions;
  int retained = 0;
};

// Never destroyed: a program may still hold handles when its statics go.
Driver& driver() {
  static auto* instance = new Driver;
  return *instance;
}

thread_local bool has_context = false;

uint64_t next_random(Driver& d) {
  d.random ^= d.random << 13;
  d.random ^= d.random >> 7;
  d.random ^= d.random << 17;
  return d.random;
}

// Whether [address, address + bytes) lies within one allocation.
bool within(const std::map<uintptr_t, size_t>& memory, uintptr_t address, size_t bytes) {
  auto after = memory.upper_bound(address);
  if (after == memory.begin()) return false;
  auto [start, size] = *std::prev(after);
  return address - start <= size && bytes <= size - (address - start);
}

void forget_freed(Driver& d) {
  for (Stream* stream : d.streams) {
    if (!stream->work.empty()) return;
  }
  for (void* memory : d.freed) std::free(memory);
  d.freed.clear();
}

void step(Driver& d, Stream& stream) {
  auto work = std::move(stream.work.front());
  stream.work.pop_front();
  Result result = d.sticky == SUCCESS ? work() : d.sticky;
  stream.executed++;
  if (result != SUCCESS && d.sticky == SUCCESS) d.sticky = result;
}

// Other streams go on by a few steps, or by none.
void disturb(Driver& d, const Stream* but) {
  for (Stream* stream : d.streams) {
    if (stream == but) continue;
    for (uint64_t n = next_random(d) % 4; n > 0 && !stream->work.empty(); n--) step(d, *stream);
  }
}

void run_until(Driver& d, Stream& stream, uint64_t executed) {
  while (stream.executed < executed) {
    disturb(d, &stream);
    step(d, stream);
  }
  forget_freed(d);
}

// What every call needs; the lock is taken by the caller.
Result ready(Driver& d) {
  if (d.sticky != SUCCESS) return d.sticky;
  return has_context ? SUCCESS : INVALID_CONTEXT;
}

Result misuse(Driver& d, Result result) {
  d.counters.misuses++;
  return result;
}

Result enqueue(Driver& d, void* handle, std::function<Result()> work) {
  auto* stream = static_cast<Stream*>(handle);
  if (!d.streams.count(stream)) return misuse(d, INVALID_HANDLE);
  stream->work.push_back(std::move(work));
  stream->enqueued++;
  return SUCCESS;
}

// Whether a fault that was asked for is due now.
bool due(Driver& d, uint64_t& countdown) {
  bool now = countdown > 0 && --countdown == 0;
  d.counters.faults += now;
  return now;
}

// What a context takes with it. Only of a lost one may anything be left.
void destroy_context(Driver& d) {
  standin_counters& c = d.counters;
  bool left = c.allocations || c.host_allocations || c.streams || c.events || c.modules;
  if (left && d.sticky == SUCCESS) misuse(d, SUCCESS);
  for (Stream* stream : d.streams) delete stream;
  for (Event* event : d.events) delete event;
  for (Module* module : d.modules) delete module;
  for (auto [address, bytes] : d.device_memory) std::free(reinterpret_cast<void*>(address));
  for (auto [address, bytes] : d.host_memory) std::free(reinterpret_cast<void*>(address));
  d.streams.clear();
  d.events.clear();
  d.modules.clear();
  d.device_memory.clear();
  d.host_memory.clear();
  c.used_bytes = c.allocations = c.host_allocations = c.streams = c.events = c.modules = 0;
  d.sticky = SUCCESS;
  forget_freed(d);
}

}  // namespace

#define LOCK                                \
  Driver& d = driver();                     \
  std::lock_guard<std::mutex> guard(d.mutex)
#define READY \
  if (Result result = ready(d); result != SUCCESS) return result

API void standin_configure(const standin_config* config) {
  LOCK;
  d.config = *config;
  d.random = config->seed * 0x9e3779b97f4a7c15ull | 1;
  d.sticky = SUCCESS;
  sim_set_order(config->thread_order);
}

API void standin_read(standin_counters* out) {
  LOCK;
  *out = d.counters;
}

API int cuInit(unsigned) {
  LOCK;
  return d.config.init_result;
}

API int cuDriverGetVersion(int* version) {
  LOCK;
  *version = d.config.driver_version;
  return SUCCESS;
}

API int cuDeviceGetCount(int* count) {
  LOCK;
  *count = d.config.device_count;
  return SUCCESS;
}

API int cuDeviceGet(int* device, int ordinal) {
  LOCK;
  if (ordinal < 0 || ordinal >= d.config.device_count) return INVALID_DEVICE;
  *device = ordinal;
  return SUCCESS;
}

API int cuDeviceGetName(char* name, int len, int) {
  std::strncpy(name, "stand-in", len - 1);
  name[len - 1] = 0;
  return SUCCESS;
}

API int cuDeviceGetAttribute(int* value, int attribute, int) {
  LOCK;
  switch (attribute) {
    case 75:  // compute capability, major
      *value = d.config.compute_major;
      return SUCCESS;
    case 76:  // minor
      *value = 0;
      return SUCCESS;
    case 16:  // multiprocessors
      *value = 2;
      return SUCCESS;
    default:
      return misuse(d, INVALID_VALUE);
  }
}

API int cuDevicePrimaryCtxRetain(void** context, int) {
  LOCK;
  if (d.sticky != SUCCESS) return d.sticky;
  d.retained++;
  d.counters.contexts++;
  *context = &d;
  return SUCCESS;
}

API int cuDevicePrimaryCtxRelease_v2(int) {
  LOCK;
  d.counters.contexts--;
  if (--d.retained == 0) destroy_context(d);
  return SUCCESS;
}

API int cuCtxSetCurrent(void* context) {
  LOCK;
  has_context = context == &d;
  return d.sticky;
}

API int cuCtxSynchronize() {
  LOCK;
  READY;
  for (Stream* stream : d.streams) run_until(d, *stream, stream->enqueued);
  return d.sticky;
}

API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  LOCK;
  READY;
  *total = d.config.memory_bytes;
  *free = d.config.memory_bytes - d.counters.used_bytes;
  return SUCCESS;
}

API int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  LOCK;
  READY;
  if (bytes == 0) return misuse(d, INVALID_VALUE);
  bool fails = due(d, d.config.fail_alloc_at);
  if (fails || bytes > d.config.memory_bytes - d.counters.used_bytes) return OUT_OF_MEMORY;
  void* memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!memory) return OUT_OF_MEMORY;
  std::memset(memory, FRESH, bytes);
  *address = reinterpret_cast<uintptr_t>(memory);
  d.device_memory[*address] = bytes;
  d.counters.used_bytes += bytes;
  d.counters.allocations++;
  d.counters.driver_allocations++;
  return SUCCESS;
}

API int cuMemFree_v2(uint64_t address) {
  LOCK;
  auto found = d.device_memory.find(address);
  if (found == d.device_memory.end()) return misuse(d, INVALID_VALUE);
  std::memset(reinterpret_cast<void*>(address), FREED, found->second);
  d.freed.push_back(reinterpret_cast<void*>(address));
  d.counters.used_bytes -= found->second;
  d.counters.allocations--;
  d.device_memory.erase(found);
  forget_freed(d);
  return d.sticky;
}

API int cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
  LOCK;
  READY;
  if (due(d, d.config.fail_alloc_at)) return OUT_OF_MEMORY;
  *memory = std::malloc(bytes);
  if (!*memory) return OUT_OF_MEMORY;
  std::memset(*memory, FRESH, bytes);
  d.host_memory[reinterpret_cast<uintptr_t>(*memory)] = bytes;
  d.counters.host_allocations++;
  return SUCCESS;
}

API int cuMemFreeHost(void* memory) {
  LOCK;
  auto found = d.host_memory.find(reinterpret_cast<uintptr_t>(memory));
  if (found == d.host_memory.end()) return misuse(d, INVALID_VALUE);
  std::memset(memory, FREED, found->second);
  d.freed.push_back(memory);
  d.host_memory.erase(found);
  d.counters.host_allocations--;
  forget_freed(d);
  return d.sticky;
}

API int cuMemcpyHtoDAsync_v2(uint64_t dst, const void* src, size_t bytes, void* stream) {
  LOCK;
  READY;
  if (!within(d.device_memory, dst, bytes)) return misuse(d, INVALID_VALUE);
  if (!within(d.host_memory, reinterpret_cast<uintptr_t>(src), bytes)) {
    // Pageable memory is staged before the call returns.
    std::vector<char> staged(static_cast<const char*>(src), static_cast<const char*>(src) + bytes);
    return enqueue(d, stream, [dst, staged] {
      std::memcpy(reinterpret_cast<void*>(dst), staged.data(), staged.size());
      return SUCCESS;
    });
  }
  return enqueue(d, stream, [&d, dst, src, bytes] {
    bool alive = within(d.device_memory, dst, bytes) &&
                 within(d.host_memory, reinterpret_cast<uintptr_t>(src), bytes);
    if (!alive) return misuse(d, ILLEGAL_ADDRESS);
    std::memcpy(reinterpret_cast<void*>(dst), src, bytes);
    return SUCCESS;
  });
}

API int cuMemcpyDtoHAsync_v2(void* dst, uint64_t src, size_t bytes, void* stream) {
  LOCK;
  READY;
  if (!within(d.device_memory, src, bytes)) return misuse(d, INVALID_VALUE);
  return enqueue(d, stream, [&d, dst, src, bytes] {
    bool alive = within(d.device_memory, src, bytes) &&
                 within(d.host_memory, reinterpret_cast<uintptr_t>(dst), bytes);
    if (!alive) return misuse(d, ILLEGAL_ADDRESS);
    std::memcpy(dst, reinterpret_cast<void*>(src), bytes);
    return SUCCESS;
  });
}

API int cuStreamCreate(void** handle, unsigned) {
  LOCK;
  READY;
  auto* stream = new Stream;
  d.streams.insert(stream);
  d.counters.streams++;
  *handle = stream;
  return SUCCESS;
}

API int cuStreamDestroy_v2(void* handle) {
  LOCK;
  auto* stream = static_cast<Stream*>(handle);
  if (!d.streams.count(stream)) return misuse(d, INVALID_HANDLE);
  if (!stream->work.empty()) misuse(d, SUCCESS);
  run_until(d, *stream, stream->enqueued);
  for (Event* event : d.events) {
    if (event->stream == stream) event->stream = nullptr;
  }
  d.streams.erase(stream);
  d.counters.streams--;
  delete stream;
  return d.sticky;
}

API int cuStreamSynchronize(void* handle) {
  LOCK;
  READY;
  auto* stream = static_cast<Stream*>(handle);
  if (!d.streams.count(stream)) return misuse(d, INVALID_HANDLE);
  run_until(d, *stream, stream->enqueued);
  return d.sticky;
}

API int cuEventCreate(void** handle, unsigned) {
  LOCK;
  READY;
  auto* event = new Event;
  d.events.insert(event);
  d.counters.events++;
  *handle = event;
  return SUCCESS;
}

API int cuEventDestroy_v2(void* handle) {
  LOCK;
  auto* event = static_cast<Event*>(handle);
  if (!d.events.erase(event)) return misuse(d, INVALID_HANDLE);
  d.counters.events--;
  delete event;
  return d.sticky;
}

API int cuEventRecord(void* handle, void* stream_handle) {
  LOCK;
  READY;
  auto* event = static_cast<Event*>(handle);
  auto* stream = static_cast<Stream*>(stream_handle);
  if (!d.events.count(event) || !d.streams.count(stream)) return misuse(d, INVALID_HANDLE);
  *event = {stream, stream->enqueued};
  return SUCCESS;
}

API int cuEventQuery(void* handle) {
  LOCK;
  READY;
  auto* event = static_cast<Event*>(handle);
  if (!d.events.count(event)) return misuse(d, INVALID_HANDLE);
  Stream* stream = event->stream;
  if (!stream || stream->executed >= event->after) return SUCCESS;
  // Somebody who only asks gets there in the end, one step at a time.
  disturb(d, stream);
  step(d, *stream);
  if (d.sticky != SUCCESS) return d.sticky;
  return stream->executed >= event->after ? SUCCESS : NOT_READY;
}

API int cuEventSynchronize(void* handle) {
  LOCK;
  READY;
  auto* event = static_cast<Event*>(handle);
  if (!d.events.count(event)) return misuse(d, INVALID_HANDLE);
  if (event->stream) run_until(d, *event->stream, event->after);
  return d.sticky;
}

API int cuModuleLoadDataEx(void** handle, const void* image, unsigned num_options,
                           const int* options, void** values) {
  LOCK;
  READY;
  // The first line names the field: "// Astraea kernels: <field>".
  const char* prefix = "// Astraea kernels: ";
  const char* text = static_cast<const char*>(image);
  std::string field;
  if (!std::strncmp(text, prefix, std::strlen(prefix))) {
    text += std::strlen(prefix);
    field.assign(text, std::strcspn(text, "\n"));
  }
  Result result = static_cast<Result>(d.config.module_result);
  if (result == SUCCESS && !sim_find(field.c_str(), nullptr)) result = INVALID_PTX;
  if (result != SUCCESS) {
    for (unsigned k = 0; k < num_options; k++) {
      // CU_JIT_ERROR_LOG_BUFFER
      if (options[k] == 5) std::strcpy(static_cast<char*>(values[k]), "stand-in: not compiled");
    }
    return result;
  }
  auto* module = new Module{field};
  d.modules.insert(module);
  d.counters.modules++;
  *handle = module;
  return SUCCESS;
}

API int cuModuleUnload(void* handle) {
  LOCK;
  auto* module = static_cast<Module*>(handle);
  if (!d.modules.erase(module)) return misuse(d, INVALID_HANDLE);
  d.counters.modules--;
  delete module;
  return d.sticky;
}

API int cuModuleGetFunction(void** function, void* handle, const char* name) {
  LOCK;
  READY;
  auto* module = static_cast<Module*>(handle);
  if (!d.modules.count(module)) return misuse(d, INVALID_HANDLE);
  const sim_kernel* kernel = sim_find(module->field.c_str(), name);
  if (!kernel) return NOT_FOUND;
  d.functions.insert(kernel);
  *function = const_cast<sim_kernel*>(kernel);
  return SUCCESS;
}

// Parameters come in one buffer with its size (`extra`), so that the size can be checked.
API int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                       void* stream, void** params, void** extra) {
  LOCK;
  READY;
  auto* kernel = static_cast<const sim_kernel*>(function);
  if (!d.functions.count(kernel)) return misuse(d, INVALID_HANDLE);
  bool shape = grid_x > 0 && grid_y > 0 && grid_y <= 65535 && grid_z == 1 &&
               block_x == kernel->block_threads && block_y == 1 && block_z == 1 && shared_bytes == 0;
  const void* buffer = nullptr;
  size_t bytes = 0;
  for (int k = 0; extra && extra[k]; k += 2) {
    if (extra[k] == reinterpret_cast<void*>(1)) buffer = extra[k + 1];
    if (extra[k] == reinterpret_cast<void*>(2)) bytes = *static_cast<size_t*>(extra[k + 1]);
  }
  if (!shape || params || !buffer || bytes != kernel->params_bytes) return misuse(d, INVALID_VALUE);
  d.counters.launches++;
  bool fails = due(d, d.config.fail_launch_at);
  std::vector<uint64_t> copy((bytes + 7) / 8);
  std::memcpy(copy.data(), buffer, bytes);
  return enqueue(d, stream, [kernel, copy, grid_x, grid_y, fails] {
    if (fails) return LAUNCH_FAILED;
    return sim_run(*kernel, copy.data(), grid_x, grid_y) ? SUCCESS : LAUNCH_FAILED;
  });
}

API int cuGetErrorName(int error, const char** name) {
  switch (error) {
    case OUT_OF_MEMORY:
      *name = "CUDA_ERROR_OUT_OF_MEMORY";
      return SUCCESS;
    case LAUNCH_FAILED:
      *name = "CUDA_ERROR_LAUNCH_FAILED";
      return SUCCESS;
    default:
      *name = "CUDA_ERROR";
      return SUCCESS;
  }
}

API int cuGetErrorString(int, const char** text) {
  *text = "said by the stand-in";
  return SUCCESS;
}
