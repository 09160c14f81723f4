#include "server/scores.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsEmpty;

TEST(SoftmaxTest, GivesProbabilitiesOfScaledLogits) {
  const float e = std::exp(1.0f);
  EXPECT_THAT(Softmax({4, 2, 4}, /*logit_scale=*/0.5),
              ElementsAre(FloatEq(e / (2 * e + 1)), FloatEq(1 / (2 * e + 1)),
                          FloatEq(e / (2 * e + 1))));
}

TEST(SoftmaxTest, DoesNotOverflowForExtremeLogits) {
  const int32_t max = std::numeric_limits<int32_t>::max();
  const int32_t min = std::numeric_limits<int32_t>::min();
  EXPECT_THAT(Softmax({max, min}, /*logit_scale=*/1.0), ElementsAre(1.0f, 0));
}

TEST(SoftmaxTest, OfNothingIsNothing) {
  EXPECT_THAT(Softmax({}, 1.0), IsEmpty());
}

TEST(TopIndicesTest, OrdersByScoreThenByIndex) {
  EXPECT_THAT(TopIndices({5, 9, 5, 7, 9}, 4), ElementsAre(1, 4, 3, 0));
}

TEST(TopIndicesTest, GivesAllWhenAskedForMore) {
  EXPECT_THAT(TopIndices({1, 2}, 1000), ElementsAre(1, 0));
  EXPECT_THAT(TopIndices({1, 2}, 0), IsEmpty());
}

}  // namespace
}  // namespace moevit
