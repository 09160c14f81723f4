#include "scheduler/experts/expert_plan.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scheduler/experts/expert_groups.h"
#include "tests/base/allocation_counter.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int> ExpertsOf(absl::Span<const ExpertPart> parts) {
  std::vector<int> experts;
  for (const ExpertPart& part : parts) experts.push_back(part.expert);
  return experts;
}

TEST(OrderPartsTest, ResidentFirstThenSerpentine) {
  const std::vector<uint8_t> resident = {0, 1, 0, 1, 0};
  std::vector<ExpertPart> parts = {
      {0, 0, 5}, {1, 5, 1}, {2, 6, 1}, {3, 7, 9}, {4, 16, 2}};
  OrderParts(resident, /*reverse=*/false, absl::MakeSpan(parts));
  EXPECT_THAT(ExpertsOf(parts), ElementsAre(1, 3, 0, 2, 4));
  OrderParts(resident, /*reverse=*/true, absl::MakeSpan(parts));
  EXPECT_THAT(ExpertsOf(parts), ElementsAre(3, 1, 4, 2, 0));
}

TEST(ExpertPlannerTest, EmptyGroupsTakePartNowhere) {
  ExpertPlanner planner({1, 1}, {});
  planner.Plan({0, 0, 70, 70}, {{0}, {1}, {0, 1}});
  EXPECT_THAT(planner.parts(0), IsEmpty());
  ASSERT_EQ(planner.parts(1).size(), 1u);
  EXPECT_EQ(planner.parts(1)[0].rows, 70);
  EXPECT_THAT(planner.unplaced(), IsEmpty());
}

TEST(ExpertPlannerTest, OneExpertWithAllTokensIsDividedOverItsCopies) {
  ExpertPlanner planner({1, 1, 2}, {});
  planner.Plan({0, 0, 400}, {{0}, {0, 1, 2}});
  EXPECT_EQ(planner.parts(0)[0].rows, 100);
  EXPECT_EQ(planner.parts(1)[0].rows, 100);
  EXPECT_EQ(planner.parts(2)[0].rows, 200);
  EXPECT_DOUBLE_EQ(planner.Imbalance(), 1);
}

TEST(ExpertPlannerTest, CutsNothingSmallerThanATile) {
  ExpertPlanner planner({1, 1}, {.min_rows = 16});
  planner.Plan({0, 31}, {{0, 1}});
  EXPECT_EQ(planner.parts(0).size() + planner.parts(1).size(), 1u);
  planner.Plan({0, 32}, {{0, 1}});
  EXPECT_EQ(planner.parts(0)[0].rows, 16);
  EXPECT_EQ(planner.parts(1)[0].rows, 16);
}

TEST(ExpertPlannerTest, OneTokenOfOneImage) {
  ExpertPlanner planner({1, 1, 1}, {});
  planner.Plan({0, 0, 1, 1}, {{0}, {1, 2}, {2}});
  EXPECT_EQ(planner.parts(1).size() + planner.parts(2).size(), 1u);
}

TEST(ExpertPlannerTest, WithoutDevicesEverythingIsUnplaced) {
  ExpertPlanner planner({}, {});
  planner.Plan({0, 3, 5}, {{}, {}});
  EXPECT_THAT(ExpertsOf(planner.unplaced()), ElementsAre(0, 1));
  EXPECT_DOUBLE_EQ(planner.Imbalance(), 1);
}

TEST(ExpertPlannerTest, ColdPartsGoHomeWhileTheDeviceWorks) {
  ExpertPlanner planner({1}, {});
  planner.Plan({0, 1000, 1004, 1010}, {{0}, {0}, {0}});
  // Loading takes as long as ten rows at home; expert 2 is there already.
  const std::vector<ExpertCosts> costs = {
      {.load = 100, .launch = 5, .per_row = 1}};
  const ExpertCosts home = {.per_row = 10};
  planner.MoveColdPartsHome(costs, home, {{0, 0, 1}});
  EXPECT_THAT(ExpertsOf(planner.unplaced()), ElementsAre(1));
  EXPECT_THAT(ExpertsOf(planner.parts(0)), ElementsAre(2, 0));
}

