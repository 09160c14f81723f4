#include "scheduler/shadow_queue.h"

#include <vector>

#include "gtest/gtest.h"
#include "scheduler/latency_tail.h"

namespace moevit {
namespace {

constexpr int kMostInABatch = 4;
// Of the histogram of latencies.
constexpr double kPrecision = 1e-6;

// A second, and a tenth for each image.
BatchCosts Costs() {
  return {.by_size = {0, 1.1, 1.2, 1.3, 1.4}, .disturbances = {}};
}

BatchRule Rule(int images, absl::Duration delay) {
  return {.images = images, .delay = delay};
}

// The mean latency of all but the last, which only lets time pass.
double MeanLatency(const BatchRule& rule, const std::vector<double>& arrivals,
                   int lanes, const BatchCosts& costs = Costs()) {
  ShadowQueue queue(rule, kMostInABatch);
  LatencyTail tail;
  for (const double arrival : arrivals) {
    queue.Arrive(arrival, costs, lanes, tail);
  }
  queue.Arrive(1e6, costs, lanes, tail);
  EXPECT_EQ(tail.weight(), arrivals.size());
  return tail.Mean();
}

TEST(ShadowQueueTest, WithoutDelayWhatWaitsGoesWhenALaneIsFree) {
  // Alone until 1.1, then the two that waited until 2.3.
  EXPECT_NEAR(
      MeanLatency(Rule(4, absl::ZeroDuration()), {0, 0.3, 0.8}, /*lanes=*/1),
      (1.1 + 2.0 + 1.5) / 3, kPrecision);
}

TEST(ShadowQueueTest, ADelayLetsImagesGoTogether) {
  // At 1, all three, until 2.3.
  EXPECT_NEAR(
      MeanLatency(Rule(4, absl::Seconds(1)), {0, 0.3, 0.8}, /*lanes=*/1),
      (2.3 + 2.0 + 1.5) / 3, kPrecision);
}

TEST(ShadowQueueTest, AFullBatchDoesNotWait) {
  EXPECT_NEAR(MeanLatency(Rule(2, absl::Seconds(9)), {0, 0.5}, /*lanes=*/1),
              (1.7 + 1.2) / 2, kPrecision);
}

// Five that come at once are more than the largest batch.
TEST(ShadowQueueTest, ARuleThatCannotKeepUpMakesTheLargestBatches) {
  EXPECT_NEAR(MeanLatency(Rule(1, absl::ZeroDuration()), {0, 0, 0, 0, 0},
                          /*lanes=*/1),
              (4 * 1.4 + 2.5) / 5, kPrecision);
}

TEST(ShadowQueueTest, ARuleThatLosesNothingKeepsItsSize) {
  BatchRule rule = Rule(1, absl::ZeroDuration());
  rule.overload_images = 1;
  EXPECT_NEAR(MeanLatency(rule, {0, 0, 0, 0, 0}, /*lanes=*/1),
              1.1 * (1 + 2 + 3 + 4 + 5) / 5, kPrecision);
}

TEST(ShadowQueueTest, LanesWorkSideBySide) {
  EXPECT_NEAR(
      MeanLatency(Rule(4, absl::ZeroDuration()), {0, 0.3, 0.8}, /*lanes=*/3),
      1.1, kPrecision);
}

TEST(ShadowQueueTest, WhatCannotKeepUpTakesTheLargestBatches) {
  // One until 1.1; then five wait, of which four go, and one is left.
  EXPECT_NEAR(MeanLatency(Rule(1, absl::ZeroDuration()),
                          {0, 0.1, 0.1, 0.1, 0.1, 0.1}, /*lanes=*/1),
              (1.1 + 4 * 2.4 + 3.5) / 6, kPrecision);
}

TEST(ShadowQueueTest, ABacklogStaysWithinBounds) {
  ShadowQueue queue(Rule(4, absl::ZeroDuration()), kMostInABatch);
  LatencyTail tail;
  for (int i = 0; i < 10'000; ++i) {
    queue.Arrive(1e-6 * i, Costs(), /*lanes=*/1, tail);
  }
  EXPECT_GT(tail.weight(), 5'000);
}

TEST(ShadowQueueTest, TheSameImageIsDisturbedUnderEachRule) {
  BatchCosts costs = Costs();
  for (int i = 0; i < 100; ++i) {
    costs.disturbances.push_back(i % 10 == 3 ? 5 : 0);
  }
  std::vector<double> far_apart;
  far_apart.reserve(1000);
  for (int i = 0; i < 1000; ++i) far_apart.push_back(100.0 * i);
  const double plain = MeanLatency(Rule(4, absl::ZeroDuration()), far_apart,
                                   /*lanes=*/1, costs);
  const double delayed =
      MeanLatency(Rule(4, absl::Seconds(1)), far_apart, /*lanes=*/1, costs);
  EXPECT_NEAR(plain, 1.1 + 0.1 * 5, 0.1);
  EXPECT_NEAR(delayed, plain + 1, kPrecision);
}

TEST(ShadowQueueTest, NoDisturbanceEndsABatchBeforeItsStart) {
  BatchCosts costs = Costs();
  costs.disturbances = {-3};
  EXPECT_NEAR(
      MeanLatency(Rule(1, absl::ZeroDuration()), {0, 7}, /*lanes=*/1, costs), 0,
      kPrecision);
}

}  // namespace
}  // namespace moevit
