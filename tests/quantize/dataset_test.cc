#include "quantize/dataset.h"

#include <png.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/config.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelConfig TinyConfig() {
  ModelConfig config;
  config.image_size = 2;
  config.patch_size = 1;
  config.num_classes = 3;
  return config;
}

// A folder of its own for each test, removed at its end.
class DatasetTest : public ::testing::Test {
 protected:
  DatasetTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(::testing::TempDir()) /
            (std::string("moevit_dataset_") + info->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~DatasetTest() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name = "") const {
    return (root_ / name).string();
  }

  void Write(const std::string& name, absl::string_view content) {
    std::filesystem::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(WriteFile(Path(name), content).ok());
  }

  // A 3x3 image, all of whose samples are `gray`.
  void WritePng(const std::string& name, uint8_t gray) {
    std::filesystem::create_directories((root_ / name).parent_path());
    const std::vector<uint8_t> pixels(3 * 3 * 3, gray);
    png_image image = {};
    image.version = PNG_IMAGE_VERSION;
    image.width = 3;
    image.height = 3;
    image.format = PNG_FORMAT_RGB;
    ASSERT_TRUE(png_image_write_to_file(&image, Path(name).c_str(),
                                        /*convert_to_8bit=*/0, pixels.data(),
                                        /*row_stride=*/0, /*colormap=*/nullptr))
        << image.message;
  }

  // The dataset at Path(name), which must open.
  std::unique_ptr<Dataset> Open(const std::string& name, LabelUse labels) {
    absl::StatusOr<std::unique_ptr<Dataset>> dataset =
        OpenDataset(Path(name), config_, labels);
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    return dataset.ok() ? *std::move(dataset) : nullptr;
  }

  void ExpectRefused(
      const std::string& name, LabelUse labels,
      const ::testing::Matcher<std::string>& message,
      absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const absl::Status status =
        OpenDataset(Path(name), config_, labels).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), message);
  }

  ModelConfig config_ = TinyConfig();
  std::filesystem::path root_;
};

// --- A raw file.

TEST_F(DatasetTest, ReadsImagesThenLabelsFromARawFile) {
  Write("raw.bin", std::string(12, '\x07') + std::string(12, '\xff') +
                       std::string("\x02\x00", 2));
  const auto dataset = Open("raw.bin", LabelUse::kRequired);
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->classes(), 3);
  EXPECT_EQ(dataset->image_bytes(), 12u);
  EXPECT_TRUE(dataset->has_labels());
  const absl::StatusOr<Sample> first = dataset->Load(0);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(first->pixels, AllOf(::testing::SizeIs(12), Each(7)));
  EXPECT_EQ(first->label, 2);
  const absl::StatusOr<Sample> second = dataset->Load(1);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(second->pixels, AllOf(::testing::SizeIs(12), Each(255)));
  EXPECT_EQ(second->label, 0);
}

TEST_F(DatasetTest, LeavesOutLabelsThatAreIgnored) {
  Write("raw.bin", std::string(12, '\x07') + "\xff");
  const auto dataset = Open("raw.bin", LabelUse::kIgnored);
  ASSERT_NE(dataset, nullptr);
  EXPECT_FALSE(dataset->has_labels());
  EXPECT_FALSE(dataset->Load(0)->label.has_value());
}

TEST_F(DatasetTest, RefusesARawFileOfAnotherSize) {
  Write("raw.bin", std::string(27, 'x'));
  ExpectRefused("raw.bin", LabelUse::kRequired,
                AllOf(HasSubstr("27 bytes"), HasSubstr("multiple of 13")));
}

TEST_F(DatasetTest, RefusesAnEmptyRawFile) {
  Write("raw.bin", "");
  ExpectRefused("raw.bin", LabelUse::kRequired, HasSubstr("0 bytes"));
}

TEST_F(DatasetTest, RefusesALabelBeyondTheClasses) {
  Write("raw.bin", std::string(24, 'x') + std::string("\x00\x03", 2));
  ExpectRefused("raw.bin", LabelUse::kRequired,
                HasSubstr("image 1 has label 3, the model has 3 classes"));
}

TEST_F(DatasetTest, RefusesAPathWithNothingThere) {
  ExpectRefused("absent", LabelUse::kRequired, HasSubstr("absent"),
                absl::StatusCode::kNotFound);
}

// --- Folders.

