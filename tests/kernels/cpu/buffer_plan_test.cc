#include "kernels/cpu/buffer_plan.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/aligned_memory.h"
#include "tests/program/random_program.h"

namespace moevit::cpu {
namespace {

using ::testing::ElementsAre;

TEST(PlanBuffersTest, ValuesThatDoNotMeetShareAPlace) {
  const BufferPlan plan = PlanBuffers({{0, 1}, {1, 2}, {2, 3}}, {100, 64, 100});
  EXPECT_THAT(plan.offsets, ElementsAre(0, 128, 0));
  EXPECT_EQ(plan.bytes, 192);
}

TEST(PlanBuffersTest, FillsAGapThatIsLargeEnough) {
  // The middle one of three ends first.
  const BufferPlan plan =
      PlanBuffers({{0, 9}, {0, 1}, {0, 9}, {2, 9}}, {640, 320, 256, 320});
  EXPECT_EQ(plan.offsets[3], plan.offsets[1]);
}

TEST(PlanBuffersTest, NothingTakesNoMemory) {
  EXPECT_EQ(PlanBuffers({}, {}).bytes, 0);
}

TEST(PlanBuffersTest, NoTwoThatMeetOverlap) {
  std::mt19937 random(1);
  for (int run = 0; run < 100; ++run) {
    std::vector<Lifetime> lifetimes(1 + random() % 30);
    std::vector<int64_t> bytes;
    for (Lifetime& lifetime : lifetimes) {
      lifetime.first = static_cast<int>(random() % 20);
      lifetime.last = lifetime.first + static_cast<int>(random() % 6);
      bytes.push_back(static_cast<int64_t>(random() % 1000));
    }
    const BufferPlan plan = PlanBuffers(lifetimes, bytes);
    for (size_t a = 0; a < bytes.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % kAlignment, 0);
      EXPECT_LE(plan.offsets[a] + bytes[a], plan.bytes);
      for (size_t b = 0; b < a; ++b) {
        const bool meet = lifetimes[a].first <= lifetimes[b].last &&
                          lifetimes[b].first <= lifetimes[a].last;
        const bool overlap = plan.offsets[a] < plan.offsets[b] + bytes[b] &&
                             plan.offsets[b] < plan.offsets[a] + bytes[a];
        EXPECT_FALSE(meet && overlap) << a << " and " << b;
      }
    }
  }
}

TEST(ValueLifetimesTest, ReachFromTheWriterToTheLastReader) {
  const Program program = RandomProgram({.depth = 2});
  const std::vector<Lifetime> lifetimes = ValueLifetimes(program);
  // The dense block is ops 1 to 7. In the sparse one the attention's projection
  // is op 11, the gate op 13 and the experts' linears ops 14 and 15.
  const auto& combine = std::get<ExpertCombineOp>(program.ops[15].body);
  EXPECT_EQ(lifetimes[combine.routing].first, 13);
  EXPECT_EQ(lifetimes[combine.routing].last, 15);
  EXPECT_EQ(lifetimes[combine.input].first, 14);
  EXPECT_EQ(lifetimes[combine.input].last, 15);
  EXPECT_EQ(lifetimes[combine.residual].first, 11);
  EXPECT_EQ(lifetimes[combine.residual].last, 15);
}

}  // namespace
}  // namespace moevit::cpu
