#include "quantize/attention_levels.h"

#include <cmath>
#include <numeric>
#include <random>

#include "gtest/gtest.h"
#include "quantize/float_ops.h"

namespace moevit {
namespace {

Tensor RandomScores(int rows, int columns, double spread) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.0f, static_cast<float>(spread));
  Tensor scores(rows, columns);
  for (float& score : scores.values) score = normal(random);
  return scores;
}

double LargestDifference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    largest = std::max<double>(largest, std::abs(a.values[i] - b.values[i]));
  }
  return largest;
}

TEST(LogarithmicLevelsTest, FallFrom255ToNothing) {
  for (int bits : {4, 8}) {
    for (double step : CandidateSteps(bits)) {
      const AttentionLevels levels = LogarithmicLevels(bits, step);
      ASSERT_EQ(levels.numerators.size(), size_t{1} << bits);
      EXPECT_EQ(levels.numerators.front(), 255);
      EXPECT_EQ(levels.numerators.back(), 0);
      for (size_t i = 1; i < levels.numerators.size(); ++i) {
        EXPECT_LE(levels.numerators[i], levels.numerators[i - 1]);
      }
    }
  }
}

TEST(LogarithmicLevelsTest, HalveEveryTwoLevelsInThePlainFourBitScheme) {
  const AttentionLevels levels = LogarithmicLevels(4, PlainStep(4));
  EXPECT_EQ(levels.numerators[2], 128);
  EXPECT_EQ(levels.numerators[4], 64);
  EXPECT_EQ(levels.numerators[1], std::lround(255 / M_SQRT2));
}

TEST(CandidateStepsTest, ContainThePlainStep) {
  for (int bits : {4, 8}) {
    bool found = false;
    for (double step : CandidateSteps(bits)) found |= step == PlainStep(bits);
    EXPECT_TRUE(found) << bits;
  }
}

TEST(QuantizedSoftmaxTest, HasRowsThatSumToOne) {
  for (int bits : {4, 8}) {
    const Tensor result =
        QuantizedSoftmax(LogarithmicLevels(bits, PlainStep(bits)),
                         RandomScores(7, 33, /*spread=*/5.0));
    for (int row = 0; row < result.rows; ++row) {
      const absl::Span<const float> p = result.row(row);
      EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 1e-6);
    }
  }
}

// A level is half a step wide on either side: with 24 an octave the numerators
// are within 2^(1/48) - 1 = 1.5 % of the exponentials, and so are the
// probabilities, but for those beyond the last level.
TEST(QuantizedSoftmaxTest, IsCloseToSoftmax) {
  Tensor exact = RandomScores(7, 33, /*spread=*/2.0);
  const Tensor eight =
      QuantizedSoftmax(LogarithmicLevels(8, PlainStep(8)), exact);
  const Tensor four =
      QuantizedSoftmax(LogarithmicLevels(4, PlainStep(4)), exact);
  SoftmaxRows(exact);
  EXPECT_LT(LargestDifference(eight, exact), 0.02);
  EXPECT_LT(LargestDifference(four, exact), 0.2);
  EXPECT_LT(LargestDifference(eight, exact), LargestDifference(four, exact));
}

TEST(QuantizedSoftmaxTest, GivesEqualScoresEqualShares) {
  const Tensor result =
      QuantizedSoftmax(LogarithmicLevels(4, PlainStep(4)), Tensor(1, 5));
  for (float p : result.values) EXPECT_FLOAT_EQ(p, 0.2f);
}

TEST(QuantizedSoftmaxTest, DropsWhatIsFarBelowTheMaximum) {
  Tensor scores(1, 3);
  scores.values = {50.0f, -1e30f, 0.0f};
  const Tensor result =
      QuantizedSoftmax(LogarithmicLevels(8, PlainStep(8)), scores);
  EXPECT_EQ(result.values, (std::vector<float>{1, 0, 0}));
}

}  // namespace
}  // namespace moevit
