#include "kernels/cpu/row_constants.h"

#include <cstdint>
#include <random>

#include "gtest/gtest.h"
#include "kernels/arith/attention.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/arith/layer_norm.h"

namespace moevit::cpu {
namespace {

int16_t Apply(const RowRescale& row, int32_t value) {
  return arith::MultiplyHigh(
      arith::SaturateToInt16(((value << row.left) + row.round) >> row.right),
      row.multiplier);
}

TEST(RowRescaleTest, EqualsApplyForEveryShift) {
  for (int shift = -15; shift <= 30; ++shift) {
    const RowRescale row = MakeRowRescale(23456, static_cast<int8_t>(shift));
    for (int32_t value : {0, 1, -1, 77, -32768, 32767}) {
      EXPECT_EQ(Apply(row, value),
                arith::Apply({23456, static_cast<int8_t>(shift)}, value))
          << value << " by " << shift;
    }
  }
}

TEST(MixtureRowRescaleTest, EqualsTheArithmetic) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const int32_t denominator =
        1 + static_cast<int32_t>(random() % (255u << (i % 16)));
    const arith::Rescale expected = arith::MixtureRescale(denominator);
    const RowRescale row = MixtureRowRescale(denominator);
    EXPECT_EQ(row.multiplier, expected.multiplier) << denominator;
    EXPECT_EQ(row.right - row.left, expected.shift) << denominator;
  }
}

TEST(FinishNormRowsTest, EqualsTheArithmeticForEveryMagnitude) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const int width = 1 + static_cast<int>(random() % 8192);
    NormRow row;
    // Sums of a row of this width: its square over the width is the least that
    // the squares can sum to.
    const int64_t bound = int64_t{width} * 32767 >> (random() % 30);
    row.sum = static_cast<int32_t>(
        static_cast<int64_t>(random() % (2 * bound + 1)) - bound);
    row.sum_of_squares = int64_t{row.sum} * row.sum / width + 1 +
                         static_cast<int64_t>(random() % 1000000);
    const uint64_t epsilon = 1 + (random() >> (8 + i % 56));
    const arith::RowStatistics expected =
        arith::StatisticsFromSums(row.sum, row.sum_of_squares, width, epsilon);
    FinishNormRows(&row, 1, width, epsilon);
    EXPECT_EQ(row.rescale.multiplier, expected.reciprocal) << i;
    EXPECT_EQ(row.rescale.right - row.rescale.left, expected.shift) << i;
  }
}

}  // namespace
}  // namespace moevit::cpu
