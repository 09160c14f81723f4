#include "scheduler/experts/expert_placement.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/experts/zipf.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kExpertBytes = 100;

// `layers` layers of `experts` experts whose popularity is Zipf(s), and
// devices with room for `copies` times the model together.
PlacementProblem ZipfProblem(int devices, int layers, int experts, double s,
                             double copies, std::mt19937& random) {
  PlacementProblem problem;
  for (int l = 0; l < layers; ++l) {
    problem.layers.push_back(
        {kExpertBytes, ZipfPopularity(experts, s, random)});
  }
  const auto memory =
      static_cast<int64_t>(copies * layers * experts * kExpertBytes / devices);
  problem.devices.assign(devices, {.memory_bytes = memory, .speed = 1});
  return problem;
}

double Worst(const PlacementPlan& plan) {
  return *std::max_element(plan.imbalance.begin(), plan.imbalance.end());
}

// That no device holds an expert twice or more than its memory, nor a lost one
// anything.
void ExpectValid(const PlacementProblem& problem, const PlacementPlan& plan) {
  std::vector<int64_t> used(problem.devices.size());
  int unplaced = 0;
  ASSERT_EQ(plan.placement.replicas.size(), problem.layers.size());
  for (size_t l = 0; l < problem.layers.size(); ++l) {
    ASSERT_EQ(plan.placement.replicas[l].size(),
              problem.layers[l].loads.size());
    for (const std::vector<int>& devices : plan.placement.replicas[l]) {
      EXPECT_TRUE(std::is_sorted(devices.begin(), devices.end()));
      EXPECT_EQ(std::adjacent_find(devices.begin(), devices.end()),
                devices.end());
      for (int d : devices) used[d] += problem.layers[l].expert_bytes;
      if (devices.empty()) ++unplaced;
    }
  }
  for (size_t d = 0; d < used.size(); ++d) {
    const PlacementDevice& device = problem.devices[d];
    EXPECT_LE(used[d], device.speed > 0 ? device.memory_bytes : 0)
        << "device " << d;
  }
  EXPECT_EQ(plan.unplaced, unplaced);
}

PlacementPlan PlanOf(const PlacementProblem& problem) {
  const auto plan = PlanPlacement(problem);
  EXPECT_TRUE(plan.ok()) << plan.status();
  ExpectValid(problem, *plan);
  return *plan;
}

PlacementPlan ReplanOf(const PlacementProblem& problem,
                       const PlacementPlan& previous) {
  const auto plan = ReplanPlacement(problem, previous.placement);
  EXPECT_TRUE(plan.ok()) << plan.status();
  ExpectValid(problem, *plan);
  return *plan;
}

TEST(PlanPlacementTest, AModelThatFitsIsEverywhere) {
  std::mt19937 random(1);
  const PlacementProblem problem = ZipfProblem(3, 2, 8, 1, 3, random);
  const PlacementPlan plan = PlanOf(problem);
  EXPECT_TRUE(plan.placement.everywhere);
  for (const auto& layer : plan.placement.replicas) {
    EXPECT_THAT(layer, Each(ElementsAre(0, 1, 2)));
  }
  EXPECT_THAT(plan.imbalance, Each(1));
}

TEST(PlanPlacementTest, HoldsAHotExpertSeveralTimes) {
  PlacementProblem problem;
  problem.layers = {{kExpertBytes, {90, 10, 10, 10}}};
  problem.devices.assign(2, {.memory_bytes = 3 * kExpertBytes, .speed = 1});
  const PlacementPlan plan = PlanOf(problem);
  EXPECT_FALSE(plan.placement.everywhere);
  EXPECT_THAT(plan.placement.replicas[0][0], ElementsAre(0, 1));
  EXPECT_LT(plan.imbalance[0], 1.05);
}

