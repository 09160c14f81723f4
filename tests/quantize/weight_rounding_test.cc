#include "quantize/weight_rounding.h"

#include <cstdint>
#include <random>
#include <vector>

#include "base/thread_pool.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

constexpr int kInputs = 13;
constexpr int kOutputs = 7;

RealWeights RandomWeights(uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  RealWeights weights{kOutputs, kInputs,
                      std::vector<double>(kOutputs * kInputs)};
  for (double& weight : weights.values) weight = normal(random);
  return weights;
}

std::vector<double> Scales(const RealWeights& weights) {
  return RowScales(weights, std::vector<double>(weights.out, 1e-12));
}

// Inputs that all follow one hidden variable, plus a little of their own.
std::vector<double> CorrelatedInputs() {
  std::vector<double> covariance(kInputs * kInputs, 100.0);
  for (int i = 0; i < kInputs; ++i) covariance[i * kInputs + i] += 1 + i;
  return covariance;
}

// The mean squared error that rounding causes in all outputs.
double OutputError(const RealWeights& weights, const std::vector<double>& scale,
                   const std::vector<int8_t>& rounded,
                   const std::vector<double>& covariance) {
  double total = 0;
  for (int n = 0; n < kOutputs; ++n) {
    std::vector<double> error(kInputs);
    for (int k = 0; k < kInputs; ++k) {
      error[k] =
          weights.values[n * kInputs + k] - scale[n] * rounded[n * kInputs + k];
    }
    for (int i = 0; i < kInputs; ++i) {
      for (int j = 0; j < kInputs; ++j) {
        total += error[i] * covariance[i * kInputs + j] * error[j];
      }
    }
  }
  return total;
}

TEST(RowScalesTest, LetTheLargestWeightBe127) {
  RealWeights weights{2, 3, {0.1, -12.7, 3, 0, 0, 0}};
  const std::vector<double> scales = RowScales(weights, {1e-9, 1e-9});
  EXPECT_DOUBLE_EQ(scales[0], 0.1);
  EXPECT_DOUBLE_EQ(scales[1], 1e-9);
  EXPECT_EQ(RoundToNearest(weights, scales),
            (std::vector<int8_t>{1, -127, 30, 0, 0, 0}));
}

TEST(RoundWithCompensationTest, LowersTheOutputErrorOfCorrelatedInputs) {
  ThreadPool pool(1);
  const std::vector<double> covariance = CorrelatedInputs();
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const RealWeights weights = RandomWeights(seed);
    const std::vector<double> scales = Scales(weights);
    const double nearest = OutputError(
        weights, scales, RoundToNearest(weights, scales), covariance);
    const double compensated = OutputError(
        weights, scales,
        RoundWithCompensation(weights, scales, covariance, pool), covariance);
    EXPECT_LT(compensated, 0.5 * nearest) << seed;
  }
}

TEST(RoundWithCompensationTest, RoundsToNearestWithoutCorrelation) {
  ThreadPool pool(1);
  const RealWeights weights = RandomWeights(/*seed=*/6);
  const std::vector<double> scales = Scales(weights);
  std::vector<double> covariance(kInputs * kInputs, 0.0);
  for (int i = 0; i < kInputs; ++i) covariance[i * kInputs + i] = 1 + i;
  EXPECT_EQ(RoundWithCompensation(weights, scales, covariance, pool),
            RoundToNearest(weights, scales));
}

TEST(RoundWithCompensationTest, RoundsToNearestForConstantInputs) {
  ThreadPool pool(1);
  const RealWeights weights = RandomWeights(/*seed=*/7);
  const std::vector<double> scales = Scales(weights);
  EXPECT_EQ(
      RoundWithCompensation(weights, scales,
                            std::vector<double>(kInputs * kInputs, 0.0), pool),
      RoundToNearest(weights, scales));
}

TEST(RoundWithCompensationTest, CopesWithSomeConstantAndSomeEqualInputs) {
  ThreadPool pool(1);
  const RealWeights weights = RandomWeights(/*seed=*/8);
  const std::vector<double> scales = Scales(weights);
  std::vector<double> covariance(kInputs * kInputs, 0.0);
  // Inputs 0 to 4 are one and the same; the others are constant.
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) covariance[i * kInputs + j] = 50.0;
  }
  const double nearest =
      OutputError(weights, scales, RoundToNearest(weights, scales), covariance);
  const double compensated = OutputError(
      weights, scales, RoundWithCompensation(weights, scales, covariance, pool),
      covariance);
  EXPECT_LE(compensated, nearest);
}

TEST(RoundWithCompensationTest, StaysWithin127) {
  ThreadPool pool(1);
  const RealWeights weights = RandomWeights(/*seed=*/9);
  std::vector<double> scales = Scales(weights);
  for (double& scale : scales) scale /= 3;  // many weights do not fit
  for (int8_t weight :
       RoundWithCompensation(weights, scales, CorrelatedInputs(), pool)) {
    EXPECT_GE(weight, -127);
  }
}

TEST(RoundWithCompensationTest, DoesNotDependOnTheNumberOfThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const RealWeights weights = RandomWeights(/*seed=*/10);
  const std::vector<double> scales = Scales(weights);
  EXPECT_EQ(RoundWithCompensation(weights, scales, CorrelatedInputs(), one),
            RoundWithCompensation(weights, scales, CorrelatedInputs(), three));
}

}  // namespace
}  // namespace moevit
