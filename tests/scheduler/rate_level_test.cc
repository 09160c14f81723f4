#include "scheduler/rate_level.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

class RateLevelTest : public ::testing::Test {
 protected:
  void Record(int images, double per_second) {
    for (int i = 0; i < images; ++i) {
      seconds_ += 1 / per_second;
      rate_.RecordArrival(seconds_);
    }
  }

  RateLevel rate_;
  double seconds_ = 1e5;
};

TEST_F(RateLevelTest, IsUnknownBeforeEnoughArrivals) {
  EXPECT_FALSE(rate_.known());
  Record(RateLevel::kWindow, 100);
  EXPECT_FALSE(rate_.known());
  Record(1, 100);
  EXPECT_TRUE(rate_.known());
}

TEST_F(RateLevelTest, IsTheNextPowerOfTwo) {
  Record(200, 100);
  EXPECT_EQ(rate_.level(), 7);
}

TEST_F(RateLevelTest, LeavesItsLevelWithinAWindow) {
  Record(1000, 100);
  Record(RateLevel::kWindow, 1000);
  EXPECT_GE(rate_.level(), 9);
  Record(RateLevel::kWindow, 10);
  EXPECT_LE(rate_.level(), 4);
}

TEST_F(RateLevelTest, SmallChangesCountInTheLongRun) {
  Record(1000, 128);
  Record(RateLevel::kWindow, 220);
  EXPECT_EQ(rate_.level(), 7);
  Record(20'000, 220);
  EXPECT_EQ(rate_.level(), 8);
}

TEST_F(RateLevelTest, ARateBetweenTwoLevelsStaysInOne) {
  Record(1000, 128);
  for (int i = 0; i < 20; ++i) {
    Record(200, i % 2 == 0 ? 160 : 200);
    EXPECT_EQ(rate_.level(), 7) << i;
  }
}

TEST_F(RateLevelTest, APauseIsALowRate) {
  Record(200, 1000);
  Record(1, 0.001);
  EXPECT_EQ(rate_.level(), RateLevel::kLowest);
}

TEST_F(RateLevelTest, AClockThatStandsStillIsTheHighest) {
  for (int i = 0; i < 200; ++i) rate_.RecordArrival(seconds_);
  EXPECT_EQ(rate_.level(), RateLevel::kHighest);
}

}  // namespace
}  // namespace moevit
