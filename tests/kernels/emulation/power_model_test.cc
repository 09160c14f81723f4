#include "kernels/emulation/power_model.h"

#include <gtest/gtest.h>

namespace moevit::emulation {
namespace {

constexpr PowerModelOptions kOptions = {25, 20, 5};
constexpr int64_t kSecond = 1'000'000'000;

TEST(PowerModelTest, AnIdleCardDrawsItsIdlePower) {
  PowerModel model(kOptions, /*now_ns=*/7);
  EXPECT_EQ(model.watts(), 25);
  EXPECT_EQ(model.Sample(kSecond + 7, 0, 0), 25);
  EXPECT_DOUBLE_EQ(model.joules(), 25);
}

TEST(PowerModelTest, WorkCountsByTheShareOfThePeriod) {
  PowerModel model(kOptions, 0);
  EXPECT_DOUBLE_EQ(model.Sample(2 * kSecond, kSecond, kSecond / 2), 36.25);
  // Two units all the time.
  EXPECT_DOUBLE_EQ(model.Sample(3 * kSecond, 3 * kSecond, kSecond / 2), 65);
  EXPECT_DOUBLE_EQ(model.joules(), 2 * 36.25 + 65);
}

TEST(PowerModelTest, CopiesCannotTakeMoreThanAllTheTime) {
  PowerModel model(kOptions, 0);
  EXPECT_DOUBLE_EQ(model.Sample(kSecond, 0, 4 * kSecond), 30);
}

TEST(PowerModelTest, TimeThatDoesNotPassChangesNothing) {
  PowerModel model(kOptions, kSecond);
  EXPECT_EQ(model.Sample(kSecond, kSecond, 0), 25);
  EXPECT_EQ(model.Sample(0, kSecond, 0), 25);
  EXPECT_EQ(model.joules(), 0);
}

TEST(PowerModelTest, SurvivesAResetOfTheUnits) {
  PowerModel model(kOptions, 0);
  model.Sample(kSecond, kSecond, 0);
  EXPECT_EQ(model.Sample(2 * kSecond, 0, 0), 25);
}

}  // namespace
}  // namespace moevit::emulation
