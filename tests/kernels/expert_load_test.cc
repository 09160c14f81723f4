#include "kernels/expert_load.h"

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "program/random_program.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One sparse layer of four experts; each has two matrices, of 6 x 10 and
// 10 x 6.
Program SparseProgram() {
  return RandomProgram({.width = 6, .experts = 4, .expert_width = 10});
}

TEST(ExpertLoadTest, AnExpertWithTokensReadsItsWeightsOnce) {
  const Program program = SparseProgram();
  const ExpertLoadCounter counter(program, /*tile_rows=*/4);
  const std::vector<int32_t> first = {0, 5, 5, 6, 14};
  ExpertLoad load;
  counter.AddRun([&](ValueId) { return first.data(); }, &load);
  EXPECT_THAT(load.tokens, ElementsAre(ElementsAre(5, 0, 1, 8)));
  EXPECT_EQ(load.weight_loads, 3);
  EXPECT_EQ(load.weight_bytes, 3 * 120);
  EXPECT_EQ(load.weight_misses, 0);
  EXPECT_EQ(load.rows, 14);
  EXPECT_EQ(load.rows_in_tiles, 8 + 4 + 8);
  EXPECT_EQ(load.layers, 1);
  EXPECT_EQ(load.imbalance_sum, 1000);
}

TEST(ExpertLoadTest, AddsRunsUp) {
  const Program program = SparseProgram();
  const ExpertLoadCounter counter(program, /*tile_rows=*/1);
  const std::vector<int32_t> first = {0, 0, 0, 3, 3};
  ExpertLoad load;
  for (int i = 0; i < 2; ++i) {
    counter.AddRun([&](ValueId) { return first.data(); }, &load);
  }
  EXPECT_THAT(load.tokens, ElementsAre(ElementsAre(0, 0, 6, 0)));
  EXPECT_EQ(load.weight_loads, 2);
  EXPECT_EQ(load.rows, 6);
  EXPECT_EQ(load.rows_in_tiles, 6);
  EXPECT_EQ(load.layers, 2);
}

TEST(ExpertLoadTest, AProgramWithoutExpertsLeavesItEmpty) {
  const Program program = RandomProgram({.experts = 0});
  ExpertLoad load;
  ExpertLoadCounter(program, 1)
      .AddRun([](ValueId) -> const int32_t* { return nullptr; }, &load);
  EXPECT_THAT(load.tokens, IsEmpty());
  EXPECT_EQ(load.layers, 0);
}

TEST(ExpertLoadTest, ImagesBeyondTheLargestBatchReadTheWeightsAgain) {
  // Every token goes to all experts.
  const Program program = RandomProgram({.experts = 3, .top_k = 3});
  const auto executor =
      NewCpuExecutor(&program, {.threads = 1, .max_batch = 2});
  std::vector<int32_t> logits(int64_t{5} * program.classes);
  ExpertLoad load;
  ASSERT_TRUE(
      executor
          ->Run(5, RandomPixels(program, 5, 1), absl::MakeSpan(logits), &load)
          .ok());
  EXPECT_EQ(load.weight_loads, 3 * 3);
  EXPECT_EQ(load.layers, 3);
  EXPECT_EQ(load.rows, load.rows_in_tiles);
}

}  // namespace
}  // namespace moevit