TEST(PlanPlacementTest, BalancesSkewedLoads) {
  for (int devices : {2, 4, 8}) {
    for (double s : {0.0, 0.5, 1.0, 1.5}) {
      for (int experts : {8, 16, 64}) {
        std::mt19937 random(static_cast<unsigned>(experts));
        // Half as much again as one copy of everything takes.
        const PlacementPlan plan = PlanOf(ZipfProblem(
            devices, 3, experts, s, devices == 8 ? 2 : 1.5, random));
        EXPECT_EQ(plan.unplaced, 0);
        EXPECT_LT(Worst(plan), 1.15)
            << devices << " devices, s " << s << ", " << experts << " experts";
      }
    }
  }
}

TEST(PlanPlacementTest, FasterDevicesGetMore) {
  PlacementProblem problem;
  problem.layers = {{kExpertBytes, std::vector<double>(12, 1)}};
  problem.devices = {{6 * kExpertBytes, 1}, {10 * kExpertBytes, 3}};
  const PlacementPlan plan = PlanOf(problem);
  EXPECT_LT(plan.imbalance[0], 1.05);
}

TEST(PlanPlacementTest, WithoutRoomTheHotOnesArePlacedAndTheColdAreNot) {
  PlacementProblem problem;
  problem.layers = {{kExpertBytes, {5, 1, 7, 2, 6, 0}}};
  problem.devices = {{kExpertBytes, 1}, {2 * kExpertBytes + 99, 1}};
  const PlacementPlan plan = PlanOf(problem);
  EXPECT_EQ(plan.unplaced, 3);
  for (int hot : {0, 2, 4}) {
    EXPECT_EQ(plan.placement.replicas[0][hot].size(), 1u);
  }
}

TEST(PlanPlacementTest, LessMemoryThanOneExpertPlacesNothing) {
  PlacementProblem problem;
  problem.layers = {{kExpertBytes, {1, 1}}, {kExpertBytes, {1, 1}}};
  problem.devices = {{0, 1}, {kExpertBytes - 1, 1}};
  const PlacementPlan plan = PlanOf(problem);
  EXPECT_EQ(plan.unplaced, 4);
  EXPECT_THAT(plan.imbalance, Each(1));
}

TEST(PlanPlacementTest, LayersOfDifferentSizesShareTheMemory) {
  PlacementProblem problem;
  problem.layers = {{10, std::vector<double>(8, 1)},
                    {300, std::vector<double>(4, 1)},
                    {40, std::vector<double>(16, 1)}};
  problem.devices.assign(4, {.memory_bytes = 640, .speed = 1});
  EXPECT_EQ(PlanOf(problem).unplaced, 0);
}

TEST(PlanPlacementTest, UnmeasuredLoadsCountAsEqual) {
  PlacementProblem problem;
  problem.layers = {{kExpertBytes, std::vector<double>(8, 0)}};
  problem.devices.assign(4, {.memory_bytes = 2 * kExpertBytes, .speed = 1});
  EXPECT_THAT(PlanOf(problem).imbalance, ElementsAre(1));
}

TEST(PlanPlacementTest, ADenseModelHasNothingToPlace) {
  PlacementProblem problem;
  problem.devices = {{100, 1}};
  EXPECT_THAT(PlanOf(problem).placement.replicas, IsEmpty());
}

