#include "scheduler/drain_rate.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

constexpr absl::Time kFirst = absl::UnixEpoch();

TEST(DrainRateTest, IsASecondUntilSomethingWasMeasured) {
  DrainRate rate;
  EXPECT_EQ(rate.TimeFor(7), absl::Seconds(1));
  rate.Update(kFirst, 0);
  rate.Update(kFirst + absl::Milliseconds(1), 5);
  EXPECT_EQ(rate.TimeFor(7), absl::Seconds(1));
}

TEST(DrainRateTest, FollowsWhatLeft) {
  DrainRate rate;
  for (int i = 0; i <= 30; ++i) {
    rate.Update(kFirst + i * absl::Milliseconds(100), i * 10);
  }
  EXPECT_EQ(rate.TimeFor(50), absl::Milliseconds(500));
  // A hundred times faster for two windows: what was before is forgotten.
  for (int i = 1; i <= 30; ++i) {
    rate.Update(kFirst + absl::Seconds(3) + i * absl::Milliseconds(100),
                300 + i * 1000);
  }
  EXPECT_EQ(rate.TimeFor(5000), absl::Milliseconds(500));
}

TEST(DrainRateTest, StaysWithinItsBounds) {
  DrainRate rate;
  rate.Update(kFirst, 0);
  rate.Update(kFirst + absl::Seconds(1), 1'000'000);
  EXPECT_EQ(rate.TimeFor(1), absl::Milliseconds(10));
  EXPECT_EQ(rate.TimeFor(1e12), absl::Seconds(30));
}

TEST(DrainRateTest, NothingLeavesWhileEveryDeviceIsBlocked) {
  DrainRate rate;
  for (int i = 0; i <= 3; ++i) rate.Update(kFirst + i * absl::Seconds(1), 9);
  EXPECT_EQ(rate.TimeFor(1), absl::Seconds(30));
}

TEST(DrainRateTest, StartsAnewAfterAPause) {
  DrainRate rate;
  rate.Update(kFirst, 0);
  rate.Update(kFirst + absl::Hours(1), 10);
  EXPECT_EQ(rate.TimeFor(1), absl::Seconds(1));
}

}  // namespace
}  // namespace moevit
