#include "scheduler/queue_policy.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(QueuePolicyTest, LevelsThatDoNotExistAreTheDefault) {
  QueuePolicy policy;
  policy.priority_levels = 3;
  policy.default_priority_level = 2;
  EXPECT_EQ(policy.LevelFor(0), 2);
  EXPECT_EQ(policy.LevelFor(1), 1);
  EXPECT_EQ(policy.LevelFor(3), 3);
  EXPECT_EQ(policy.LevelFor(4), 2);
  EXPECT_EQ(policy.LevelFor(std::numeric_limits<uint64_t>::max()), 2);
}

TEST(QueuePolicyTest, ATimeoutCanOnlyBecomeShorter) {
  QueuePolicy policy;
  policy.default_timeout = absl::Seconds(2);
  EXPECT_EQ(policy.TimeoutFor(absl::ZeroDuration()), absl::Seconds(2));
  EXPECT_EQ(policy.TimeoutFor(absl::Seconds(1)), absl::Seconds(1));
  EXPECT_EQ(policy.TimeoutFor(absl::Seconds(3)), absl::Seconds(2));
  policy.allow_timeout_override = false;
  EXPECT_EQ(policy.TimeoutFor(absl::Seconds(1)), absl::Seconds(2));
}

TEST(QueuePolicyTest, NamesTheBadValue) {
  EXPECT_TRUE(QueuePolicy().Validate().ok());
  QueuePolicy policy;
  policy.priority_levels = 0;
  EXPECT_THAT(policy.Validate().message(), HasSubstr("is 0"));
  policy = QueuePolicy();
  policy.default_priority_level = 2;
  EXPECT_THAT(policy.Validate().message(), HasSubstr("is 2"));
  policy = QueuePolicy();
  policy.default_timeout = absl::ZeroDuration();
  EXPECT_THAT(policy.Validate().message(), HasSubstr("positive"));
  policy = QueuePolicy();
  policy.starvation_limit = absl::Seconds(-1);
  EXPECT_THAT(policy.Validate().message(), HasSubstr("-1s"));
}

}  // namespace
}  // namespace moevit
