#include "quantize/techniques.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(TechniquesTest, AreAllInOneSchemeAndNoneInTheOther) {
  const Techniques all = Techniques::Of(Scheme::kCoqmoe);
  EXPECT_TRUE(all.per_channel_norm && all.per_channel_qkv &&
              all.search_attention_steps && all.compensate_rounding &&
              all.correct_bias);
  const Techniques none = Techniques::Of(Scheme::kMinMax);
  EXPECT_FALSE(none.per_channel_norm || none.per_channel_qkv ||
               none.search_attention_steps || none.compensate_rounding ||
               none.correct_bias);
}

TEST(TechniquesTest, CanEachBeLeftOut) {
  for (const std::string& name : TechniqueNames()) {
    Techniques techniques;
    EXPECT_TRUE(techniques.Disable(name).ok()) << name;
  }
  Techniques techniques;
  ASSERT_TRUE(techniques.Disable("correct_bias").ok());
  const Techniques both = Both(Techniques::Of(Scheme::kCoqmoe), techniques);
  EXPECT_FALSE(both.correct_bias);
  EXPECT_TRUE(both.compensate_rounding);
}

TEST(TechniquesTest, AreNamedWhereTheyAreLeftOut) {
  Techniques allowed;
  EXPECT_EQ(DescribeScheme(Scheme::kCoqmoe, allowed), "coqmoe");
  ASSERT_TRUE(allowed.Disable("correct_bias").ok());
  EXPECT_EQ(DescribeScheme(Scheme::kCoqmoe, allowed),
            "coqmoe without correct_bias");
  EXPECT_EQ(DescribeScheme(Scheme::kMinMax, allowed), "minmax");
}

TEST(TechniquesTest, ListsTheNamesForOneThatIsUnknown) {
  Techniques techniques;
  const absl::Status status = techniques.Disable("magic");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("\"magic\""));
  EXPECT_THAT(status.message(), HasSubstr("compensate_rounding"));
}

}  // namespace
}  // namespace moevit
