// Once an executor has run, it takes no more memory: neither from the heap,
// which this file counts for the whole test program, nor from the system.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "program/random_program.h"

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
namespace {

// Pages of address space; 0 where the system does not tell.
int64_t AddressSpacePages() {
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

TEST(CpuExecutorAllocationTest, TakesNoMemoryOnceItHasRun) {
  const Program program = RandomProgram({.image_size = 40, .depth = 4});
  AddressSpacePages();  // the stream's own memory
  for (const int threads : {1, 3}) {
    const auto executor =
        NewCpuExecutor(&program, {.threads = threads, .max_batch = 8});
    for (const int images : {1, 8, 5}) {
      const std::vector<uint8_t> pixels = RandomPixels(program, images, 1);
      std::vector<int32_t> logits(int64_t{images} * program.classes);
      const auto run = [&] {
        return executor->Run(images, pixels, absl::MakeSpan(logits), nullptr);
      };
      ASSERT_TRUE(run().ok());
      const int64_t pages = AddressSpacePages();
      const int64_t before = allocations.load();
      const bool ok = run().ok();
      EXPECT_EQ(allocations.load() - before, 0)
          << threads << " threads, " << images << " images";
      EXPECT_LE(AddressSpacePages(), pages);
      EXPECT_TRUE(ok);
    }
  }
}

}  // namespace
}  // namespace moevit
