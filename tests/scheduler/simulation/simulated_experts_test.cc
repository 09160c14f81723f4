// Experts in simulations: the real planner, caches and placement.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/simulation/simulation.h"

namespace moevit {
namespace {

constexpr int64_t kExpertBytes = 1000;
constexpr int kLayers = 3;
constexpr int kExperts = 16;

// `copies` of the model fit all devices together.
SimulationOptions Devices(int count, double copies) {
  SimulationOptions options;
  for (int i = 0; i < count; ++i) {
    SimulatedDevice device;
    device.name = std::to_string(i);
    device.launch = absl::Milliseconds(1);
    device.image = absl::Microseconds(100);
    device.experts = {.load = absl::Microseconds(50),
                      .launch = absl::Microseconds(5),
                      .row = absl::Nanoseconds(100),
                      .memory_bytes = static_cast<int64_t>(
                          copies * kLayers * kExperts * kExpertBytes / count)};
    options.devices.push_back(device);
  }
  options.experts.routing = {
      .layers = kLayers, .experts = kExperts, .top_k = 2, .tokens = 197};
  options.experts.expert_bytes = kExpertBytes;
  options.experts.runner.batches_per_replan = 16;
  options.batching.max_batch_size = 32;
  options.batching.max_queue_delay = absl::Seconds(1);
  options.batching.method = BatchingMethod::kFixedDelay;
  options.images = 3200;
  return options;
}

SimulationReport RunPoisson(const SimulationOptions& options,
                            double load = 0.8) {
  const auto arrivals = NewPoissonArrivals(load * options.Capacity(), 7);
  absl::StatusOr<SimulationReport> report = Simulate(options, *arrivals);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *std::move(report) : SimulationReport();
}

TEST(SimulatedExpertsTest, WeightsThatFitAreLoadedOnce) {
  const SimulationReport report = RunPoisson(Devices(1, 1));
  EXPECT_EQ(report.experts.weights.misses, kLayers * kExperts);
  EXPECT_EQ(report.experts.weights.bytes_loaded,
            kLayers * kExperts * kExpertBytes);
}

TEST(SimulatedExpertsTest, LargerBatchesMoveFewerWeights) {
  SimulationOptions options = Devices(1, 1.0 / kLayers / kExperts);
  const double together = RunPoisson(options).WeightBytesPerImage();
  options.batching.max_batch_size = 1;
  const double one_by_one = RunPoisson(options).WeightBytesPerImage();
  // All 16 experts have work in either case; each is loaded once per batch.
  EXPECT_NEAR(together, kLayers * kExperts * kExpertBytes / 32.0, 100);
  EXPECT_GT(one_by_one / together, 25);
}

TEST(SimulatedExpertsTest, LoadsTakeTimeThatComputingHidesInPart) {
  const SimulationReport all_there = RunPoisson(Devices(1, 1), 0.2);
  const SimulationReport one_there = RunPoisson(Devices(1, 2.0 / 48), 0.2);
  const absl::Duration hidden = kLayers * kExperts * absl::Microseconds(50);
  EXPECT_GT(one_there.latency.p50, all_there.latency.p50);
  EXPECT_LT(one_there.latency.p50, all_there.latency.p50 + hidden);
}

class ShardedTest : public ::testing::TestWithParam<int> {};

TEST_P(ShardedTest, PopularExpertsAreBalancedAfterPlanningAgain) {
  const int devices = GetParam();
  SimulationOptions options = Devices(devices, 1 + 1.0 * devices / kExperts);
  options.sharded = true;
  options.experts.routing.zipf = 1;
  const SimulationReport report = RunPoisson(options);
  EXPECT_EQ(report.images.in_time, 3200);
  EXPECT_GE(report.experts.replans, 1);
  EXPECT_GT(report.FirstExpertImbalance(), report.ExpertImbalance());
  EXPECT_LT(report.ExpertImbalance(), 1.15);
}

INSTANTIATE_TEST_SUITE_P(Devices, ShardedTest, ::testing::Values(2, 4, 8));

TEST(SimulatedExpertsTest, TheExpertsOfALostDeviceMove) {
  SimulationOptions options = Devices(4, 1.5);
  options.sharded = true;
  const SimulationReport whole = RunPoisson(options);
  options.devices[2].fails_at = whole.time / 2;
  const SimulationReport report = RunPoisson(options);
  EXPECT_EQ(report.images.in_time, 3200);
  EXPECT_EQ(report.images.failed, 0);
  EXPECT_GT(report.experts.parts_rerun, 0);
  EXPECT_GT(report.experts.replica_moves, 0);
  EXPECT_GT(report.experts.weights.bytes_loaded,
            whole.experts.weights.bytes_loaded);
}

TEST(SimulatedExpertsTest, ShardedDevicesHaveOneLaneAndDoNotComeBack) {
  SimulationOptions options = Devices(2, 1);
  options.sharded = true;
  options.devices[1].lanes = 2;
  EXPECT_FALSE(options.Validate().ok());
  options.devices[1].lanes = 1;
  options.devices[1].fails_at = absl::Seconds(1);
  EXPECT_TRUE(options.Validate().ok());
  options.devices[1].back_at = absl::Seconds(2);
  EXPECT_FALSE(options.Validate().ok());
}

}  // namespace
}  // namespace moevit
