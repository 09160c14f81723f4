// Once an executor has run, it takes no more memory: neither from the heap nor
// from the system.

#include <cstdint>
#include <fstream>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "program/random_program.h"
#include "tests/base/allocation_counter.h"

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
      const int64_t before = AllocationsSoFar();
      const bool ok = run().ok();
      EXPECT_EQ(AllocationsSoFar() - before, 0)
          << threads << " threads, " << images << " images";
      EXPECT_LE(AddressSpacePages(), pages);
      EXPECT_TRUE(ok);
    }
  }
}

}  // namespace
}  // namespace moevit
