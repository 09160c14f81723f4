#include "scheduler/fair_share.h"

#include <vector>

#include "gtest/gtest.h"

namespace moevit {
namespace {

// Serves whoever is first, `turns` times; returns the device time of each.
std::vector<absl::Duration> Serve(FairShare& shares,
                                  const std::vector<absl::Duration>& costs,
                                  int turns) {
  std::vector<absl::Duration> served(costs.size());
  for (int turn = 0; turn < turns; ++turn) {
    int first = 0;
    for (int i = 1; i < static_cast<int>(costs.size()); ++i) {
      if (shares.Before(i, first)) first = i;
    }
    shares.Serve(first, costs[first]);
    served[first] += costs[first];
  }
  return served;
}

TEST(FairShareTest, DividesTimeAndNotBatches) {
  FairShare shares;
  shares.Add(/*weight=*/1);
  shares.Add(/*weight=*/1);
  const auto served =
      Serve(shares, {absl::Milliseconds(1), absl::Milliseconds(10)}, 1100);
  EXPECT_NEAR(absl::FDivDuration(served[0], served[1]), 1, 0.05);
}

TEST(FairShareTest, FollowsWeights) {
  FairShare shares;
  shares.Add(/*weight=*/3);
  shares.Add(/*weight=*/1);
  const auto served =
      Serve(shares, {absl::Milliseconds(2), absl::Milliseconds(3)}, 1000);
  EXPECT_NEAR(absl::FDivDuration(served[0], served[1]), 3, 0.1);
}

TEST(FairShareTest, TimeCannotBeSavedUp) {
  FairShare shares;
  shares.Add(/*weight=*/1);
  shares.Add(/*weight=*/1);
  for (int i = 0; i < 1000; ++i) shares.Serve(0, absl::Milliseconds(1));
  shares.Activate(1);
  const auto served =
      Serve(shares, {absl::Milliseconds(1), absl::Milliseconds(1)}, 100);
  EXPECT_NEAR(absl::FDivDuration(served[0], served[1]), 1, 0.1);
}

TEST(FairShareTest, WhatABatchReallyTookIsCharged) {
  FairShare shares;
  shares.Add(/*weight=*/1);
  shares.Add(/*weight=*/1);
  shares.Serve(0, absl::Milliseconds(1));
  shares.Serve(1, absl::Milliseconds(2));
  EXPECT_TRUE(shares.Before(0, 1));
  shares.Charge(0, absl::Milliseconds(9));
  EXPECT_TRUE(shares.Before(1, 0));
}

}  // namespace
}  // namespace moevit
