#include "quantize/paired_comparison.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace moevit {
namespace {

PairedComparison Counts(int64_t both, int64_t model, int64_t other,
                        int64_t none) {
  PairedComparison comparison;
  comparison.both_right = both;
  comparison.only_model_right = model;
  comparison.only_other_right = other;
  comparison.both_wrong = none;
  return comparison;
}

TEST(PairedComparisonTest, SubtractsTheTop1OfTheOther) {
  const PairedComparison comparison = Counts(700, 20, 30, 250);
  EXPECT_EQ(comparison.images(), 1000);
  EXPECT_DOUBLE_EQ(comparison.Difference(), -0.01);
}

// (21 - 31) / 1002 -+ 1.959964 sqrt((52 / 1002 - (10 / 1002)^2) / 1002)
TEST(PairedComparisonTest, IntervalFollowsBonettAndPrice) {
  const Interval interval = Counts(700, 20, 30, 250).DifferenceInterval95();
  EXPECT_NEAR(interval.lower, -0.02407179, 1e-7);
  EXPECT_NEAR(interval.upper, 0.00411171, 1e-7);
}

TEST(PairedComparisonTest, IntervalHasWidthWhenNothingDiffers) {
  const Interval interval = Counts(75, 0, 0, 25).DifferenceInterval95();
  EXPECT_LT(interval.lower, -0.01);
  EXPECT_DOUBLE_EQ(interval.upper, -interval.lower);
}

TEST(PairedComparisonTest, IntervalTurnsAroundWhenTheModelsAreSwapped) {
  const Interval interval = Counts(3, 7, 2, 1).DifferenceInterval95();
  const Interval swapped = Counts(3, 2, 7, 1).DifferenceInterval95();
  EXPECT_DOUBLE_EQ(interval.lower, -swapped.upper);
  EXPECT_DOUBLE_EQ(interval.upper, -swapped.lower);
}

TEST(PairedComparisonTest, IntervalStaysBetweenMinusOneAndOne) {
  EXPECT_EQ(Counts(0, 3, 0, 0).DifferenceInterval95().upper, 1.0);
  EXPECT_EQ(Counts(0, 0, 3, 0).DifferenceInterval95().lower, -1.0);
}

TEST(PairedComparisonTest, AgreementCountsEqualPredictions) {
  PairedComparison comparison = Counts(2, 1, 0, 1);
  comparison.same_prediction = 3;
  EXPECT_DOUBLE_EQ(comparison.Agreement(), 0.75);
}

}  // namespace
}  // namespace moevit
