#include "client/bench_command.h"

#include <string>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/cpu/isa.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using BenchCommandTest = CommandTest<BenchCommand>;

TEST_F(BenchCommandTest, PrintsEveryCaseAsJson) {
  ASSERT_EQ(Run({"--synthetic=tiny", "--batch=1,3", "--threads=2",
                 "--repeats=2", "--cpu_time", "--ops", "--json"}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(err_.str(), IsEmpty());
  const Json json = Json::parse(out_.str());
  EXPECT_FALSE(json["machine"]["processor"].get<std::string>().empty());
  EXPECT_GE(json["machine"]["processors"], 1);
  EXPECT_FALSE(json["build"]["commit"].get<std::string>().empty());
  EXPECT_EQ(json["clock"], "processor");
  ASSERT_EQ(json["cases"].size(), 2);
  for (const Json& one : json["cases"]) {
    EXPECT_EQ(one["model"], "tiny");
    EXPECT_EQ(one["images_per_second"]["samples"].size(), 2);
    EXPECT_GT(one["images_per_second"]["median"], 0);
    EXPECT_GT(one["of_peak"]["median"], 0);
    EXPECT_GT(one["multiplications_per_image"], 100'000'000);
    EXPECT_GT(one["weight_bytes"], 3'000'000);
    EXPECT_FALSE(one["ops"].empty());
  }
  EXPECT_EQ(json["cases"][0]["batch"], 1);
  EXPECT_EQ(json["cases"][1]["batch"], 3);
  EXPECT_EQ(json["cases"][1]["threads"], 2);
  EXPECT_GT(json["cases"][1]["activation_bytes"],
            json["cases"][0]["activation_bytes"]);
}

TEST_F(BenchCommandTest, PrintsTablesOfModelsAndOps) {
  ASSERT_EQ(Run({"--model=models/cifar10-moe-vit/1", "--batch=1", "--repeats=1",
                 "--isa=portable", "--ops"}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("| models/cifar10-moe-vit/1 |     1 |       1 |"),
                    HasSubstr("portable; moevit "), HasSubstr(", commit "),
                    HasSubstr("| mlp.htoh4 "), HasSubstr("| attn.qkv ")));
}

TEST_F(BenchCommandTest, ShowsOpsOnlyWhenAsked) {
  ASSERT_EQ(Run({"--synthetic=tiny", "--batch=1", "--repeats=1"}),
            kExitSuccess);
  EXPECT_THAT(out_.str(), Not(HasSubstr("attn.qkv")));
}

TEST_F(BenchCommandTest, AsksForAModelNamingTheSyntheticOnes) {
  EXPECT_EQ(Run({}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("give --model=DIR or --synthetic=deit_t|"));
}

TEST_F(BenchCommandTest, RefusesUnknownNamesListingTheKnownOnes) {
  EXPECT_EQ(Run({"--synthetic=deit_xxl"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--synthetic: \"deit_xxl\" is none of "
                                    "deit_t, deit_s, deit_b, m3vit_t"));
  EXPECT_EQ(Run({"--synthetic=tiny", "--isa=sse9"}), kExitFailure);
  EXPECT_THAT(err_.str(),
              HasSubstr("--isa: \"sse9\" is none of portable, avx2"));
  EXPECT_EQ(Run({"--model=/nonexistent/model"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/model"));
}

TEST_F(BenchCommandTest, RefusesFlagsOutOfRange) {
  const BadFlag flags[] = {
      {"--batch=0", "--batch is \"0\"; it must be a number in [1, 1024]"},
      {"--batch=8,-2", "--batch is \"-2\""},
      {"--batch=1025", "--batch is \"1025\""},
      {"--batch=99999999999", "--batch is \"99999999999\""},
      {"--batch=", "--batch is empty"},
      {"--batch=1,,8", "--batch is \"\""},
      {"--threads=two", "--threads is \"two\""},
      {"--threads=2000", "it must be a number in [1, 1024]"},
      {"--repeats=-1", "--repeats is -1; it must be in [1, 1000]"},
      {"stray", "\"stray\" is not a flag"}};
  for (const BadFlag& bad : flags) {
    EXPECT_NE(Run({"--synthetic=tiny", bad.flag}), kExitSuccess) << bad.flag;
    EXPECT_THAT(err_.str(), HasSubstr(bad.message));
    EXPECT_THAT(out_.str(), IsEmpty());
  }
}

}  // namespace
}  // namespace moevit
