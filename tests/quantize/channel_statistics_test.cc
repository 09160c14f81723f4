#include "quantize/channel_statistics.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace moevit {
namespace {

Tensor Rows(int channels, std::vector<float> values) {
  Tensor tensor(static_cast<int>(values.size()) / channels, channels);
  tensor.values = std::move(values);
  return tensor;
}

ChannelStatistics StatisticsOf(const Tensor& values) {
  ChannelStatistics statistics(values.channels);
  statistics.Add(values);
  return statistics;
}

TEST(ChannelStatisticsTest, KeepsChannelsApart) {
  const ChannelStatistics statistics =
      StatisticsOf(Rows(2, {1, -5, 3, -5, 8, -5}));
  EXPECT_EQ(statistics.rows(), 3);
  EXPECT_EQ(statistics.min(0), 1);
  EXPECT_EQ(statistics.max(0), 8);
  EXPECT_EQ(statistics.mean(0), 4);
  EXPECT_NEAR(statistics.deviation(0), std::sqrt(26.0 / 3), 1e-12);
  EXPECT_EQ(statistics.mean(1), -5);
  EXPECT_EQ(statistics.deviation(1), 0);
  EXPECT_EQ(statistics.SmallestMin(), -5);
  EXPECT_EQ(statistics.LargestMax(), 8);
  EXPECT_EQ(statistics.LargestMagnitude(), 8);
}

TEST(ChannelStatisticsTest, CountsOnlyTheRowsAskedFor) {
  ChannelStatistics statistics(1);
  statistics.Add(Rows(1, {100, 2, 4, -100}), /*first=*/1, /*count=*/2);
  EXPECT_EQ(statistics.rows(), 2);
  EXPECT_EQ(statistics.min(0), 2);
  EXPECT_EQ(statistics.max(0), 4);
}

TEST(ChannelStatisticsTest, MergesIntoTheSameAsOnePass) {
  ChannelStatistics merged;
  merged.Merge(StatisticsOf(Rows(2, {1, 2, 3, 4})));
  merged.Merge(StatisticsOf(Rows(2, {-7, 9})));
  const ChannelStatistics whole = StatisticsOf(Rows(2, {1, 2, 3, 4, -7, 9}));
  EXPECT_EQ(merged.rows(), whole.rows());
  for (int c = 0; c < 2; ++c) {
    EXPECT_EQ(merged.min(c), whole.min(c));
    EXPECT_EQ(merged.max(c), whole.max(c));
    EXPECT_EQ(merged.mean(c), whole.mean(c));
    EXPECT_EQ(merged.deviation(c), whole.deviation(c));
  }
}

TEST(ChannelStatisticsTest, HasNoNegativeVarianceOfLargeConstants) {
  const ChannelStatistics statistics =
      StatisticsOf(Rows(1, {1e6f + 0.1f, 1e6f + 0.1f, 1e6f + 0.1f}));
  EXPECT_GE(statistics.deviation(0), 0);
}

TEST(ChannelRangeTest, IsWhatWasSeenWithoutMargin) {
  const Range range = ChannelRange(StatisticsOf(Rows(1, {-1, 5})), 0, {});
  EXPECT_EQ(range.low, -1);
  EXPECT_EQ(range.high, 5);
}

TEST(ChannelRangeTest, WidensAroundTheCentre) {
  const Range range =
      ChannelRange(StatisticsOf(Rows(1, {-1, 5})), 0, {.factor = 1.5});
  EXPECT_DOUBLE_EQ(range.low, -2.5);
  EXPECT_DOUBLE_EQ(range.high, 6.5);
}

TEST(ChannelRangeTest, ReachesSeveralDeviationsAroundTheMean) {
  // Mean 1, standard deviation 1.
  const Range range = ChannelRange(StatisticsOf(Rows(1, {0, 2, 0, 2})), 0,
                                   {.factor = 1.0, .deviations = 3.0});
  EXPECT_DOUBLE_EQ(range.low, -2);
  EXPECT_DOUBLE_EQ(range.high, 4);
}

TEST(ChannelRangeTest, OfOneRowRestsOnTheExpectation) {
  RangeMargin margin;
  margin.deviations = 4.0;
  margin.expected_deviation = 2.0;
  margin.expectation_rows = 1.0;
  const Range range = ChannelRange(StatisticsOf(Rows(1, {7})), 0, margin);
  EXPECT_NEAR(range.half_width(), 4.0 * 2.0 / std::sqrt(2.0), 1e-12);
  EXPECT_DOUBLE_EQ(range.centre(), 7);
}

TEST(ChannelRangeTest, OfManyRowsHardlyFeelsTheExpectation) {
  RangeMargin margin;
  margin.deviations = 4.0;
  margin.expected_deviation = 1.0;
  margin.expectation_rows = 0.25;
  Tensor values(4000, 1);
  for (int i = 0; i < values.rows; ++i) values.values[i] = i % 2 == 0 ? 1 : -1;
  const Range range = ChannelRange(StatisticsOf(values), 0, margin);
  EXPECT_NEAR(range.half_width(), 4.0, 0.01);
}

TEST(ScaleOfTest, CoversTheRange) {
  EXPECT_DOUBLE_EQ(ScaleOf({-1, 1}) * 127.5, 1.0);
  EXPECT_DOUBLE_EQ(ScaleOf({9, 11}) * 127.5, 1.0);
}

TEST(ScaleOfTest, OfADeadChannelIsNeitherZeroNorOutOfProportion) {
  EXPECT_GT(ScaleOf({0, 0}), 0);
  EXPECT_LT(5.0 / ScaleOf({5, 5}), 1e7);
}

TEST(CodeScaleTest, DequantizesEachChannelByItsOwnScaleAndCentre) {
  const CodeScale scale = {{0.5, 2.0}, {10.0, -1.0}};
  const std::vector<int8_t> codes = {-128, 127, 0, 1};
  const Tensor real = scale.ToReal(codes.data(), 2);
  EXPECT_EQ(real.values, (std::vector<float>{-54, 253, 10, 1}));
}

}  // namespace
}  // namespace moevit
