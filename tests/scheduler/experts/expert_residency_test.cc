#include "scheduler/experts/expert_residency.h"

#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

std::vector<ResidencyLevel> ChipAndHbm(int64_t chip, int64_t hbm) {
  return {{"chip", {.budget_bytes = chip}}, {"hbm", {.budget_bytes = hbm}}};
}

using Move = std::tuple<int, int, bool>;

std::vector<Move> Use(ExpertResidency& residency, int expert) {
  std::vector<WeightMove> moves;
  const absl::StatusOr<bool> hit = residency.Acquire(expert, &moves);
  EXPECT_TRUE(hit.ok()) << hit.status();
  residency.Release(expert);
  std::vector<Move> result;
  for (const WeightMove& move : moves) {
    result.push_back({move.level, move.expert, move.evict});
  }
  EXPECT_EQ(hit.value_or(false), result.empty());
  return result;
}

TEST(ExpertResidencyTest, WeightsComeInLevelByLevel) {
  auto residency = ExpertResidency::Create(ChipAndHbm(1, 2), {1, 1, 1});
  ASSERT_TRUE(residency.ok()) << residency.status();
  EXPECT_EQ(residency->LevelOf(0), 2);
  EXPECT_THAT(Use(*residency, 0),
              ElementsAre(Move(1, 0, false), Move(0, 0, false)));
  EXPECT_EQ(residency->LevelOf(0), 0);
  EXPECT_THAT(Use(*residency, 0), ElementsAre());
  EXPECT_THAT(
      Use(*residency, 1),
      ElementsAre(Move(1, 1, false), Move(0, 0, true), Move(0, 1, false)));
  EXPECT_EQ(residency->LevelOf(0), 1);
  EXPECT_THAT(Use(*residency, 0),
              ElementsAre(Move(0, 1, true), Move(0, 0, false)));
}

TEST(ExpertResidencyTest, EachLevelCountsItsOwnTraffic) {
  auto residency =
      ExpertResidency::Create(ChipAndHbm(10, 60), std::vector<int64_t>(6, 10));
  ASSERT_TRUE(residency.ok());
  for (int batch = 0; batch < 3; ++batch) {
    for (int e = 0; e < 6; ++e) Use(*residency, e);
    residency->NextEpoch();
  }
  EXPECT_EQ(residency->cache(1).statistics().bytes_loaded, 60);
  EXPECT_EQ(residency->cache(0).statistics().bytes_loaded, 180);
  EXPECT_EQ(residency->name(1), "hbm");
}

TEST(ExpertResidencyTest, RefusesAnExpertLargerThanALevel) {
  const absl::Status status =
      ExpertResidency::Create(ChipAndHbm(9, 100), {5, 10}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(
      status.message(), "10 bytes, more than the 9 bytes of level \"chip\""))
      << status;
}

TEST(ExpertResidencyTest, AModelSeveralTimesTheBudgetGoesOnRunning) {
  auto residency =
      ExpertResidency::Create(ChipAndHbm(3, 12), std::vector<int64_t>(96, 1));
  ASSERT_TRUE(residency.ok());
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    Use(*residency, static_cast<int>(random() % 96));
    for (int level = 0; level < residency->levels(); ++level) {
      EXPECT_LE(residency->cache(level).used_bytes(),
                residency->cache(level).budget_bytes());
    }
  }
  EXPECT_GT(residency->cache(1).statistics().hits, 0);
}

TEST(ExpertResidencyTest, ANearLevelThatIsFullIsAnErrorThatNamesTheExpert) {
  auto residency = ExpertResidency::Create(ChipAndHbm(1, 2), {1, 1});
  ASSERT_TRUE(residency.ok());
  std::vector<WeightMove> moves;
  ASSERT_TRUE(residency->Acquire(0, &moves).ok());
  const absl::Status status = residency->Acquire(1, &moves).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  // It got as far as there was room.
  EXPECT_EQ(residency->LevelOf(1), 1);
}

}  // namespace
}  // namespace moevit
