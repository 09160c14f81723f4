#include "client/load_search.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Lt;

TEST(FindHighestRateTest, ComesWithinItsSteps) {
  const absl::StatusOr<double> rate = FindHighestRate(
      {.highest = 128, .steps = 7}, [](double tried) { return tried <= 77.3; });
  ASSERT_TRUE(rate.ok());
  EXPECT_EQ(*rate, 77);
}

TEST(FindHighestRateTest, SaysZeroWhereNothingIsSustained) {
  std::vector<double> tried;
  const absl::StatusOr<double> rate =
      FindHighestRate({.highest = 80, .steps = 3}, [&tried](double one) {
        tried.push_back(one);
        return false;
      });
  EXPECT_EQ(*rate, 0);
  EXPECT_THAT(tried, ElementsAre(40, 20, 10));
}

TEST(FindHighestRateTest, StaysBelowTheHighest) {
  std::vector<double> tried;
  const absl::StatusOr<double> rate =
      FindHighestRate({.highest = 80, .steps = 5}, [&tried](double one) {
        tried.push_back(one);
        return true;
      });
  EXPECT_EQ(*rate, 77.5);
  EXPECT_THAT(tried, Each(Lt(80)));
}

TEST(FindHighestRateTest, EndsWithTheFirstError) {
  int calls = 0;
  const absl::StatusOr<double> rate = FindHighestRate(
      {.highest = 80}, [&calls](double) -> absl::StatusOr<bool> {
        if (++calls == 2) return absl::UnavailableError("gone");
        return true;
      });
  EXPECT_EQ(rate.status(), absl::UnavailableError("gone"));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace moevit