TEST(ExpertPlannerTest, TheProcessorTakesNoMoreThanItCanFinishInTime) {
  ExpertPlanner planner({1}, {});
  planner.Plan({0, 10, 20, 30, 40}, {{0}, {0}, {0}, {0}});
  const std::vector<ExpertCosts> costs = {{.load = 11, .per_row = 1}};
  const ExpertCosts home = {.per_row = 2};
  planner.MoveColdPartsHome(costs, home, {{0, 0, 0, 0}});
  // 20 units each at home against 21 on the device: half of them, not all.
  EXPECT_EQ(planner.unplaced().size(), 2u);
  EXPECT_EQ(planner.parts(0).size(), 2u);
}

TEST(ExpertPlannerTest, ADeviceThatIsAlwaysFasterKeepsEverything) {
  ExpertPlanner planner({1}, {});
  planner.Plan({0, 1, 500}, {{0}, {0}});
  planner.MoveColdPartsHome(std::vector<ExpertCosts>{{.per_row = 1}},
                            {.per_row = 1}, {{0, 0}});
  EXPECT_THAT(planner.unplaced(), IsEmpty());
}

TEST(ExpertPlannerTest, OneColdPartMayGoHomeWhateverItCosts) {
  ExpertPlanner planner({1, 1}, {});
  planner.Plan({0, 40, 43, 50}, {{0}, {1}, {1}});
  planner.MoveColdestPartHome();
  EXPECT_THAT(ExpertsOf(planner.unplaced()), ElementsAre(1));
  EXPECT_THAT(ExpertsOf(planner.parts(0)), ElementsAre(0));
  EXPECT_THAT(ExpertsOf(planner.parts(1)), ElementsAre(2));
  planner.Plan({0, 0, 0}, {{0}, {1}});
  planner.MoveColdestPartHome();
  EXPECT_THAT(planner.unplaced(), IsEmpty());
}

constexpr int kMostExperts = 20;

// A batch's routing and copies of its experts, at random.
struct Layer {
  Layer(std::mt19937& random, int devices) {
    const int experts = 1 + static_cast<int>(random() % kMostExperts);
    top_k = 1 + static_cast<int>(random() % experts);
    const int tokens = static_cast<int>(random() % 200);
    for (int t = 0; t < tokens; ++t) {
      std::vector<uint16_t> all(experts);
      for (int e = 0; e < experts; ++e) all[e] = static_cast<uint16_t>(e);
      std::shuffle(all.begin(), all.end(), random);
      chosen.insert(chosen.end(), all.begin(), all.begin() + top_k);
    }
    first.resize(experts + 1);
    order.resize(chosen.size());
    rows_of.resize(chosen.size());
    GroupByExpert(chosen, absl::MakeSpan(first), absl::MakeSpan(order));
    TokensOf(order, top_k, absl::MakeSpan(rows_of));
    replicas.resize(experts);
    for (std::vector<int>& list : replicas) {
      for (int d = 0; d < devices; ++d) {
        if (random() % 2 == 0) list.push_back(d);
      }
    }
  }

  int top_k = 1;
  std::vector<uint16_t> chosen;  // by assignment
  std::vector<int32_t> first;
  std::vector<int32_t> order;
  std::vector<int32_t> rows_of;
  std::vector<std::vector<int>> replicas;
};

class EveryAssignmentOnceTest : public ::testing::Test {
 protected:
  void Cover(const Layer& layer, absl::Span<const ExpertPart> parts,
             int device) {
    for (const ExpertPart& part : parts) {
      EXPECT_GT(part.rows, 0);
      if (device >= 0) {
        EXPECT_THAT(layer.replicas[part.expert], ::testing::Contains(device));
      } else {
        EXPECT_THAT(layer.replicas[part.expert], IsEmpty());
      }
      for (int32_t i = part.first; i < part.first + part.rows; ++i) {
        const int32_t assignment = layer.order[i];
        EXPECT_EQ(layer.chosen[assignment], part.expert);
        EXPECT_EQ(layer.rows_of[i], assignment / layer.top_k);
        ++covered_[assignment];
      }
    }
  }

