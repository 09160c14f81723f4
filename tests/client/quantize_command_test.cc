#include "client/quantize_command.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/config.h"
#include "model/safetensors_writer.h"
#include "program/quantized_model.h"
#include "tests/client/command_test.h"
#include "tests/quantize/random_checkpoint.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

namespace fs = std::filesystem;

// A random dense model on disk, images to calibrate it with, and room for what
// the command writes.
class QuantizeCommandTest : public CommandTest<QuantizeCommand> {
 protected:
  QuantizeCommandTest()
      : root_(fs::path(::testing::TempDir()) /
              absl::StrCat("quantize_command_test.", getpid())) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "out");
    SaveCheckpoint(RandomCheckpoint(SmallDenseConfig(), /*seed=*/1));
    SaveImages("images.bin", /*count=*/5);
  }
  ~QuantizeCommandTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& name) const {
    return (root_ / name).string();
  }

  void SaveCheckpoint(const Checkpoint& checkpoint) {
    const ModelConfig& config = checkpoint.config;
    const int64_t width = config.width;
    fs::create_directories(Path("checkpoint"));
    ASSERT_TRUE(
        WriteFile(Path("checkpoint/config.json"), ModelConfigToJson(config))
            .ok());
    SafetensorsWriter file;
    Add(&file, "cls_token", {1, 1, width}, checkpoint.prefix_tokens);
    Add(&file, "pos_embed", {1, config.tokens(), width}, checkpoint.positions);
    Add(&file, "patch_embed.proj.weight",
        {width, config.channels, config.patch_size, config.patch_size},
        checkpoint.patch_embed.weight);
    Add(&file, "patch_embed.proj.bias", {width}, checkpoint.patch_embed.bias);
    for (size_t i = 0; i < checkpoint.blocks.size(); ++i) {
      const BlockWeights& block = checkpoint.blocks[i];
      const std::string name = absl::StrCat("blocks.", i, ".");
      AddNorm(&file, name + "norm1", block.norm1);
      AddLinear(&file, name + "attn.qkv", block.qkv);
      AddLinear(&file, name + "attn.proj", block.proj);
      AddNorm(&file, name + "norm2", block.norm2);
      AddLinear(&file, name + "mlp.fc1", block.mlps[0].fc1);
      AddLinear(&file, name + "mlp.fc2", block.mlps[0].fc2);
    }
    AddNorm(&file, "norm", *checkpoint.norm);
    AddLinear(&file, "head", checkpoint.head);
    ASSERT_TRUE(file.Write(Path("checkpoint/model.safetensors")).ok());
  }

  static void Add(SafetensorsWriter* file, const std::string& name,
                  std::vector<int64_t> shape,
                  const std::vector<float>& values) {
    const absl::Status status =
        file->Add<float>(name, std::move(shape), values);
    EXPECT_TRUE(status.ok()) << status;
  }
  static void AddLinear(SafetensorsWriter* file, const std::string& name,
                        const LinearWeights& layer) {
    Add(file, name + ".weight", {layer.out, layer.in}, layer.weight);
    Add(file, name + ".bias", {layer.out}, layer.bias);
  }
  static void AddNorm(SafetensorsWriter* file, const std::string& name,
                      const LayerNormWeights& norm) {
    const auto width = static_cast<int64_t>(norm.gamma.size());
    Add(file, name + ".weight", {width}, norm.gamma);
    Add(file, name + ".bias", {width}, norm.beta);
  }

  // A raw file with labels, which the command ignores.
  void SaveImages(const std::string& name, int count) {
    std::string content;
    for (int i = 0; i < count; ++i) {
      const std::vector<uint8_t> pixels = RandomPixels(SmallDenseConfig(), i);
      content.append(pixels.begin(), pixels.end());
    }
    content.append(count, '\1');
    ASSERT_TRUE(WriteFile(Path(name), content).ok());
  }

  // Runs the command on the files of this test, plus `more`.
  ExitCode Quantize(const std::vector<std::string>& more = {},
                    const std::string& calibration = "images.bin") {
    std::vector<std::string> arguments = {"--checkpoint=" + Path("checkpoint"),
                                          "--calibration=" + Path(calibration),
                                          "--output=" + Path("out/model"),
                                          "--threads=1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  // What stands beside and in place of the output.
  std::vector<std::string> OutputEntries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_ / "out")) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  const fs::path root_;
};

