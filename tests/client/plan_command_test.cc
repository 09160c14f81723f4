#include "client/plan_command.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using PlanCommandTest = CommandTest<PlanCommand>;

TEST_F(PlanCommandTest, PrintsModelledAndPublishedFiguresApart) {
  ASSERT_EQ(Run({"--model=models/cifar10-moe-vit/1", "--card=u55c"}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(
      out_.str(),
      AllOf(StartsWith("MODELLED: models/cifar10-moe-vit/1 on a u55c at 250 "
                       "MHz, batch 8, 9 batches in flight."),
            HasSubstr("| expert_combine "), HasSubstr("| linear units "),
            HasSubstr("| DSP | "), HasSubstr("\nPUBLISHED by others"),
            Not(HasSubstr("attn.qkv"))));
}

TEST_F(PlanCommandTest, PrintsARowForEachOp) {
  ASSERT_EQ(Run({"--model=models/cifar10-moe-vit/1", "--ops"}), kExitSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("| blocks.0.attn.qkv "));
}

TEST_F(PlanCommandTest, PrintsJson) {
  ASSERT_EQ(Run({"--synthetic=tiny", "--batch=4", "--clock_mhz=300",
                 "--in_flight=2", "--units=2,1,1", "--json"}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(err_.str(), IsEmpty());
  const Json json = Json::parse(out_.str());
  EXPECT_EQ(json["model"], "tiny");
  EXPECT_EQ(json["batch"], 4);
  EXPECT_EQ(json["batches_in_flight"], 2);
  EXPECT_EQ(json["card"]["megahertz"], 300);
  EXPECT_EQ(json["card"]["linear"]["units"], 2);
  const Json& result = json["MODELLED"]["result"];
  EXPECT_GT(result["images_per_second"], 0);
  EXPECT_GT(result["watts"], 0);
  double busiest = 0;
  for (const Json& stage : result["stages"]) {
    busiest = std::max(busiest, stage["busy"].get<double>());
  }
  EXPECT_DOUBLE_EQ(busiest, 1.0);
  EXPECT_FALSE(json["MODELLED"]["ops"].empty());
  EXPECT_EQ(json["MODELLED"]["budget"][0]["resource"], "DSP");
  EXPECT_FALSE(json["PUBLISHED"].empty());
}

TEST_F(PlanCommandTest, WritesTheConfigurationItFoundAndTheRoofline) {
  const std::string header = ::testing::TempDir() + "/plan_command_card.h";
  const std::string roofline = ::testing::TempDir() + "/plan_command.svg";
  ASSERT_EQ(Run({"--synthetic=tiny", "--optimize", "--dsp_limit=2635",
                 absl::StrCat("--output=", header),
                 absl::StrCat("--roofline=", roofline)}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("configurations that fit"));
  const auto written = ReadFile(header, 1 << 16);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, AllOf(HasSubstr("struct U280Optimized : U280 {"),
                              HasSubstr("tiny, batch 8: ")));
  const auto svg = ReadFile(roofline, 1 << 20);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_THAT(*svg, HasSubstr("tiny on a u280 at 250 MHz (MODELLED)"));
}

TEST_F(PlanCommandTest, RefusesUnitsBeyondTheBudgetNamingBoth) {
  EXPECT_EQ(Run({"--synthetic=tiny", "--dsp_limit=2635"}), kExitFailure);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("do not fit a u280: DSP: they need "),
                                HasSubstr("the limit is 2635")));
  EXPECT_EQ(Run({"--synthetic=tiny", "--units=4,3,1"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("do not fit a u280"));
}

TEST_F(PlanCommandTest, AsksForOneModel) {
  EXPECT_EQ(Run({}), kExitFailure);
  EXPECT_THAT(err_.str(),
              HasSubstr("give either --model=DIR or --synthetic=deit_t|"));
  EXPECT_EQ(Run({"--synthetic=tiny", "--model=models/cifar10-moe-vit/1"}),
            kExitFailure);
  EXPECT_EQ(Run({"--model=/nonexistent/model"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/model"));
}

TEST_F(PlanCommandTest, SaysWhereItCannotWrite) {
  EXPECT_EQ(Run({"--synthetic=tiny", "--roofline=/nonexistent/r.svg"}),
            kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/r.svg"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(PlanCommandTest, RefusesFlagsOutOfRange) {
  const BadFlag flags[] = {
      {"--card=u50", "--card: \"u50\" is none of u250, u280, u55c"},
      {"--batch=0", "--batch is 0; it must be in [1, 1024]"},
      {"--batch=1025", "--batch is 1025"},
      {"--in_flight=-1", "--in_flight is -1"},
      {"--clock_mhz=199", "--clock_mhz is 199; it must be in [200, "},
      {"--clock_mhz=301", "300]"},
      {"--dsp_limit=-5", "--dsp_limit is -5"},
      {"--units=1,1",
       "--units is \"1,1\"; it must be three numbers in [1, 16]"},
      {"--units=1,0,1", "--units is \"1,0,1\""},
      {"--units=1,x,1", "--units is \"1,x,1\""},
      {"--output=card.h", "--output is \"card.h\" without --optimize"},
      {"stray", "\"stray\" is not a flag"}};
  for (const BadFlag& bad : flags) {
    EXPECT_NE(Run({"--synthetic=tiny", bad.flag}), kExitSuccess) << bad.flag;
    EXPECT_THAT(err_.str(), HasSubstr(bad.message));
    EXPECT_THAT(out_.str(), IsEmpty());
  }
  EXPECT_NE(Run({"--synthetic=tiny", "--optimize", "--units=1,1,1"}),
            kExitSuccess);
  EXPECT_THAT(err_.str(), HasSubstr("--optimize chooses them"));
}

TEST_F(PlanCommandTest, RefusesUnknownShapesListingTheKnownOnes) {
  EXPECT_EQ(Run({"--synthetic=deit_xxl"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--synthetic: \"deit_xxl\" is none of "
                                    "deit_t, deit_s"));
}

}  // namespace
}  // namespace moevit
