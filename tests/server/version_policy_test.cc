#include "server/version_policy.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<int64_t> Selected(const std::string& policy) {
  return VersionPolicy::Parse(policy)->Select({1, 3, 10});
}

TEST(VersionPolicyTest, SelectsAllTheLatestOrThoseNamed) {
  EXPECT_THAT(Selected("all"), ElementsAre(1, 3, 10));
  EXPECT_THAT(Selected("latest:1"), ElementsAre(10));
  EXPECT_THAT(Selected("latest:2"), ElementsAre(3, 10));
  EXPECT_THAT(Selected("latest:7"), ElementsAre(1, 3, 10));
  EXPECT_THAT(Selected("specific:10,1,2"), ElementsAre(1, 10));
  EXPECT_THAT(Selected("specific:2"), IsEmpty());
}

TEST(VersionPolicyTest, NamesWhatIsNoPolicy) {
  for (const char* text :
       {"", "newest", "latest", "latest:0", "latest:-1", "latest:x",
        "specific:", "specific:1,,2", "specific:01", "specific:../1"}) {
    EXPECT_EQ(VersionPolicy::Parse(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_THAT(VersionPolicy::Parse("newest").status().message(),
              HasSubstr("version_policy is 'newest'"));
}

TEST(VersionPoliciesTest, AModelCanHaveItsOwn) {
  const auto policies = VersionPolicies::Parse("latest:1;birds=specific:1,3");
  ASSERT_TRUE(policies.ok()) << policies.status();
  EXPECT_EQ(policies->Of("birds").ToString(), "specific:1,3");
  EXPECT_EQ(policies->Of("fish").ToString(), "latest:1");
  EXPECT_EQ(VersionPolicies::Parse("birds=latest:1")->Of("fish").ToString(),
            "all");
}

TEST(VersionPoliciesTest, RefusesTwoForTheSameModels) {
  EXPECT_THAT(VersionPolicies::Parse("all;latest:1").status().message(),
              HasSubstr("two policies for all models"));
  EXPECT_THAT(VersionPolicies::Parse("a=all;a=latest:1").status().message(),
              HasSubstr("two policies for a"));
}

}  // namespace
}  // namespace moevit