TEST_F(DatasetTest, MatchesSubfoldersWithClassNames) {
  config_.class_names = {"dog", "cat", "bird"};
  WritePng("bird/1.png", 1);
  WritePng("dog/2.PNG", 2);
  WritePng("dog/1.png", 3);
  const auto dataset = Open("", LabelUse::kRequired);
  ASSERT_NE(dataset, nullptr);
  ASSERT_EQ(dataset->size(), 3);
  std::vector<int> labels, values;
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Sample> sample = dataset->Load(i);
    ASSERT_TRUE(sample.ok()) << sample.status();
    ASSERT_EQ(sample->pixels.size(), 12u);
    labels.push_back(*sample->label);
    values.push_back(sample->pixels[0]);
  }
  EXPECT_THAT(labels, ElementsAre(0, 0, 2));
  EXPECT_THAT(values, ElementsAre(3, 2, 1));
}

TEST_F(DatasetTest, NumbersSortedSubfoldersWhereClassesHaveNoNames) {
  WritePng("c/1.png", 1);
  WritePng("a/1.png", 2);
  WritePng("b/1.png", 3);
  const auto dataset = Open("", LabelUse::kRequired);
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->Load(0)->label, 0);
  EXPECT_EQ(dataset->Load(0)->pixels[0], 2);
  EXPECT_EQ(dataset->Load(2)->label, 2);
  EXPECT_EQ(dataset->Load(2)->pixels[0], 1);
}

TEST_F(DatasetTest, ReadsAFlatFolderWithoutLabels) {
  WritePng("2.png", 2);
  WritePng("1.png", 1);
  Write("notes.txt", "not an image");
  Write(".hidden.png", "not an image either");
  const auto dataset = Open("", LabelUse::kIgnored);
  ASSERT_NE(dataset, nullptr);
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_FALSE(dataset->has_labels());
  EXPECT_EQ(dataset->Load(0)->pixels[0], 1);
}

TEST_F(DatasetTest, IgnoresTheNamesOfSubfoldersWithTheirLabels) {
  config_.class_names = {"dog", "cat", "bird"};
  WritePng("n01440764/1.png", 1);
  const auto dataset = Open("", LabelUse::kIgnored);
  ASSERT_NE(dataset, nullptr);
  EXPECT_FALSE(dataset->has_labels());
}

TEST_F(DatasetTest, RefusesAFlatFolderWhenLabelsAreRequired) {
  WritePng("1.png", 1);
  ExpectRefused("", LabelUse::kRequired, HasSubstr("no labels"));
}

TEST_F(DatasetTest, RefusesASubfolderThatNamesNoClass) {
  config_.class_names = {"dog", "cat", "bird"};
  WritePng("dogs/1.png", 1);
  ExpectRefused("", LabelUse::kRequired, HasSubstr("'dogs'"));
}

TEST_F(DatasetTest, RefusesAnotherNumberOfUnnamedClasses) {
  WritePng("a/1.png", 1);
  WritePng("b/1.png", 1);
  ExpectRefused("", LabelUse::kRequired,
                AllOf(HasSubstr("2 subfolders"), HasSubstr("3 classes")));
}

TEST_F(DatasetTest, RefusesAnEmptyFolder) {
  ExpectRefused("", LabelUse::kIgnored, HasSubstr("no JPEG or PNG files"));
}

TEST_F(DatasetTest, RefusesAClassFolderWithoutImages) {
  config_.class_names = {"dog", "cat", "bird"};
  WritePng("dog/1.png", 1);
  Write("cat/notes.txt", "");
  ExpectRefused("", LabelUse::kRequired, HasSubstr("/cat'"));
}

TEST_F(DatasetTest, RefusesImagesBesideSubfolders) {
  WritePng("a/1.png", 1);
  WritePng("2.png", 1);
  ExpectRefused("", LabelUse::kIgnored, HasSubstr("beside subfolders"));
}

TEST_F(DatasetTest, NamesAFileThatIsNoImage) {
  Write("broken.png", "not an image");
  const auto dataset = Open("", LabelUse::kIgnored);
  ASSERT_NE(dataset, nullptr);
  const absl::Status status = dataset->Load(0).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("broken.png"));
}

TEST_F(DatasetTest, NamesAFileThatHasGone) {
  WritePng("1.png", 1);
  const auto dataset = Open("", LabelUse::kIgnored);
  ASSERT_NE(dataset, nullptr);
  std::filesystem::remove(Path("1.png"));
  const absl::Status status = dataset->Load(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1.png"));
}

TEST(SpreadIndicesTest, AreEvenlySpread) {
  EXPECT_THAT(SpreadIndices(/*size=*/10, /*count=*/4), ElementsAre(0, 2, 5, 7));
}

TEST(SpreadIndicesTest, AreAllWhenThereAreNoMore) {
  EXPECT_THAT(SpreadIndices(/*size=*/3, /*count=*/5), ElementsAre(0, 1, 2));
}

TEST(SpreadIndicesTest, MayBeNone) {
  EXPECT_TRUE(SpreadIndices(/*size=*/3, /*count=*/0).empty());
}

}  // namespace
}  // namespace moevit
