#include "tests/base/allocation_counter.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "absl/base/attributes.h"

namespace {

std::atomic<int64_t> allocations = 0;

}  // namespace

// Not inlined: compilers would take what they see for a mismatch of new and
// free.
ABSL_ATTRIBUTE_NOINLINE void* operator new(size_t bytes,
                                           const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

ABSL_ATTRIBUTE_NOINLINE void* operator new(size_t bytes) {
  void* const memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

ABSL_ATTRIBUTE_NOINLINE void operator delete(void* memory) noexcept {
  std::free(memory);
}

ABSL_ATTRIBUTE_NOINLINE void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace moevit {

int64_t AllocationsSoFar() {
  return allocations.load(std::memory_order_relaxed);
}

}  // namespace moevit
