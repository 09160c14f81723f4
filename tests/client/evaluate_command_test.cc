#include "client/evaluate_command.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/quantized_model.h"
#include "program/random_model.h"
#include "program/random_program.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

class EvaluateCommandTest : public CommandTest<EvaluateCommand> {
 protected:
  EvaluateCommandTest()
      : root_(fs::path(::testing::TempDir()) /
              absl::StrCat("evaluate_command_test.", getpid())) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~EvaluateCommandTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const {
    return (root_ / name).string();
  }

  // "--flag=PATH" for something in the test's directory.
  std::string Flag(const std::string& flag, const std::string& name) const {
    return absl::StrCat("--", flag, "=", Path(name));
  }

  void SaveModel(const std::string& name, uint32_t seed) {
    RandomProgramOptions options;
    options.seed = seed;
    const absl::Status status =
        SaveQuantizedModel(RandomModel(options), Path(name));
    ASSERT_TRUE(status.ok()) << status;
  }

  // Images of the size that SaveModel's models have, all of class 1.
  void SaveDataset(const std::string& name, int images) {
    const RandomProgramOptions options;
    const std::vector<uint8_t> pixels =
        RandomPixels(RandomProgram(options), images, /*seed=*/3);
    std::string content(pixels.begin(), pixels.end());
    content.append(images, '\1');
    ASSERT_TRUE(WriteFile(Path(name), content).ok());
  }

  const fs::path root_;
};

TEST_F(EvaluateCommandTest, AsksForModelAndDataset) {
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--model=DIR is required"));
  EXPECT_EQ(Run({"--model=m"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--dataset=FILE|DIR is required"));
}

TEST_F(EvaluateCommandTest, NamesModelThatIsMissing) {
  EXPECT_EQ(Run({"--model=/nonexistent/model", "--dataset=d"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/model"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(EvaluateCommandTest, RefusesNumberOfThreadsOutOfRange) {
  EXPECT_EQ(Run({"--model=m", "--dataset=d", "--threads=-1"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--threads is -1; it must be in [0,"));
}

TEST_F(EvaluateCommandTest, NamesDatasetThatIsMissing) {
  SaveModel("model", /*seed=*/1);
  EXPECT_EQ(Run({Flag("model", "model"), Flag("dataset", "gone")}),
            kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("gone")));
}

TEST_F(EvaluateCommandTest, MeasuresQuantizedModelOnRawImages) {
  SaveModel("model", /*seed=*/1);
  SaveDataset("images.bin", /*images=*/11);
  ASSERT_EQ(Run({Flag("model", "model"), Flag("dataset", "images.bin"),
                 "--threads=2", "--json"}),
            kExitSuccess)
      << err_.str();
  const Json json = Json::parse(out_.str());
  EXPECT_EQ(json["images"], 11);
  EXPECT_FALSE(json.contains("comparison"));
}

TEST_F(EvaluateCommandTest, ComparesTwoModelsOnPartOfTheImages) {
  SaveModel("model", /*seed=*/1);
  SaveModel("other", /*seed=*/2);
  SaveDataset("images.bin", /*images=*/11);
  ASSERT_EQ(Run({Flag("model", "model"), Flag("against", "other"),
                 Flag("dataset", "images.bin"), "--limit=5", "--json"}),
            kExitSuccess)
      << err_.str();
  const Json json = Json::parse(out_.str());
  EXPECT_EQ(json["images"], 5);
  EXPECT_TRUE(json.contains("comparison"));
}

}  // namespace
}  // namespace moevit
