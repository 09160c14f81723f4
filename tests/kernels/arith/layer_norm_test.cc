#include "kernels/arith/layer_norm.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

// The largest error of Normalize over a row, in standard deviations.
double LargestError(const std::vector<int16_t>& row, uint64_t epsilon) {
  const int width = static_cast<int>(row.size());
  double sum = 0;
  double squares = 0;
  for (int16_t x : row) {
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  const double variance =
      width * squares - sum * sum + static_cast<double>(epsilon);
  const RowStatistics statistics =
      ComputeRowStatistics(row.data(), width, epsilon);
  double largest = 0;
  for (int16_t x : row) {
    const double exact =
        (width * static_cast<double>(x) - sum) / std::sqrt(variance);
    const double got =
        std::ldexp(Normalize(statistics, x, width), -kNormalizedBits);
    largest = std::max(largest, std::abs(got - exact));
  }
  return largest;
}

std::vector<int16_t> RandomRow(int width, double deviation, double mean) {
  std::mt19937 random(width);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<int16_t> row(width);
  for (int16_t& x : row) {
    x = SaturateToInt16(static_cast<int32_t>(std::lround(normal(random))));
  }
  return row;
}

TEST(LayerNormTest, NormalizesRowsOfAnySpread) {
  for (int width : {1, 2, 63, 192, 769, 8192}) {
    for (double deviation : {0.7, 3.0, 100.0, 9000.0}) {
      EXPECT_LT(LargestError(RandomRow(width, deviation, 500.0), 1), 0.006)
          << width << " " << deviation;
    }
  }
}

TEST(LayerNormTest, NormalizesExtremeRows) {
  std::vector<int16_t> alternating(4097);
  for (size_t i = 0; i < alternating.size(); ++i) {
    alternating[i] = i % 2 == 0 ? kInt16Max : kInt16Min;
  }
  EXPECT_LT(LargestError(alternating, 1), 0.003);
  std::vector<int16_t> outlier(1000, 0);
  outlier[17] = kInt16Max;  // 31.6 standard deviations
  EXPECT_LT(LargestError(outlier, 1), 0.04);
}

TEST(LayerNormTest, ConstantRowBecomesZero) {
  for (int16_t value : {-32768, 0, 17, 32767}) {
    const std::vector<int16_t> row(193, value);
    const RowStatistics statistics = ComputeRowStatistics(row.data(), 193, 1);
    EXPECT_EQ(Normalize(statistics, value, 193), 0);
  }
}

TEST(LayerNormTest, EpsilonDampsSmallRows) {
  const std::vector<int16_t> row = {1, -1, 1, -1};
  // variance = 4 * 4 + 48 = 64: each element is 4 / 8 of a deviation.
  const RowStatistics statistics = ComputeRowStatistics(row.data(), 4, 48);
  EXPECT_EQ(Normalize(statistics, 1, 4), (1 << kNormalizedBits) / 2);
}

TEST(NormalizedToCodeTest, AppliesTheAffineStepAndSaturates) {
  // gamma 1.5, beta 2 with 14 fraction bits beyond the normalized ones.
  const int shift = kNormalizedBits + 5;
  EXPECT_EQ(NormalizedToCode(2 << kNormalizedBits, 48, 2 << shift, shift), 5);
  EXPECT_EQ(NormalizedToCode(32767, 32767, 0, shift), 127);
  EXPECT_EQ(NormalizedToCode(32767, -32767, 0, shift), -128);
}

}  // namespace
}  // namespace moevit::arith
