#include "kernels/arith/gate.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

using ::testing::ElementsAre;

TEST(GateNumeratorTest, TableIsTheRoundedPowerOfTwo) {
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(kExp2Fraction[i], std::lround(32768 * std::exp2(-i / 256.0)));
  }
}

TEST(GateNumeratorTest, FollowsTheExponentialDownToNothing) {
  // 256 gap units per octave.
  for (int gap = 0; gap < 6000; ++gap) {
    const double exact = 32768 * std::exp2(-gap / 256.0);
    EXPECT_NEAR(GateNumerator(gap, 2, 1), exact, 1.0) << gap;
  }
  EXPECT_EQ(GateNumerator(std::numeric_limits<int32_t>::max(),
                          std::numeric_limits<int32_t>::max(), 1),
            0u);
}

std::vector<int> TopK(const std::vector<int32_t>& logits, int top_k) {
  std::vector<int> selected(top_k, -1);
  SelectTopK(logits.data(), static_cast<int>(logits.size()), top_k,
             selected.data());
  return selected;
}

TEST(SelectTopKTest, OrdersByLogit) {
  EXPECT_THAT(TopK({3, -1, 9, 4, 8}, 3), ElementsAre(2, 4, 3));
}

TEST(SelectTopKTest, TiesGoToTheLowerExpert) {
  EXPECT_THAT(TopK({5, 7, 7, 5, 7}, 4), ElementsAre(1, 2, 4, 0));
}

TEST(SelectTopKTest, CanSelectAllExperts) {
  EXPECT_THAT(TopK({1, 3, 2}, 3), ElementsAre(1, 2, 0));
  EXPECT_THAT(TopK({-5}, 1), ElementsAre(0));
}

TEST(GateWeightsTest, NormalizesOverTheSelectedOrOverAll) {
  // One octave between neighbours: 1, 1/2, 1/4.
  const int32_t logits[] = {512, 256, 0};
  const int selected[] = {0, 1};
  uint16_t weights[2];
  GateWeights(logits, 3, 2, selected, false, 2, 1, weights);
  EXPECT_NEAR(weights[0], 32768 * 2.0 / 3, 1);
  EXPECT_NEAR(weights[1], 32768 * 1.0 / 3, 1);
  GateWeights(logits, 3, 2, selected, true, 2, 1, weights);
  EXPECT_NEAR(weights[0], 32768 * 4.0 / 7, 1);
  EXPECT_NEAR(weights[1], 32768 * 2.0 / 7, 1);
}

TEST(GateWeightsTest, NeverSumToMoreThanOne) {
  for (int gap = 0; gap < 2000; gap += 7) {
    const int32_t logits[] = {0, -gap, -2 * gap};
    const int selected[] = {0, 1, 2};
    uint16_t weights[3];
    GateWeights(logits, 3, 3, selected, false, 2, 1, weights);
    EXPECT_LE(weights[0] + weights[1] + weights[2], 32768);
    EXPECT_GE(weights[0] + weights[1] + weights[2], 32765);
  }
}

TEST(GateWeightsTest, ASingleExpertHasWeightOne) {
  const int32_t logits[] = {-7};
  const int selected[] = {0};
  uint16_t weight;
  GateWeights(logits, 1, 1, selected, false, 1, 1, &weight);
  EXPECT_EQ(weight, 32768);
}

}  // namespace
}  // namespace moevit::arith
