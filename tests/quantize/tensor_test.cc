#include "quantize/tensor.h"

#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// [[0, 1, 2], [3, 4, 5], ...]
Tensor Counting(int rows) {
  Tensor tensor(rows, 3);
  std::iota(tensor.values.begin(), tensor.values.end(), 0.0f);
  return tensor;
}

TEST(TensorTest, StartsAsZeros) {
  const Tensor tensor(3, 5);
  EXPECT_EQ(tensor.values.size(), 15u);
  EXPECT_THAT(tensor.values, Each(0.0f));
}

TEST(TensorTest, RowIsAViewOfItsChannels) {
  Tensor tensor = Counting(2);
  tensor.row(1)[2] = 7;
  EXPECT_THAT(tensor.row(1), ElementsAre(3, 4, 7));
}

TEST(TensorTest, GathersRowsInTheGivenOrder) {
  const Tensor gathered = GatherRows(Counting(4), {3, 0, 3});
  EXPECT_EQ(gathered.rows, 3);
  EXPECT_THAT(gathered.values, ElementsAre(9, 10, 11, 0, 1, 2, 9, 10, 11));
}

TEST(TensorTest, GathersNoRows) {
  const Tensor gathered = GatherRows(Counting(4), {});
  EXPECT_EQ(gathered.rows, 0);
  EXPECT_EQ(gathered.channels, 3);
}

TEST(TensorTest, SlicesConsecutiveRows) {
  EXPECT_THAT(SliceRows(Counting(4), /*first=*/1, /*count=*/2).values,
              ElementsAre(3, 4, 5, 6, 7, 8));
}

TEST(TensorTest, MeanRowAveragesEachChannel) {
  const Tensor mean = MeanRow(Counting(3));
  EXPECT_EQ(mean.rows, 1);
  EXPECT_THAT(mean.values, ElementsAre(3, 4, 5));
}

TEST(TensorTest, AddsInPlace) {
  Tensor sum = Counting(2);
  AddInPlace(Counting(2), sum);
  EXPECT_THAT(sum.values, ElementsAre(0, 2, 4, 6, 8, 10));
}

}  // namespace
}  // namespace moevit
