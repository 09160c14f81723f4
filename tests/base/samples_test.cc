#include "base/samples.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

Samples Of(std::initializer_list<double> values) {
  Samples samples;
  for (double value : values) samples.Add(value);
  return samples;
}

TEST(SamplesTest, OneSampleIsItsOwnMedianWithoutSpread) {
  const Samples samples = Of({7});
  EXPECT_EQ(samples.Median(), 7);
  EXPECT_EQ(samples.Max(), 7);
  EXPECT_EQ(samples.Spread(), 0);
}

TEST(SamplesTest, DoesNotDependOnTheOrder) {
  const Samples samples = Of({5, 1, 4, 2, 3});
  EXPECT_EQ(samples.Median(), 3);
  EXPECT_EQ(samples.Max(), 5);
  EXPECT_DOUBLE_EQ(samples.Spread(), 1.0 / 3);  // quartiles 2 and 4
}

TEST(SamplesTest, AnOutlierMovesNeitherMedianNorSpread) {
  const Samples samples = Of({10, 10, 10, 10, 1000});
  EXPECT_EQ(samples.Median(), 10);
  EXPECT_EQ(samples.Spread(), 0);
}

}  // namespace
}  // namespace moevit
