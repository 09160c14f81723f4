#include "scheduler/experts/expert_groups.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

struct Groups {
  std::vector<int32_t> first;
  std::vector<int32_t> order;
};

Groups Group(const std::vector<uint16_t>& experts, int count) {
  Groups groups;
  groups.first.assign(count + 1, -1);
  groups.order.assign(experts.size(), -1);
  GroupByExpert(experts, absl::MakeSpan(groups.first),
                absl::MakeSpan(groups.order));
  return groups;
}

TEST(GroupByExpertTest, KeepsTheOrderOfAssignmentsInEachGroup) {
  const Groups groups = Group({2, 0, 2, 3, 0, 2}, 4);
  EXPECT_THAT(groups.first, ElementsAre(0, 2, 2, 5, 6));
  EXPECT_THAT(groups.order, ElementsAre(1, 4, 0, 2, 5, 3));
}

TEST(GroupByExpertTest, OneExpertMayTakeAll) {
  const Groups groups = Group({1, 1, 1}, 3);
  EXPECT_THAT(groups.first, ElementsAre(0, 0, 3, 3));
  EXPECT_THAT(groups.order, ElementsAre(0, 1, 2));
}

TEST(GroupByExpertTest, NoAssignmentsGiveEmptyGroups) {
  EXPECT_THAT(Group({}, 5).first, Each(0));
}

TEST(GroupByExpertTest, EqualsAStableSort) {
  std::mt19937 random(1);
  for (int run = 0; run < 50; ++run) {
    const int count = 1 + static_cast<int>(random() % 20);
    std::vector<uint16_t> experts(random() % 300);
    for (uint16_t& expert : experts) {
      expert = static_cast<uint16_t>(random() % count);
    }
    const Groups groups = Group(experts, count);
    std::vector<int32_t> expected(experts.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      expected[i] = static_cast<int32_t>(i);
    }
    std::stable_sort(
        expected.begin(), expected.end(),
        [&](int32_t a, int32_t b) { return experts[a] < experts[b]; });
    EXPECT_EQ(expected, groups.order);
    for (int e = 0; e < count; ++e) {
      EXPECT_EQ(std::count(experts.begin(), experts.end(), e),
                groups.first[e + 1] - groups.first[e]);
    }
  }
}

TEST(TokensOfTest, DividesAssignmentsByTheirChoices) {
  std::vector<int32_t> tokens(5);
  TokensOf({0, 5, 2, 3, 14}, 3, absl::MakeSpan(tokens));
  EXPECT_THAT(tokens, ElementsAre(0, 1, 0, 1, 4));
}

TEST(RowsInTilesTest, RoundsEveryGroupUp) {
  EXPECT_EQ(RowsInTiles({0, 1, 1, 9, 17}, 8), 8 + 0 + 8 + 8);
  EXPECT_EQ(RowsInTiles({0, 1, 1, 9, 17}, 1), 17);
  EXPECT_EQ(RowsInTiles({0, 0, 0}, 64), 0);
}

}  // namespace
}  // namespace moevit