TEST(PlanPlacementTest, RefusesNonsense) {
  std::mt19937 random(1);
  const PlacementProblem good = ZipfProblem(2, 2, 4, 1, 1.5, random);
  PlacementProblem bad = good;
  bad.layers[1].loads[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::StrContains(PlanPlacement(bad).status().message(),
                                "a load of layer 1 is nan"));
  bad = good;
  bad.devices[1].speed = -1;
  EXPECT_TRUE(absl::StrContains(PlanPlacement(bad).status().message(),
                                "speed of device 1 is -1"));
  bad = good;
  bad.layers[0].expert_bytes = 0;
  EXPECT_EQ(PlanPlacement(bad).status().code(),
            absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.devices = {{1000, 0}, {1000, 0}};
  const absl::Status lost = PlanPlacement(bad).status();
  EXPECT_EQ(lost.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(lost.message(), "none of 2 devices works"));
}

TEST(ReplanPlacementTest, WithoutDriftNothingMoves) {
  std::mt19937 random(2);
  const PlacementProblem problem = ZipfProblem(4, 3, 16, 1, 1.5, random);
  const PlacementPlan plan = PlanOf(problem);
  const PlacementPlan again = ReplanOf(problem, plan);
  EXPECT_EQ(again.moves, 0);
  EXPECT_EQ(again.placement.replicas, plan.placement.replicas);
}

TEST(ReplanPlacementTest, ALittleDriftMovesNothingOrLittle) {
  std::mt19937 random(3);
  PlacementProblem problem = ZipfProblem(4, 6, 16, 0.8, 1.5, random);
  const PlacementPlan plan = PlanOf(problem);
  for (PlacementLayer& layer : problem.layers) {
    std::swap(layer.loads[0], layer.loads[1]);
  }
  const PlacementPlan again = ReplanOf(problem, plan);
  EXPECT_LE(again.moves, 6 * 3);
  EXPECT_LT(Worst(again), 1.15);
}

TEST(ReplanPlacementTest, FollowsPopularityThatChangesCompletely) {
  for (int devices : {2, 4, 8}) {
    for (double s : {0.5, 1.0, 1.5}) {
      std::mt19937 random(4);
      PlacementProblem problem =
          ZipfProblem(devices, 3, 16, s, devices == 8 ? 2 : 1.5, random);
      const PlacementPlan plan = PlanOf(problem);
      for (PlacementLayer& layer : problem.layers) {
        std::shuffle(layer.loads.begin(), layer.loads.end(), random);
      }
      const PlacementPlan again = ReplanOf(problem, plan);
      EXPECT_LT(Worst(again), 1.15) << devices << " devices, s " << s;
      EXPECT_LT(again.moves, PlanOf(problem).moves);
    }
  }
}

TEST(ReplanPlacementTest, ALostDevicesExpertsGoToTheOthers) {
  std::mt19937 random(5);
  PlacementProblem problem = ZipfProblem(4, 2, 16, 1, 2, random);
  const PlacementPlan plan = PlanOf(problem);
  problem.devices[2].speed = 0;
  const PlacementPlan again = ReplanOf(problem, plan);
  EXPECT_EQ(again.unplaced, 0);
  EXPECT_LT(Worst(again), 1.15);
  for (const auto& layer : again.placement.replicas) {
    EXPECT_THAT(layer, Each(Not(::testing::Contains(2))));
  }
  // And one more, until the rest of the memory holds one copy only.
  problem.devices[0].speed = 0;
  EXPECT_EQ(ReplanOf(problem, again).unplaced, 0);
}

TEST(ReplanPlacementTest, ADeviceThatComesBackIsUsedAgain) {
  std::mt19937 random(6);
  PlacementProblem problem = ZipfProblem(3, 1, 9, 0.5, 1.5, random);
  problem.devices[1].speed = 0;
  const PlacementPlan without = PlanOf(problem);
  problem.devices[1].speed = 1;
  const PlacementPlan with = ReplanOf(problem, without);
  EXPECT_GT(with.moves, 0);
  EXPECT_LT(Worst(with), 1.15);
}

TEST(ReplanPlacementTest, LessMemoryThanBeforeKeepsOneCopyOfEach) {
  std::mt19937 random(7);
  PlacementProblem problem = ZipfProblem(2, 1, 8, 1.5, 1.75, random);
  const PlacementPlan plan = PlanOf(problem);
  for (PlacementDevice& device : problem.devices) {
    device.memory_bytes = 4 * kExpertBytes;
  }
  EXPECT_EQ(ReplanOf(problem, plan).unplaced, 0);
}

TEST(ReplanPlacementTest, RefusesAPlacementOfAnotherModel) {
  std::mt19937 random(8);
  const PlacementProblem problem = ZipfProblem(2, 2, 8, 1, 1.5, random);
  ExpertPlacement other = PlanOf(problem).placement;
  other.replicas[1].pop_back();
  EXPECT_EQ(ReplanPlacement(problem, other).status().code(),
            absl::StatusCode::kInvalidArgument);
  other = PlanOf(problem).placement;
  other.replicas[0][0] = {2};
  EXPECT_EQ(ReplanPlacement(problem, other).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
