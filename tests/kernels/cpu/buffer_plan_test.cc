#include "kernels/cpu/buffer_plan.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/aligned_memory.h"

namespace moevit::cpu {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;

auto Lives(int first, int last) {
  return AllOf(Field(&Lifetime::first, first), Field(&Lifetime::last, last));
}

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

TEST(ValueLifetimesTest, ReachFromTheFirstToTheLastUse) {
  const std::vector<StepUse> steps = {{Scope::kImages, 0, {0}},
                                      {Scope::kRows, 4, {0, 1}},
                                      {Scope::kRows, 4, {1, 2}},
                                      {Scope::kRows, 4, {2, 0}}};
  const std::vector<Lifetime> lifetimes =
      ValueLifetimes(/*values=*/4, steps, /*time_of=*/{0, 1, 2, 3});
  EXPECT_THAT(lifetimes,
              ElementsAre(Lives(0, 3), Lives(1, 2), Lives(2, 3), Lives(0, 0)));
}

TEST(ValueLifetimesTest, StepsOfOneTimeMeet) {
  const std::vector<StepUse> steps = {
      {Scope::kRows, 4, {0}}, {Scope::kRows, 4, {1}}, {Scope::kRows, 4, {2}}};
  EXPECT_THAT(ValueLifetimes(/*values=*/3, steps, /*time_of=*/{0, 5, 5}),
              ElementsAre(Lives(0, 0), Lives(5, 5), Lives(5, 5)));
}

}  // namespace
}  // namespace moevit::cpu