TEST_F(QuantizeCommandTest, WritesAModelThatCanBeLoaded) {
  ASSERT_EQ(Quantize({"--calibration_images=4"}), kExitSuccess) << err_.str();
  EXPECT_THAT(OutputEntries(), UnorderedElementsAre("model"));
  const auto model = LoadQuantizedModel(Path("out/model"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->program.classes, 7);
  EXPECT_THAT(out_.str(), HasSubstr("blocks.2.norm2"));
}

TEST_F(QuantizeCommandTest, PrintsAndWritesTheReportAsJson) {
  ASSERT_EQ(Quantize({"--json", "--report=" + Path("report.json"),
                      "--attention_bits=4"}),
            kExitSuccess)
      << err_.str();
  EXPECT_EQ(Json::parse(out_.str())["calibration_images"], 5);
  const auto report = ReadFile(Path("report.json"), /*max_bytes=*/1 << 20);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(*report, out_.str());
}

TEST_F(QuantizeCommandTest, SaysThatThereAreFewerImagesThanAskedFor) {
  ASSERT_EQ(Quantize({"--calibration_images=32"}), kExitSuccess);
  EXPECT_THAT(err_.str(), HasSubstr("has only 5 of the 32 calibration images"));
}

TEST_F(QuantizeCommandTest, DoesNotMentionImagesWhenThereAreEnough) {
  ASSERT_EQ(Quantize({"--calibration_images=5"}), kExitSuccess);
  EXPECT_THAT(err_.str(), Not(HasSubstr("warning")));
}

TEST_F(QuantizeCommandTest, LeavesOutTechniques) {
  ASSERT_EQ(Quantize({"--disable=correct_bias,per_channel_norm"}), kExitSuccess)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("int8 per tensor"));
}

TEST_F(QuantizeCommandTest, AsksForWhatItNeeds) {
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--checkpoint=DIR is required"));
}

TEST_F(QuantizeCommandTest, RefusesFlagsOutOfRange) {
  const BadFlag flags[] = {
      {"--threads=-1", "--threads is -1; it must be in [0,"},
      {"--calibration_images=0", "--calibration_images is 0; it must be in [1"},
      {"--scheme=best", "--scheme is \"best\""},
      {"--attention_bits=6", "attention_bits is 6"},
      {"--disable=magic", "--disable: there is no technique \"magic\""},
      {"--report=report.txt", "--report is \"report.txt\""},
      {"stray", "\"stray\" is not a flag"}};
  for (const BadFlag& bad : flags) {
    err_.str("");
    EXPECT_NE(Quantize({bad.flag}), kExitSuccess) << bad.flag;
    EXPECT_THAT(err_.str(), HasSubstr(bad.message));
  }
  EXPECT_THAT(OutputEntries(), IsEmpty());
}

TEST_F(QuantizeCommandTest, LeavesAnExistingOutputAlone) {
  fs::create_directories(Path("out/model"));
  ASSERT_TRUE(WriteFile(Path("out/model/precious"), "x").ok());
  EXPECT_EQ(Quantize(), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("out/model") + " exists"));
  EXPECT_TRUE(fs::exists(Path("out/model/precious")));
}

TEST_F(QuantizeCommandTest, NamesACalibrationSetThatIsMissing) {
  EXPECT_EQ(Quantize({}, "gone"), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("gone")));
  EXPECT_THAT(OutputEntries(), IsEmpty());
}

TEST_F(QuantizeCommandTest, RefusesARawFileOfTheWrongSize) {
  ASSERT_TRUE(WriteFile(Path("short.bin"), std::string(431, 'x')).ok());
  EXPECT_EQ(Quantize({}, "short.bin"), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("short.bin")));
  EXPECT_THAT(OutputEntries(), IsEmpty());
}

TEST_F(QuantizeCommandTest, NamesACalibrationImageThatCannotBeRead) {
  fs::create_directories(Path("folder"));
  ASSERT_TRUE(WriteFile(Path("folder/a.jpg"), "no image at all").ok());
  EXPECT_EQ(Quantize({}, "folder"), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("folder/a.jpg")));
  EXPECT_THAT(OutputEntries(), IsEmpty());
}

TEST_F(QuantizeCommandTest, NamesATensorThatIsNotFinite) {
  for (float value : {std::numeric_limits<float>::quiet_NaN(),
                      -std::numeric_limits<float>::infinity()}) {
    err_.str("");
    Checkpoint checkpoint = RandomCheckpoint(SmallDenseConfig(), /*seed=*/1);
    checkpoint.blocks[1].proj.weight[17] = value;
    SaveCheckpoint(checkpoint);
    EXPECT_EQ(Quantize(), kExitFailure);
    EXPECT_THAT(err_.str(), HasSubstr("blocks.1.attn.proj.weight"));
    EXPECT_THAT(OutputEntries(), IsEmpty());
  }
}

TEST_F(QuantizeCommandTest, LeavesNothingWhereItCannotWrite) {
  ASSERT_TRUE(WriteFile(Path("file"), "x").ok());
  EXPECT_EQ(Run({"--checkpoint=" + Path("checkpoint"),
                 "--calibration=" + Path("images.bin"),
                 "--output=" + Path("file/model"), "--threads=1"}),
            kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(Path("file/model")));
}

}  // namespace
}  // namespace moevit
