#include "server/cpu_executors.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/thread_affinity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "program/random_program.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

int64_t ExpertBytes(const Program& program) {
  return NewCpuExpertDevice(&program, {}).value()->ExpertBytes(0);
}

class CpuExecutorsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Executor> New(const Program& program, int64_t memory) {
    auto made =
        NewCpuExecutorWithin(memory, &program, {.threads = 1, .max_batch = 4});
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }

  // The logits of so many batches of different images.
  static std::vector<int32_t> Classify(Executor& executor,
                                       const Program& program, int batches,
                                       ExpertLoad* load) {
    constexpr int kImages = 3;
    std::vector<int32_t> all;
    std::vector<int32_t> logits(int64_t{kImages} * program.classes);
    for (int batch = 0; batch < batches; ++batch) {
      EXPECT_TRUE(executor
                      .Run(kImages, RandomPixels(program, kImages, batch),
                           absl::MakeSpan(logits), load)
                      .ok());
      all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
  }

  // Sixteen experts in two layers.
  const Program program_ = RandomProgram({.depth = 4, .experts = 8});
};

TEST_F(CpuExecutorsTest, AThirdOfTheExpertsGivesTheSameBits) {
  ExpertLoad all, third;
  const auto unlimited = New(program_, 0);
  const auto limited = New(program_, 16 * ExpertBytes(program_) / 3);
  EXPECT_EQ(Classify(*limited, program_, 5, &third),
            Classify(*unlimited, program_, 5, &all));
  EXPECT_EQ(third.tokens, all.tokens);
  EXPECT_EQ(third.weight_loads, all.weight_loads);
  EXPECT_EQ(third.weight_bytes, all.weight_bytes);
  EXPECT_EQ(third.imbalance_sum, 1000 * third.layers);
  EXPECT_EQ(all.weight_misses, 0);
  // More than fit.
  EXPECT_GT(third.weight_misses, 5);
  // What stays from batch to batch.
  EXPECT_LT(third.weight_misses, third.weight_loads);
}

TEST_F(CpuExecutorsTest, RoomForAllLoadsEachExpertOnce) {
  const auto executor = New(program_, 16 * ExpertBytes(program_));
  ExpertLoad load;
  Classify(*executor, program_, 9, &load);
  EXPECT_LE(load.weight_misses, 16);
  const int64_t misses = load.weight_misses;
  Classify(*executor, program_, 9, &load);
  EXPECT_EQ(load.weight_misses, misses);
}

TEST_F(CpuExecutorsTest, RoomForOneExpertIsEnough) {
  ExpertLoad load;
  const auto executor = New(program_, ExpertBytes(program_));
  EXPECT_EQ(Classify(*executor, program_, 2, &load),
            Classify(*New(program_, 0), program_, 2, nullptr));
  EXPECT_GT(load.weight_misses, 0);
}

TEST_F(CpuExecutorsTest, LessThanOneExpertIsRefusedWithBothSizes) {
  const int64_t expert = ExpertBytes(program_);
  for (const int64_t memory : {int64_t{1}, expert - 1}) {
    const absl::Status status =
        NewCpuExecutorWithin(memory, &program_, {.threads = 1}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(),
                HasSubstr(absl::StrCat("expert_memory is ", memory, " ")));
    EXPECT_THAT(status.message(), HasSubstr(absl::StrCat(expert)));
  }
}

TEST_F(CpuExecutorsTest, TheLargestMemoryIsAllowed) {
  EXPECT_EQ(New(program_, std::numeric_limits<int64_t>::max())->name(),
            "expert_parallel");
}

TEST_F(CpuExecutorsTest, AProgramWithoutExpertsNeedsNoMemoryForThem) {
  const Program dense = RandomProgram({.experts = 0});
  ExpertLoad load;
  const auto executor = New(dense, 1);
  EXPECT_EQ(Classify(*executor, dense, 1, &load),
            Classify(*New(dense, 0), dense, 1, nullptr));
  EXPECT_EQ(load.layers, 0);
}

// The processors of the thread that runs a batch.
std::vector<int> ProcessorsOfRun(Executor& executor, const Program& program) {
  std::vector<int> processors;
  std::vector<int32_t> logits(program.classes);
  EXPECT_TRUE(executor
                  .RunCancellable(1, RandomPixels(program, 1, 1),
                                  absl::MakeSpan(logits), nullptr,
                                  [&processors] {
                                    processors = AllowedProcessors();
                                    return false;
                                  })
                  .ok());
  return processors;
}

TEST_F(CpuExecutorsTest, TakeTurnsOnMemoryNodes) {
  const std::vector<int> all = AllowedProcessors();
  ASSERT_FALSE(all.empty());
  const std::vector<std::vector<int>> nodes = {{all.front()}, {all.back()}};
  for (const int64_t memory : {int64_t{0}, 2 * ExpertBytes(program_)}) {
    CpuExecutors executors({.threads = 3, .max_batch = 4}, memory, nodes);
    for (int made = 0; made < 3; ++made) {
      const auto executor = executors.New(&program_).value();
      EXPECT_EQ(ProcessorsOfRun(*executor, program_), nodes[made % 2]);
      EXPECT_EQ(AllowedProcessors(), all);
      EXPECT_EQ(Classify(*executor, program_, 1, nullptr),
                Classify(*New(program_, 0), program_, 1, nullptr));
    }
  }
}

TEST_F(CpuExecutorsTest, RunAnywhereWithoutMemoryNodes) {
  CpuExecutors executors({.threads = 1, .max_batch = 4}, 0, {});
  EXPECT_EQ(ProcessorsOfRun(*executors.New(&program_).value(), program_),
            AllowedProcessors());
}

}  // namespace
}  // namespace moevit
