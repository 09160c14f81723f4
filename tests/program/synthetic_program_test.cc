#include "program/synthetic_program.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/verify.h"

namespace moevit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(SyntheticProgramTest, GivesValidProgramsOfFullSize) {
  // deit_b and the like take seconds under sanitizers and differ in size only.
  for (const absl::string_view name : {"deit_t", "tiny"}) {
    const auto program = SyntheticProgram(name);
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_TRUE(VerifyProgram(*program).ok()) << VerifyProgram(*program);
    EXPECT_THAT(SyntheticProgramNames(), Contains(name));
  }
}

TEST(SyntheticProgramTest, HasTheShapesOfTheNamedModel) {
  const auto program = SyntheticProgram("deit_t");
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(program->image_size, 224);
  EXPECT_EQ(program->classes, 1000);
  EXPECT_EQ(program->values[0].rows, 197);
  EXPECT_EQ(program->values[0].channels, 192);
}

TEST(SyntheticProgramTest, RefusesOtherNamesListingTheKnownOnes) {
  const absl::Status status = SyntheticProgram("resnet50").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("\"resnet50\" is none of deit_t, deit_s, deit_b, "
                        "m3vit_t, m3vit_s, tiny"));
}

}  // namespace
}  // namespace moevit
