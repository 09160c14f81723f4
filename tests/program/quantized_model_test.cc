#include "program/quantized_model.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/manifest.h"
#include "program/random_model.h"
#include "program/random_program.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr size_t kAnySize = 1 << 24;

class QuantizedModelTest : public ::testing::Test {
 protected:
  QuantizedModelTest()
      : root_(fs::path(::testing::TempDir()) /
              absl::StrCat("quantized_model_test.", getpid())),
        model_directory_((root_ / "model").string()) {
    fs::remove_all(root_);
  }
  ~QuantizedModelTest() override { fs::remove_all(root_); }

  std::string Path(const std::string& file) const {
    return absl::StrCat(model_directory_, "/", file);
  }

  // Replaces text in one file and brings the manifest up to date, as somebody
  // who edits a model by hand would.
  void Edit(const std::string& file, const std::string& from,
            const std::string& to) {
    std::string text = *ReadFile(Path(file), kAnySize);
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text = absl::StrReplaceAll(text, {{from, to}});
    ASSERT_TRUE(WriteFile(Path(file), text).ok());
    std::map<std::string, std::string> contents;
    std::map<std::string, absl::string_view> views;
    for (const char* name :
         {"config.json", "program.json", "weights.safetensors"}) {
      contents[name] = *ReadFile(Path(name), kAnySize);
      views[name] = contents[name];
    }
    ASSERT_TRUE(WriteFile(Path(kManifestFile), MakeManifest(views)).ok());
  }

  absl::Status LoadError() const {
    return LoadQuantizedModel(model_directory_).status();
  }

  const fs::path root_;
  const std::string model_directory_;
};

TEST_F(QuantizedModelTest, ComesBackByteForByte) {
  for (const RandomProgramOptions& options :
       {RandomProgramOptions{}, RandomProgramOptions{.experts = 0},
        RandomProgramOptions{.prefix_tokens = 2, .head_rows = 2}}) {
    fs::remove_all(root_);
    const QuantizedModel model = RandomModel(options);
    ASSERT_TRUE(SaveQuantizedModel(model, model_directory_).ok());
    auto loaded = LoadQuantizedModel(model_directory_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const std::string again = (root_ / "again").string();
    ASSERT_TRUE(SaveQuantizedModel(*loaded, again).ok());
    for (const char* file : {"config.json", "program.json",
                             "weights.safetensors", "manifest.json"}) {
      EXPECT_EQ(*ReadFile(Path(file), kAnySize),
                *ReadFile(absl::StrCat(again, "/", file), kAnySize))
          << file;
    }
  }
}

TEST_F(QuantizedModelTest, AcceptsATrailingSlash) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_ + "/").ok());
  EXPECT_TRUE(LoadQuantizedModel(model_directory_ + "/").ok());
}

TEST_F(QuantizedModelTest, NeverOverwrites) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  EXPECT_EQ(SaveQuantizedModel(RandomModel(), model_directory_).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(QuantizedModelTest, LeavesNothingBehindWhenItCannotWrite) {
  fs::create_directories(root_);
  std::ofstream(root_ / "file") << "not a directory";
  const std::string target = (root_ / "file" / "model").string();
  EXPECT_FALSE(SaveQuantizedModel(RandomModel(), target).ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), {}), 1);
}

TEST_F(QuantizedModelTest, DoesNotSaveWhatItWouldNotLoad) {
  QuantizedModel model = RandomModel();
  model.config.num_classes = 8;
  EXPECT_THAT(
      std::string(SaveQuantizedModel(model, model_directory_).message()),
      HasSubstr("gives 7 classes"));
  EXPECT_FALSE(fs::exists(model_directory_));
}

TEST_F(QuantizedModelTest, ReportsAMissingFile) {
  for (const char* file : {"config.json", "program.json", "weights.safetensors",
                           "manifest.json"}) {
    fs::remove_all(root_);
    ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
    fs::remove(Path(file));
    EXPECT_EQ(LoadError().code(), absl::StatusCode::kNotFound) << file;
    EXPECT_THAT(std::string(LoadError().message()), HasSubstr(file));
  }
}

TEST_F(QuantizedModelTest, ReportsADamagedFile) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  std::string weights = *ReadFile(Path("weights.safetensors"), kAnySize);
  weights.back() ^= 1;
  ASSERT_TRUE(WriteFile(Path("weights.safetensors"), weights).ok());
  EXPECT_EQ(LoadError().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(LoadError().message()),
              HasSubstr("weights.safetensors does not have the SHA-256"));
}

TEST_F(QuantizedModelTest, ReportsATruncatedFile) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  fs::resize_file(Path("program.json"), 100);
  EXPECT_EQ(LoadError().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(LoadError().message()), HasSubstr("100 bytes"));
}

TEST_F(QuantizedModelTest, RefusesAnUnknownOp) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  Edit("program.json", "\"attention\"", "\"telepathy\"");
  EXPECT_EQ(LoadError().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(LoadError().message()), HasSubstr("telepathy"));
}

TEST_F(QuantizedModelTest, RefusesAnotherFormatVersion) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  Edit("program.json", "\"format_version\": 1", "\"format_version\": 2");
  EXPECT_THAT(std::string(LoadError().message()), HasSubstr("format_version"));
}

TEST_F(QuantizedModelTest, RefusesAnUnknownValue) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  Edit("program.json", "\"residual\": \"embedding\"",
       "\"residual\": \"nowhere\"");
  EXPECT_THAT(std::string(LoadError().message()), HasSubstr("nowhere"));
}

TEST_F(QuantizedModelTest, RefusesAMissingAndAnUnusedTensor) {
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  Edit("weights.safetensors", "\"head.0.bias\"", "\"head.0.bims\"");
  EXPECT_THAT(std::string(LoadError().message()),
              HasSubstr("\"head.0.bias\" is missing"));
  fs::remove_all(root_);
  ASSERT_TRUE(SaveQuantizedModel(RandomModel(), model_directory_).ok());
  Edit("program.json", "\"rows\": 1,\n   \"channels\"",
       "\"rows\": 0,\n   \"channels\"");
  EXPECT_EQ(LoadError().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
