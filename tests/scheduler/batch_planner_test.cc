#include "scheduler/batch_planner.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/scheduler/batching_simulation.h"

namespace moevit {
namespace {

constexpr int kImages = 8000;
constexpr int kMaxBatch = 16;

SimulationResult Simulate(BatchingMethod method, absl::Duration delay,
                          const SimulatedDevice& device, double load) {
  BatchingOptions options;
  options.max_batch_size = kMaxBatch;
  options.max_queue_delay = delay;
  options.method = method;
  return SimulateBatching(options, device, load, kImages);
}

SimulationResult CostModel(const SimulatedDevice& device, double load) {
  return Simulate(BatchingMethod::kCostModel, absl::Milliseconds(2), device,
                  load);
}

// The p99 of the fixed delay that has the shortest.
absl::Duration BestFixedDelayP99(const SimulatedDevice& device, double load) {
  absl::Duration best = absl::InfiniteDuration();
  for (const double part : {0., 0.05, 0.3}) {
    const absl::Duration delay = part * device.Cost(kMaxBatch);
    best = std::min(
        best, Simulate(BatchingMethod::kFixedDelay, delay, device, load).p99);
  }
  return best;
}

class LoadTest : public ::testing::TestWithParam<double> {};

// A processor: batches save nothing.
TEST_P(LoadTest, BeatsEveryFixedDelayWhereBatchesSaveNothing) {
  const SimulatedDevice linear = {.per_batch = absl::ZeroDuration(),
                                  .per_image = absl::Milliseconds(1)};
  EXPECT_LT(CostModel(linear, GetParam()).p99,
            0.99 * BestFixedDelayP99(linear, GetParam()));
}

// A card that has to be launched: batches save most of the time.
TEST_P(LoadTest, IsAsGoodAsTheBestFixedDelayWhereBatchesSaveMuch) {
  const SimulatedDevice launched = {.per_batch = absl::Milliseconds(5),
                                    .per_image = absl::Milliseconds(1)};
  EXPECT_LT(CostModel(launched, GetParam()).p99,
            1.02 * BestFixedDelayP99(launched, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Loads, LoadTest, ::testing::Values(0.3, 0.85));

TEST(BatchPlannerTest, StartsWithTheLargestBatchesAndNoDelay) {
  const BatchPlanner planner(7, absl::Milliseconds(1));
  EXPECT_EQ(planner.rule().images, 7);
  EXPECT_EQ(planner.rule().delay, absl::ZeroDuration());
}

TEST(BatchPlannerTest, LearnsSmallBatchesOnlyWhileTheyKeepUp) {
  class CostModel cost;
  for (int images = 1; images <= 8; ++images) {
    cost.Observe(images,
                 absl::Milliseconds(9) + images * absl::Milliseconds(1));
  }
  // 8 images in 17 ms, the device's utmost.
  BatchPlanner planner(8, absl::Milliseconds(1));
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(now, cost, /*lanes=*/1);
    now += absl::Microseconds(2200);
  }
  EXPECT_EQ(planner.rule().images, 8);
}

TEST(BatchPlannerTest, NeverDelaysLongerThanItMay) {
  class CostModel cost;
  cost.Observe(1, absl::Milliseconds(50));
  cost.Observe(8, absl::Milliseconds(51));
  BatchPlanner planner(8, absl::Milliseconds(3));
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(now, cost, /*lanes=*/2);
    EXPECT_LE(planner.rule().delay, absl::Milliseconds(3));
    now += absl::Milliseconds(i % 3);
  }
}

TEST(BatchPlannerTest, AClockThatStandsStillChangesNothing) {
  class CostModel cost;
  cost.Observe(1, absl::ZeroDuration());
  BatchPlanner planner(4, absl::Milliseconds(1));
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(absl::UnixEpoch(), cost, /*lanes=*/1);
  }
  EXPECT_EQ(planner.rule().images, 4);
}

}  // namespace
}  // namespace moevit
