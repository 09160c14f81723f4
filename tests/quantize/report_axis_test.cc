#include "quantize/report_axis.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

TEST(AxisTest, BeginsAndEndsAtRoundNumbers) {
  EXPECT_THAT(Axis(32.3, 48.9, 5, 0, 1).ticks(),
              ElementsAre(30, 35, 40, 45, 50));
  EXPECT_THAT(Axis(-74.5, 77.2, 4, 0, 1).ticks(),
              ElementsAre(-100, -50, 0, 50, 100));
}

TEST(AxisTest, KeepsEndsThatAreRound) {
  EXPECT_THAT(Axis(0, 4, 4, 0, 1).ticks(), ElementsAre(0, 1, 2, 3, 4));
}

TEST(AxisTest, PlacesValuesBetweenItsEnds) {
  const Axis axis(0, 10, 5, 200, 100);
  EXPECT_DOUBLE_EQ(axis.At(0), 200);
  EXPECT_DOUBLE_EQ(axis.At(2.5), 175);
  EXPECT_DOUBLE_EQ(axis.At(10), 100);
}

TEST(AxisTest, GivesRoomToOneValue) {
  for (double value : {0.0, 7.0, -1e9, 1e-30}) {
    const Axis axis(value, value, 5, 0, 100);
    ASSERT_GE(axis.ticks().size(), 2u) << value;
    EXPECT_GE(axis.At(value), 0) << value;
    EXPECT_LE(axis.At(value), 100) << value;
  }
}

TEST(AxisTest, LabelsWithTheDecimalsOfItsStep) {
  EXPECT_EQ(Axis(0, 40, 4, 0, 1).Label(10), "10");
  EXPECT_EQ(Axis(0, 2, 4, 0, 1).Label(0.5), "0.5");
  EXPECT_EQ(Axis(0, 0.08, 4, 0, 1).Label(0.04), "0.04");
}

}  // namespace
}  // namespace moevit
