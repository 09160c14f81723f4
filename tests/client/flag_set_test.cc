#include "client/flag_set.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FlagSetTest : public ::testing::Test {
 protected:
  FlagSetTest() {
    flags_.Add({.name = "server", .value_name = "HOST", .help = "an address"},
               &server_);
    flags_.Add({.name = "top", .value_name = "K", .help = "how many"}, &top_);
    flags_.Add({.name = "wait", .value_name = "DURATION", .help = "a time"},
               &wait_);
    flags_.Add({.name = "json", .value_name = "", .help = "as JSON"}, &json_);
  }

  absl::StatusOr<ParsedArguments> Parse(std::vector<std::string> arguments) {
    return flags_.Parse(arguments);
  }

  std::string ErrorOf(std::vector<std::string> arguments) {
    const absl::Status status = flags_.Parse(arguments).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }

  std::string server_ = "localhost";
  int top_ = 3;
  absl::Duration wait_ = absl::Seconds(7);
  bool json_ = false;
  FlagSet flags_;
};

TEST_F(FlagSetTest, KeepsDefaultsWithoutArguments) {
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(server_, "localhost");
  EXPECT_EQ(top_, 3);
  EXPECT_FALSE(json_);
}

TEST_F(FlagSetTest, TakesValuesAfterEqualsSignOrAsNextArgument) {
  ASSERT_TRUE(Parse({"--server=a=b", "--top", "5", "--wait=250ms"}).ok());
  EXPECT_EQ(server_, "a=b");
  EXPECT_EQ(top_, 5);
  EXPECT_EQ(wait_, absl::Milliseconds(250));
}

TEST_F(FlagSetTest, TakesDashesForUnderscores) {
  std::string value;
  flags_.Add({.name = "best_of", .value_name = "WORD", .help = "a word"},
             &value);
  ASSERT_TRUE(Parse({"--best-of=a-b"}).ok());
  EXPECT_EQ(value, "a-b");
}

TEST_F(FlagSetTest, TakesBoolWithOrWithoutValue) {
  ASSERT_TRUE(Parse({"--json", "file"}).ok());
  EXPECT_TRUE(json_);
  ASSERT_TRUE(Parse({"--json=false"}).ok());
  EXPECT_FALSE(json_);
}

TEST_F(FlagSetTest, ReturnsPositionalArgumentsInOrder) {
  const auto parsed = Parse({"b", "--top=1", "-", "a", "--", "--json"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->positional, ElementsAre("b", "-", "a", "--json"));
  EXPECT_FALSE(json_);
}

TEST_F(FlagSetTest, RefusesUnknownFlag) {
  EXPECT_EQ(ErrorOf({"--tip=3"}), "unknown flag --tip");
  EXPECT_EQ(ErrorOf({"-v"}), "unknown flag -v");
}

TEST_F(FlagSetTest, RefusesBadValueNamingFlagAndValue) {
  EXPECT_THAT(ErrorOf({"--top=3x"}), HasSubstr("bad value \"3x\" for --top=K"));
  EXPECT_THAT(ErrorOf({"--top=99999999999"}), HasSubstr("99999999999"));
  EXPECT_THAT(ErrorOf({"--top="}), HasSubstr("bad value \"\""));
  EXPECT_THAT(ErrorOf({"--wait=5"}), HasSubstr("--wait=DURATION"));
  EXPECT_THAT(ErrorOf({"--json=perhaps"}), HasSubstr("perhaps"));
}

TEST_F(FlagSetTest, RefusesFlagWhoseValueIsMissing) {
  EXPECT_EQ(ErrorOf({"--top"}), "--top=K needs a value");
}

TEST_F(FlagSetTest, RefusesMissingRequiredFlag) {
  std::string output;
  flags_.Add({.name = "output",
              .value_name = "DIR",
              .help = "where to write",
              .required = true},
             &output);
  EXPECT_EQ(ErrorOf({"--top=1"}), "--output=DIR is required");
  ASSERT_TRUE(Parse({"--output=x"}).ok());
  EXPECT_EQ(output, "x");
}

TEST_F(FlagSetTest, HelpWinsOverMissingRequiredFlag) {
  std::string output;
  flags_.Add({.name = "output",
              .value_name = "DIR",
              .help = "where to write",
              .required = true},
             &output);
  for (const char* spelling : {"--help", "-h"}) {
    const auto parsed = Parse({spelling});
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_TRUE(parsed->help);
  }
  EXPECT_THAT(flags_.Help(), HasSubstr("where to write (required)"));
}

TEST_F(FlagSetTest, HelpShowsEachFlagWithItsDefault) {
  EXPECT_EQ(flags_.Help(),
            "  --server=HOST\n      an address (default: localhost)\n"
            "  --top=K\n      how many (default: 3)\n"
            "  --wait=DURATION\n      a time (default: 7s)\n"
            "  --json\n      as JSON\n");
}

}  // namespace
}  // namespace moevit