  void ExpectAllCovered(const Layer& layer, ExpertPlanner& planner) {
    covered_.assign(layer.chosen.size(), 0);
    for (int d = 0; d < planner.devices(); ++d) {
      Cover(layer, planner.parts(d), d);
    }
    Cover(layer, planner.unplaced(), -1);
    EXPECT_THAT(covered_, ::testing::Each(1));
  }

  std::vector<int> covered_;  // by assignment
};

TEST_F(EveryAssignmentOnceTest, WhateverTheRoutingCopiesAndOrder) {
  std::mt19937 random(7);
  for (int run = 0; run < 60; ++run) {
    const int devices = static_cast<int>(random() % 5);
    ExpertPlanner planner(std::vector<double>(devices, 1),
                          {.min_rows = 1 + static_cast<int>(random() % 20)});
    // The planner is used again for layers of other shapes.
    for (int layers = 0; layers < 3; ++layers) {
      const Layer layer(random, devices);
      planner.Plan(layer.first, layer.replicas);
      ExpectAllCovered(layer, planner);
      std::vector<uint8_t> resident(layer.replicas.size());
      for (uint8_t& there : resident) there = random() % 2;
      for (int d = 0; d < devices; ++d) {
        OrderParts(resident, run % 2 == 0, absl::MakeSpan(planner.parts(d)));
      }
      ExpectAllCovered(layer, planner);
    }
  }
}

TEST_F(EveryAssignmentOnceTest, AlsoWhenADeviceLeavesItsPartsBehind) {
  std::mt19937 random(8);
  for (int run = 0; run < 40; ++run) {
    Layer layer(random, 3);
    ExpertPlanner planner({1, 1, 1}, {.min_rows = 4});
    planner.Plan(layer.first, layer.replicas);
    const std::vector<ExpertPart> left = planner.parts(0);
    for (std::vector<int>& devices : layer.replicas) {
      std::erase(devices, 0);
    }
    covered_.assign(layer.chosen.size(), 0);
    for (int d : {1, 2}) Cover(layer, planner.parts(d), d);
    for (const ExpertPart& part : planner.unplaced()) {
      for (int32_t i = 0; i < part.rows; ++i) {
        ++covered_[layer.order[part.first + i]];
      }
    }
    planner.PlanParts(left, layer.replicas);
    EXPECT_THAT(planner.parts(0), IsEmpty());
    for (int d : {1, 2}) Cover(layer, planner.parts(d), d);
    Cover(layer, planner.unplaced(), -1);
    EXPECT_THAT(covered_, ::testing::Each(1));
  }
}

TEST(ExpertPlannerTest, TakesNoMemoryOnceItHasPlannedAsMuch) {
  std::mt19937 random(9);
  std::vector<Layer> layers;
  for (int i = 0; i < 20; ++i) layers.emplace_back(random, 3);
  const std::vector<ExpertCosts> costs(3, {.load = 20, .per_row = 1});
  const std::vector<std::vector<uint8_t>> resident(
      3, std::vector<uint8_t>(kMostExperts));
  ExpertPlanner planner({1, 2, 3}, {.min_rows = 4});
  const auto plan_all = [&] {
    for (Layer& layer : layers) {
      GroupByExpert(layer.chosen, absl::MakeSpan(layer.first),
                    absl::MakeSpan(layer.order));
      planner.Plan(layer.first, layer.replicas);
      planner.MoveColdPartsHome(costs, {.per_row = 2}, resident);
      for (int d = 0; d < planner.devices(); ++d) {
        OrderParts(resident[d], d == 1, absl::MakeSpan(planner.parts(d)));
      }
    }
  };
  plan_all();
  const int64_t before = AllocationsSoFar();
  plan_all();
  EXPECT_EQ(AllocationsSoFar() - before, 0);
}

}  // namespace
}  // namespace moevit
