#include "scheduler/batch_planner.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "scheduler/simulation/simulation.h"

namespace moevit {
namespace {

constexpr int kImages = 8000;
constexpr int kMaxBatch = 16;

absl::Duration P99(BatchingMethod method, absl::Duration delay,
                   const SimulatedDevice& device, double load) {
  SimulationOptions options;
  options.devices = {device};
  options.batching.max_batch_size = kMaxBatch;
  options.batching.max_queue_delay = delay;
  options.batching.method = method;
  options.images = kImages;
  const auto arrivals =
      NewPoissonArrivals(load * options.Capacity(), /*seed=*/1);
  const auto report = Simulate(options, *arrivals);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? report->latency.p99 : absl::InfiniteDuration();
}

absl::Duration CostModelP99(const SimulatedDevice& device, double load) {
  return P99(BatchingMethod::kCostModel, absl::Milliseconds(2), device, load);
}

// The p99 of the fixed delay that has the shortest.
absl::Duration BestFixedDelayP99(const SimulatedDevice& device, double load) {
  absl::Duration best = absl::InfiniteDuration();
  for (const double part : {0., 0.05, 0.3}) {
    const absl::Duration delay =
        part * (device.launch + kMaxBatch * device.image);
    best =
        std::min(best, P99(BatchingMethod::kFixedDelay, delay, device, load));
  }
  return best;
}

class LoadTest : public ::testing::TestWithParam<double> {};

// A processor: batches save nothing.
TEST_P(LoadTest, BeatsEveryFixedDelayWhereBatchesSaveNothing) {
  SimulatedDevice linear;
  linear.image = absl::Milliseconds(1);
  EXPECT_LT(CostModelP99(linear, GetParam()),
            0.99 * BestFixedDelayP99(linear, GetParam()));
}

// A card that has to be launched: batches save most of the time.
TEST_P(LoadTest, IsAsGoodAsTheBestFixedDelayWhereBatchesSaveMuch) {
  SimulatedDevice launched;
  launched.launch = absl::Milliseconds(5);
  launched.image = absl::Milliseconds(1);
  EXPECT_LT(CostModelP99(launched, GetParam()),
            1.02 * BestFixedDelayP99(launched, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Loads, LoadTest, ::testing::Values(0.3, 0.85));

TEST(BatchPlannerTest, StartsWithTheLargestBatchesAndNoDelay) {
  const BatchPlanner planner(7, absl::Milliseconds(1));
  EXPECT_EQ(planner.rule().images, 7);
  EXPECT_EQ(planner.rule().delay, absl::ZeroDuration());
}

TEST(BatchPlannerTest, LearnsSmallBatchesOnlyWhileTheyKeepUp) {
  CostModel cost;
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
  CostModel cost;
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
  CostModel cost;
  cost.Observe(1, absl::ZeroDuration());
  BatchPlanner planner(4, absl::Milliseconds(1));
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(absl::UnixEpoch(), cost, /*lanes=*/1);
  }
  EXPECT_EQ(planner.rule().images, 4);
}

}  // namespace
}  // namespace moevit
