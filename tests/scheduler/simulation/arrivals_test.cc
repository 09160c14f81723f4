#include "scheduler/simulation/arrivals.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<absl::Duration> Take(Arrivals& arrivals, int count) {
  std::vector<absl::Duration> times;
  times.reserve(count);
  for (int i = 0; i < count; ++i) times.push_back(*arrivals.Next());
  return times;
}

// The variance of the arrivals in each second over their mean: 1 for Poisson.
double Dispersion(Arrivals& arrivals, int seconds) {
  std::vector<double> counts(seconds);
  while (true) {
    const double second = std::floor(absl::ToDoubleSeconds(*arrivals.Next()));
    if (second >= seconds) break;
    ++counts[static_cast<size_t>(second)];
  }
  double mean = 0;
  for (const double count : counts) mean += count / seconds;
  double variance = 0;
  for (const double count : counts) {
    variance += (count - mean) * (count - mean) / seconds;
  }
  return variance / mean;
}

TEST(ArrivalsTest, PoissonHasItsRate) {
  const auto arrivals = NewPoissonArrivals(250, /*seed=*/3);
  const double seconds = absl::ToDoubleSeconds(Take(*arrivals, 40000).back());
  // The standard deviation of 40,000 gaps together is 0.5 %.
  EXPECT_NEAR(40000 / seconds, 250, 250 * 0.015);
}

TEST(ArrivalsTest, PoissonDoesNotCluster) {
  const auto arrivals = NewPoissonArrivals(100, /*seed=*/1);
  // The estimate's standard deviation is sqrt(2 / seconds), 3 %.
  EXPECT_NEAR(Dispersion(*arrivals, 2000), 1, 0.1);
}

TEST(ArrivalsTest, BurstyHasItsMeanRateAndClusters) {
  const auto arrivals = NewBurstyArrivals(100, BurstOptions(), /*seed=*/1);
  const double seconds = absl::ToDoubleSeconds(Take(*arrivals, 200000).back());
  EXPECT_NEAR(200000 / seconds, 100, 10);
  const auto again = NewBurstyArrivals(100, BurstOptions(), /*seed=*/1);
  EXPECT_GT(Dispersion(*again, 2000), 10);
}

TEST(ArrivalsTest, BurstsMayBeAllThereIs) {
  const auto arrivals =
      NewBurstyArrivals(100, {.factor = 5, .share = 0.2}, /*seed=*/2);
  absl::Duration last;
  for (const absl::Duration time : Take(*arrivals, 1001)) {
    EXPECT_GE(time, last);
    last = time;
  }
}

TEST(ArrivalsTest, TheSameSeedGivesTheSameTimes) {
  EXPECT_EQ(Take(*NewBurstyArrivals(7, {}, 5), 99),
            Take(*NewBurstyArrivals(7, {}, 5), 99));
  EXPECT_NE(Take(*NewPoissonArrivals(7, 5), 99),
            Take(*NewPoissonArrivals(7, 6), 99));
}

TEST(ArrivalsTest, RefusesBurstsThatMakeNoSense) {
  EXPECT_THAT(BurstOptions{.share = 0}.Validate().message(),
              HasSubstr("share of bursts is 0"));
  EXPECT_THAT(BurstOptions{.share = 1}.Validate().message(),
              HasSubstr("share of bursts is 1"));
  EXPECT_THAT((BurstOptions{.factor = 6, .share = 0.2}.Validate().message()),
              HasSubstr("factor of bursts is 6"));
  EXPECT_THAT((BurstOptions{.factor = 0.5}.Validate().message()),
              HasSubstr("factor of bursts is 0.5"));
  EXPECT_FALSE(
      BurstOptions{.mean_burst = absl::ZeroDuration()}.Validate().ok());
  EXPECT_TRUE(BurstOptions().Validate().ok());
}

TEST(ArrivalsTest, RecordedArrivalsEnd) {
  const auto arrivals =
      NewRecordedArrivals({absl::Seconds(1), absl::Seconds(2)});
  EXPECT_EQ(arrivals->Next(), absl::Seconds(1));
  EXPECT_EQ(arrivals->Next(), absl::Seconds(2));
  EXPECT_FALSE(arrivals->Next().has_value());
  EXPECT_FALSE(arrivals->Next().has_value());
}

TEST(ParseArrivalsTest, ReadsSecondsAndUnitsFromTheFirstOn) {
  const auto arrivals =
      ParseArrivals("# a comment\n10\n\n10.25\r\n 10400ms\n10500000us", "log");
  ASSERT_TRUE(arrivals.ok()) << arrivals.status();
  EXPECT_THAT(*arrivals,
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(250),
                          absl::Milliseconds(400), absl::Milliseconds(500)));
}

TEST(ParseArrivalsTest, AdmitsArrivalsAtTheSameMoment) {
  EXPECT_EQ(ParseArrivals("-1\n-1\n-1\n", "log")->size(), 3);
}

TEST(ParseArrivalsTest, NamesTheLineThatIsNoTime) {
  for (const char* bad : {"1s2", "abc", "1 2", "nan", "inf", "1e999"}) {
    const auto arrivals =
        ParseArrivals(absl::StrCat("1\n", bad, "\n"), "some.log");
    EXPECT_EQ(arrivals.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(arrivals.status().message(),
                HasSubstr(absl::StrCat("some.log:2: \"", bad, "\"")));
  }
}

TEST(ParseArrivalsTest, NamesTheLineThatGoesBack) {
  EXPECT_THAT(ParseArrivals("1\n3\n2.5\n4\n", "log").status().message(),
              HasSubstr("log:3: \"2.5\""));
}

TEST(ParseArrivalsTest, RefusesTextWithoutArrivals) {
  for (const char* text : {"", "\n\n", "# nothing\n"}) {
    EXPECT_THAT(ParseArrivals(text, "log").status().message(),
                HasSubstr("log has no arrivals"));
  }
}

}  // namespace
}  // namespace moevit
