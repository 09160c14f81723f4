#include "scheduler/experts/expert_cost_model.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace moevit {
namespace {

double TimeOf(const ExpertWork& work, const ExpertCosts& costs) {
  return costs.load * static_cast<double>(work.loads) +
         costs.launch * static_cast<double>(work.parts) +
         costs.per_row * static_cast<double>(work.rows);
}

class ExpertCostModelTest : public ::testing::Test {
 protected:
  ExpertWork RandomWork() {
    ExpertWork work;
    work.parts = 1 + static_cast<int64_t>(random_() % 8);
    work.loads = static_cast<int64_t>(random_() % (work.parts + 1));
    work.rows = work.parts * (1 + static_cast<int64_t>(random_() % 40));
    return work;
  }

  void Run(const ExpertCosts& costs, int times) {
    for (int i = 0; i < times; ++i) {
      const ExpertWork work = RandomWork();
      model_.Observe(work, TimeOf(work, costs));
    }
  }

  void ExpectCosts(const ExpertCosts& costs, double relative_error) {
    EXPECT_NEAR(model_.costs().load, costs.load, relative_error * costs.load);
    EXPECT_NEAR(model_.costs().launch, costs.launch,
                relative_error * costs.launch);
    EXPECT_NEAR(model_.costs().per_row, costs.per_row,
                relative_error * costs.per_row);
  }

  std::mt19937 random_{1};
  ExpertCostModel model_;
};

TEST_F(ExpertCostModelTest, TellsWhatLoadsLaunchesAndRowsCost) {
  const ExpertCosts costs = {.load = 3e-3, .launch = 5e-4, .per_row = 2e-5};
  Run(costs, 7);
  EXPECT_FALSE(model_.known());
  Run(costs, 93);
  EXPECT_TRUE(model_.known());
  ExpectCosts(costs, 0.02);
}

TEST_F(ExpertCostModelTest, FollowsADeviceThatBecameSlower) {
  Run({.load = 3, .launch = 1, .per_row = 0.1}, 100);
  const ExpertCosts slower = {.load = 30, .launch = 10, .per_row = 1};
  Run(slower, 300);
  ExpectCosts(slower, 0.05);
}

TEST_F(ExpertCostModelTest, OneDisturbedRunChangesLittle) {
  const ExpertCosts costs = {.load = 3, .launch = 1, .per_row = 0.1};
  Run(costs, 100);
  const ExpertWork work = {.loads = 1, .parts = 2, .rows = 30};
  model_.Observe(work, 1000 * TimeOf(work, costs));
  EXPECT_NEAR(TimeOf(work, model_.costs()), TimeOf(work, costs),
              0.1 * TimeOf(work, costs));
}

TEST_F(ExpertCostModelTest, PredictsWhatItCannotTellApart) {
  const ExpertWork work = {.loads = 0, .parts = 2, .rows = 20};
  for (int i = 0; i < 50; ++i) model_.Observe(work, 6);
  EXPECT_NEAR(TimeOf(work, model_.costs()), 6, 1e-6);
  EXPECT_NEAR(model_.costs().launch, 1.5, 0.1);
  EXPECT_EQ(model_.costs().load, 0);
}

TEST_F(ExpertCostModelTest, NothingCostsLessThanNothing) {
  // Rows that cost less, the more there are.
  for (int rows = 1; rows <= 60; ++rows) {
    model_.Observe({.loads = 1, .parts = 1, .rows = rows}, 100.0 - rows);
    EXPECT_GE(model_.costs().load, 0);
    EXPECT_GE(model_.costs().launch, 0);
    EXPECT_GE(model_.costs().per_row, 0);
  }
}

TEST_F(ExpertCostModelTest, WithoutWorkOrTimeThereIsNothingToLearn) {
  for (int i = 0; i < 20; ++i) {
    model_.Observe({}, 1);
    model_.Observe({.loads = 1, .parts = 1, .rows = 1}, 0);
  }
  EXPECT_FALSE(model_.known());
  EXPECT_EQ(model_.costs().per_row, 0);
}

}  // namespace
}  // namespace moevit
