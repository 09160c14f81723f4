#include "client/load_schedule.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr LoadWindow kWindow = {.warmup = absl::Seconds(3),
                                .duration = absl::Seconds(97)};

std::vector<absl::Duration> TimesOf(double rate, uint64_t seed) {
  LoadSchedule schedule(rate, kWindow, seed);
  std::vector<absl::Duration> times;
  while (const std::optional<absl::Duration> due = schedule.Next()) {
    times.push_back(*due);
  }
  return times;
}

TEST(LoadScheduleTest, IsTheSameForTheSameSeed) {
  EXPECT_THAT(TimesOf(7, 1), ElementsAreArray(TimesOf(7, 1)));
  EXPECT_THAT(TimesOf(7, 1), Not(ElementsAreArray(TimesOf(7, 2))));
}

TEST(LoadScheduleTest, AscendsAndEndsWithTheWindow) {
  const std::vector<absl::Duration> times = TimesOf(101, 5);
  ASSERT_THAT(times, Not(IsEmpty()));
  EXPECT_GE(times.front(), absl::ZeroDuration());
  EXPECT_LT(times.back(), kWindow.end());
  for (size_t i = 1; i < times.size(); ++i) {
    ASSERT_LE(times[i - 1], times[i]);
  }
}

// The count is Poisson: its variance is its mean.
TEST(LoadScheduleTest, HasTheRateAskedFor) {
  for (const uint64_t seed : {1, 2, 3}) {
    const double expected = 1000 * absl::ToDoubleSeconds(kWindow.end());
    EXPECT_NEAR(static_cast<double>(TimesOf(1000, seed).size()), expected,
                5 * std::sqrt(expected));
  }
}

// Gaps are exponential: in units of their mean, E[gap^2] is 2 and Var[gap^2]
// is 24 - 4.
TEST(LoadScheduleTest, HasGapsThatVaryAsMuchAsTheyLast) {
  const std::vector<absl::Duration> times = TimesOf(1000, 1);
  const auto n = static_cast<double>(times.size());
  double sum_of_squares = 0;
  absl::Duration last = absl::ZeroDuration();
  for (const absl::Duration time : times) {
    sum_of_squares += std::pow(absl::ToDoubleSeconds(time - last) * 1000, 2);
    last = time;
  }
  EXPECT_NEAR(sum_of_squares / n, 2, 5 * std::sqrt(20 / n));
}

TEST(LoadScheduleTest, MaySendNothing) {
  EXPECT_THAT(TimesOf(1e-9, 1), IsEmpty());
}

TEST(LoadWindowTest, LeavesOutTheWarmUp) {
  EXPECT_FALSE(kWindow.Contains(absl::Seconds(2.999)));
  EXPECT_TRUE(kWindow.Contains(absl::Seconds(3)));
  EXPECT_TRUE(kWindow.Contains(absl::Seconds(99.999)));
  EXPECT_FALSE(kWindow.Contains(absl::Seconds(100)));
}

}  // namespace
}  // namespace moevit
