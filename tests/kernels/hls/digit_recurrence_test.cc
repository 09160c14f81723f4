#include "kernels/hls/digit_recurrence.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(DigitRecurrenceTest, RescalesMixturesByEveryDenominatorLikeArith) {
  constexpr int kLargest = 255 * arith::kMaxAttentionRows;
  // All of the first ones, then one of each few.
  for (int d = 1; d <= kLargest; d += d < 1 << 17 ? 1 : 37) {
    const arith::Rescale expected = arith::MixtureRescale(d);
    const arith::Rescale actual = hls::MixtureRescale(d);
    ASSERT_EQ(actual.multiplier, expected.multiplier) << d;
    ASSERT_EQ(actual.shift, expected.shift) << d;
  }
}

TEST(DigitRecurrenceTest, TakesExactSquareRoots) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t value = (random() >> 2) >> (random() % 62);
    ASSERT_EQ(hls::SquareRoot(value), arith::IntegerSqrt(value)) << value;
  }
  const uint64_t root = (uint64_t{1} << 31) - 1;
  EXPECT_EQ(hls::SquareRoot(root * root), root);
  EXPECT_EQ(hls::SquareRoot(root * root - 1), root - 1);
  EXPECT_EQ(hls::SquareRoot(0), 0u);
}

TEST(DigitRecurrenceTest, GivesRowStatisticsLikeArith) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const int width = 1 + static_cast<int>(random() % 8192);
    const int64_t largest = static_cast<int64_t>(random() % 32769);
    const int64_t sum =
        static_cast<int64_t>(random() % (2 * largest * width + 1)) -
        largest * width;
    const int64_t least = (sum * sum + width - 1) / width;
    const int64_t most = std::max(least, largest * largest * width);
    const int64_t squares =
        least + static_cast<int64_t>(random() % (most - least + 1));
    const uint64_t epsilon =
        1 + (random() % (uint64_t{1} << 56) >> random() % 57);
    const arith::RowStatistics expected = arith::StatisticsFromSums(
        static_cast<int32_t>(sum), squares, width, epsilon);
    const arith::RowStatistics actual = hls::StatisticsFromSums(
        static_cast<int32_t>(sum), squares, width, epsilon);
    ASSERT_EQ(actual.sum, expected.sum);
    ASSERT_EQ(actual.shift, expected.shift);
    ASSERT_EQ(actual.reciprocal, expected.reciprocal);
  }
}

TEST(DigitRecurrenceTest, DividesGateWeightsLikeArith) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t numerator = random() % 32769;
    const uint32_t denominator =
        32768 + (random() % (1u << 25) >> random() % 26);
    ASSERT_EQ(hls::GateWeight(numerator, denominator),
              (numerator << arith::kGateWeightBits) / denominator)
        << numerator << " / " << denominator;
  }
  EXPECT_EQ(hls::GateWeight(32768, 32768), 32768);
}

}  // namespace
}  // namespace moevit
