#include "program/manifest.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

class ManifestTest : public ::testing::Test {
 protected:
  void Write(const std::string& manifest) {
    ASSERT_TRUE(
        WriteFile(absl::StrCat(directory_, "/", kManifestFile), manifest).ok());
  }

  const std::string directory_ = ::testing::TempDir();
};

TEST_F(ManifestTest, AcceptsTheFilesItWasMadeFrom) {
  Write(MakeManifest({{"a", "first"}, {"b", ""}}));
  EXPECT_TRUE(CheckManifest(directory_, {{"a", "first"}, {"b", ""}}).ok());
}

TEST_F(ManifestTest, RefusesOtherContentAndOtherSizes) {
  Write(MakeManifest({{"a", "first"}}));
  const absl::Status content = CheckManifest(directory_, {{"a", "fi2st"}});
  EXPECT_EQ(content.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(content.message()), HasSubstr("SHA-256"));
  const absl::Status size = CheckManifest(directory_, {{"a", "first!"}});
  EXPECT_EQ(size.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(size.message()), HasSubstr("6 bytes"));
}

TEST_F(ManifestTest, RefusesFilesThatAreNotListed) {
  Write(MakeManifest({{"a", "first"}}));
  EXPECT_FALSE(CheckManifest(directory_, {{"b", "first"}}).ok());
  EXPECT_FALSE(
      CheckManifest(directory_, {{"a", "first"}, {"b", "second"}}).ok());
}

TEST_F(ManifestTest, RefusesTextThatIsNoManifest) {
  for (const char* text : {"", "[]", "{}", "{\"files\": 3}",
                           "{\"files\": {\"a\": {\"bytes\": -1}}}"}) {
    Write(text);
    EXPECT_EQ(CheckManifest(directory_, {{"a", "x"}}).code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

}  // namespace
}  // namespace moevit
