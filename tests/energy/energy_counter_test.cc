#include "energy/energy_counter.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(EnergyCounterTest, CountsFromTheFirstReading) {
  EnergyCounter counter(1000);
  EXPECT_EQ(counter.Advance(700), 0);
  EXPECT_EQ(counter.Advance(707), 7);
  EXPECT_EQ(counter.Advance(707), 0);
}

TEST(EnergyCounterTest, GoesOnBehindAWrap) {
  EnergyCounter counter(1000);
  counter.Advance(990);
  EXPECT_EQ(counter.Advance(5), 15);
  EXPECT_EQ(counter.Advance(6), 1);
}

TEST(EnergyCounterTest, ACounterThatBeganAnewUsedNothing) {
  EnergyCounter counter(1000);
  counter.Advance(300);
  EXPECT_EQ(counter.Advance(10), 0);
  EXPECT_EQ(counter.Advance(13), 3);
}

TEST(EnergyCounterTest, WithoutARangeNothingWraps) {
  EnergyCounter counter(0);
  counter.Advance(1'000'000);
  EXPECT_EQ(counter.Advance(1), 0);
  EXPECT_EQ(counter.Advance(4), 3);
}

TEST(EnergyCounterTest, AValueBeyondTheRangeIsNoWrap) {
  EnergyCounter counter(100);
  counter.Advance(500);
  EXPECT_EQ(counter.Advance(1), 0);
}

}  // namespace
}  // namespace moevit
