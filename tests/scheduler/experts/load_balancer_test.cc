#include "scheduler/experts/load_balancer.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(LoadBalancerTest, DividesOverTheCopies) {
  LoadBalancer balancer({1, 1, 1});
  balancer.Balance({90}, {{0, 1, 2}});
  EXPECT_THAT(balancer.times(), ElementsAre(30, 30, 30));
  EXPECT_DOUBLE_EQ(balancer.Imbalance(), 1);
}

TEST(LoadBalancerTest, FillsWhatFixedLoadsLeave) {
  LoadBalancer balancer({1, 1});
  balancer.Balance({30, 50}, {{0}, {0, 1}});
  EXPECT_THAT(balancer.times(), ElementsAre(40, 40));
  EXPECT_THAT(balancer.shares(1), ElementsAre(0.2, 0.8));
}

TEST(LoadBalancerTest, FasterDevicesTakeMore) {
  LoadBalancer balancer({3, 1});
  balancer.Balance({80}, {{0, 1}});
  EXPECT_THAT(balancer.shares(0), ElementsAre(0.75, 0.25));
  EXPECT_DOUBLE_EQ(balancer.Imbalance(), 1);
}

TEST(LoadBalancerTest, PassesLoadAlongAChainOfCopies) {
  LoadBalancer balancer({1, 1, 1});
  balancer.Balance({80, 10, 60, 0}, {{0, 1}, {0}, {1, 2}, {2}});
  for (double time : balancer.times()) EXPECT_NEAR(time, 50, 0.1);
}

TEST(LoadBalancerTest, LeavesOutLostDevicesAndUnplacedExperts) {
  LoadBalancer balancer({1, 0, 1});
  balancer.Balance({10, 1000, 10}, {{0}, {}, {2}});
  EXPECT_THAT(balancer.times(), ElementsAre(10, 0, 10));
  EXPECT_DOUBLE_EQ(balancer.Imbalance(), 1);
}

TEST(LoadBalancerTest, NoLoadIsInBalance) {
  LoadBalancer balancer({1, 1});
  balancer.Balance({0, 0}, {{0, 1}, {1}});
  EXPECT_DOUBLE_EQ(balancer.Imbalance(), 1);
  EXPECT_DOUBLE_EQ(balancer.Cost(), 0);
  EXPECT_THAT(balancer.shares(0), ElementsAre(1, 0));
}

TEST(LoadBalancerTest, LosesNothingAndNoMoveBetweenTwoDevicesHelps) {
  std::mt19937 random(1);
  for (int run = 0; run < 100; ++run) {
    const int devices = 1 + static_cast<int>(random() % 7);
    const int experts = 1 + static_cast<int>(random() % 20);
    LoadBalancer balancer(std::vector<double>(devices, 1));
    std::vector<double> loads(experts);
    std::vector<std::vector<int>> replicas(experts);
    for (int e = 0; e < experts; ++e) {
      loads[e] = static_cast<double>(random() % 1000);
      for (int d = 0; d < devices; ++d) {
        if (random() % 3 == 0) replicas[e].push_back(d);
      }
      if (replicas[e].empty()) replicas[e].push_back(0);
    }
    balancer.Balance(loads, replicas);
    const double total = std::accumulate(loads.begin(), loads.end(), 0.0);
    EXPECT_NEAR(
        std::accumulate(balancer.times().begin(), balancer.times().end(), 0.0),
        total, 1e-6 * (total + 1));
    for (int e = 0; e < experts; ++e) {
      const auto shares = balancer.shares(e);
      EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
      double highest_used = 0;
      double lowest = 1e9;
      for (size_t i = 0; i < replicas[e].size(); ++i) {
        const double time = balancer.times()[replicas[e][i]];
        if (shares[i] * loads[e] > 1e-6) {
          highest_used = std::max(highest_used, time);
        }
        lowest = std::min(lowest, time);
      }
      // A share on a device busier than another copy's would go there.
      EXPECT_LE(highest_used, lowest + 0.01 * total / devices + 1);
    }
  }
}

}  // namespace
}  // namespace moevit
