#include "scheduler/cost_model.h"

#include <numeric>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// 4 ms and 1 ms per image.
absl::Duration Cost(int images) { return absl::Milliseconds(4 + images); }

double Milliseconds(absl::Duration duration) {
  return absl::ToDoubleMilliseconds(duration);
}

TEST(CostModelTest, PredictsNothingBeforeTheFirstBatch) {
  const CostModel model;
  EXPECT_FALSE(model.known());
  EXPECT_EQ(model.Predict(3), absl::ZeroDuration());
}

TEST(CostModelTest, OneSizeTellsAtLeastThatSize) {
  CostModel model;
  model.Observe(4, absl::Milliseconds(8));
  EXPECT_NEAR(Milliseconds(model.Predict(4)), 8, 1e-6);
  // Half fixed, half proportional.
  EXPECT_NEAR(Milliseconds(model.Predict(1)), 5, 1e-6);
  EXPECT_NEAR(Milliseconds(model.Predict(8)), 12, 1e-6);
}

TEST(CostModelTest, TheUsualSizeIsAmongThoseSeenLately) {
  CostModel model;
  for (int i = 0; i < 5; ++i) model.Observe(16, Cost(16));
  EXPECT_EQ(model.usual_images(), 16);
  for (int i = 0; i < 5000; ++i) {
    for (const int images : {1, 3}) model.Observe(images, Cost(images));
  }
  EXPECT_EQ(model.usual_images(), 2);
}

TEST(CostModelTest, FindsTheFixedPartAndThatOfAnImage) {
  CostModel model;
  for (int i = 0; i < 5; ++i) {
    for (const int images : {1, 3, 16}) model.Observe(images, Cost(images));
  }
  EXPECT_NEAR(Milliseconds(model.Predict(8)), 12, 0.01);
  EXPECT_LT(model.relative_error(), 0.2);
}

TEST(CostModelTest, AFewDisturbedRunsChangeNothing) {
  CostModel model;
  for (int i = 0; i < 100; ++i) {
    const int images = 1 + i % 4;
    model.Observe(images, i % 10 == 7 ? 20 * Cost(images) : Cost(images));
  }
  EXPECT_NEAR(Milliseconds(model.Predict(2)), 6, 0.1);
  EXPECT_NEAR(Milliseconds(model.Predict(9)), 13, 0.5);
}

TEST(CostModelTest, KeepsWhatDisturbedRunsTookLonger) {
  CostModel model;
  for (int i = 0; i < 1600; ++i) {
    model.Observe(2, i % 50 == 7 ? Cost(2) + absl::Milliseconds(9) : Cost(2));
  }
  EXPECT_THAT(model.disturbances(), SizeIs(1024));
  EXPECT_NEAR(std::accumulate(model.disturbances().begin(),
                              model.disturbances().end(), 0.0),
              1024 / 50 * 0.009, 0.01);
}

TEST(CostModelTest, WhatIsPredictedFromOtherSizesIsNoDisturbance) {
  CostModel model;
  for (int images = 1; images <= 16; ++images) model.Observe(images, Cost(1));
  EXPECT_THAT(model.disturbances(), IsEmpty());
}

TEST(CostModelTest, FollowsADeviceThatBecameSlower) {
  CostModel model;
  for (int i = 0; i < 50; ++i) model.Observe(2, Cost(2));
  for (int i = 0; i < 5; ++i) model.Observe(2, 3 * Cost(2));
  EXPECT_NEAR(Milliseconds(model.Predict(2)), 18, 0.1);
}

TEST(CostModelTest, SizesNotSeenLatelyFollowThoseThatWere) {
  CostModel model;
  for (int i = 0; i < 9; ++i) {
    for (const int images : {1, 2, 8}) model.Observe(images, Cost(images));
  }
  for (int i = 0; i < 2000; ++i) {
    for (const int images : {1, 2}) model.Observe(images, 2 * Cost(images));
  }
  EXPECT_NEAR(Milliseconds(model.Predict(8)), 24, 1);
}

TEST(CostModelTest, KnowsSteps) {
  // A device that fills up groups of four.
  const auto cost = [](int images) {
    return absl::Milliseconds(10 * ((images + 3) / 4));
  };
  CostModel model;
  for (int i = 0; i < 9; ++i) {
    for (int images = 1; images <= 8; ++images) {
      model.Observe(images, cost(images));
    }
  }
  for (int images = 1; images <= 8; ++images) {
    EXPECT_NEAR(Milliseconds(model.Predict(images)), Milliseconds(cost(images)),
                1.5);
  }
}

TEST(CostModelTest, NoiseShowsInTheErrorAndMakesItCareful) {
  CostModel model;
  std::mt19937 random(3);
  std::uniform_real_distribution<double> noise(0.8, 1.2);
  for (int i = 0; i < 300; ++i) model.Observe(2, noise(random) * Cost(2));
  EXPECT_GT(model.relative_error(), 0.05);
  EXPECT_LT(model.relative_error(), 0.2);
  EXPECT_LT(model.PredictLeast(2), 0.9 * model.Predict(2));
  EXPECT_GT(model.PredictLeast(2), 0.4 * model.Predict(2));
}

TEST(CostModelTest, OneFastRunIsEnoughToSayThatThereMayBeAnother) {
  CostModel model;
  for (int i = 0; i < 100; ++i) model.Observe(2, absl::Milliseconds(50));
  EXPECT_NEAR(Milliseconds(model.PredictLeast(2)), 50, 1e-6);
  model.Observe(3, absl::Milliseconds(10));
  EXPECT_NEAR(Milliseconds(model.Predict(2)), 50, 10);
  EXPECT_NEAR(Milliseconds(model.PredictLeast(2)), 10, 1e-6);
  EXPECT_GT(Milliseconds(model.PredictLeast(4)), 10);
}

TEST(CostModelTest, NothingIsEverNegative) {
  CostModel model;
  model.Observe(1, absl::Milliseconds(9));
  model.Observe(16, absl::Milliseconds(1));
  model.Observe(3, absl::Milliseconds(-5));
  for (int images = 1; images <= 64; ++images) {
    EXPECT_GE(model.Predict(images), absl::ZeroDuration()) << images;
  }
}

}  // namespace
}  // namespace moevit
