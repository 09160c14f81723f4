#include "quantize/routing.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/config.h"
#include "quantize/tensor.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::IsEmpty;
using ::testing::Pointwise;

Tensor Logits(int rows, int experts, std::vector<float> values) {
  Tensor tensor(rows, experts);
  tensor.values = std::move(values);
  return tensor;
}

TEST(RouteTest, PutsTheLargestLogitFirst) {
  const Routing routing = Route(Logits(2, 3, {1, 3, 2, 9, 7, 8}), /*top_k=*/2,
                                GateOrder::kTopKThenSoftmax);
  EXPECT_EQ(routing.top_k, 2);
  EXPECT_THAT(routing.experts, ElementsAre(1, 2, 0, 2));
}

TEST(RouteTest, PrefersTheLowerExpertAmongEquals) {
  const Routing routing = Route(Logits(1, 5, {1, 4, 2, 4, 4}), /*top_k=*/2,
                                GateOrder::kTopKThenSoftmax);
  EXPECT_THAT(routing.experts, ElementsAre(1, 3));
}

TEST(RouteTest, NormalizesOverTheChosenWhenSoftmaxComesLast) {
  const Routing routing =
      Route(Logits(1, 3, {0, 1, 1}), /*top_k=*/2, GateOrder::kTopKThenSoftmax);
  EXPECT_THAT(routing.weights, ElementsAre(0.5f, 0.5f));
}

TEST(RouteTest, NormalizesOverAllWhenSoftmaxComesFirst) {
  const Routing routing = Route(Logits(1, 4, {1, 1, 1, 1}), /*top_k=*/3,
                                GateOrder::kSoftmaxThenTopK);
  EXPECT_THAT(routing.experts, ElementsAre(0, 1, 2));
  EXPECT_THAT(routing.weights, ElementsAre(0.25f, 0.25f, 0.25f));
}

TEST(RouteTest, GivesAllWeightToASingleExpertThatIsChosenFirst) {
  const Routing routing =
      Route(Logits(1, 2, {-3, 5}), /*top_k=*/1, GateOrder::kTopKThenSoftmax);
  EXPECT_THAT(routing.experts, ElementsAre(1));
  EXPECT_THAT(routing.weights, ElementsAre(1.0f));
}

TEST(RouteTest, CanChooseEveryExpert) {
  const Routing routing =
      Route(Logits(1, 3, {0, 2, 1}), /*top_k=*/3, GateOrder::kSoftmaxThenTopK);
  EXPECT_THAT(routing.experts, ElementsAre(1, 2, 0));
  EXPECT_THAT(routing.weights, Pointwise(FloatNear(1e-6f),
                                         {0.6652410f, 0.2447285f, 0.0900306f}));
}

TEST(PositionsOfTest, ListsTheSlotsThatChoseAnExpert) {
  const Routing routing = Route(Logits(3, 3, {5, 4, 0, 4, 5, 0, 0, 5, 4}),
                                /*top_k=*/2, GateOrder::kTopKThenSoftmax);
  EXPECT_THAT(routing.PositionsOf(0), ElementsAre(0, 3));
  EXPECT_THAT(routing.PositionsOf(1), ElementsAre(1, 2, 4));
  EXPECT_THAT(routing.PositionsOf(2), ElementsAre(5));
}

TEST(PositionsOfTest, IsEmptyForAnExpertThatNobodyChose) {
  const Routing routing =
      Route(Logits(1, 2, {5, 4}), /*top_k=*/1, GateOrder::kTopKThenSoftmax);
  EXPECT_THAT(routing.PositionsOf(1), IsEmpty());
}

}  // namespace
}  // namespace moevit
