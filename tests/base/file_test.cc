#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

std::string TestPath() {
  return absl::StrCat(
      ::testing::TempDir(), "file_test_",
      ::testing::UnitTest::GetInstance()->current_test_info()->name());
}

TEST(FileTest, ReadsBackWhatWasWritten) {
  const std::string content("line\n\0\xff", 7);
  ASSERT_TRUE(WriteFile(TestPath(), content).ok());
  EXPECT_EQ(ReadFile(TestPath(), /*max_bytes=*/7).value(), content);
}

TEST(FileTest, WritingReplacesLongerContent) {
  ASSERT_TRUE(WriteFile(TestPath(), "long content").ok());
  ASSERT_TRUE(WriteFile(TestPath(), "short").ok());
  EXPECT_EQ(ReadFile(TestPath(), 100).value(), "short");
}

TEST(FileTest, ReadsAnEmptyFile) {
  ASSERT_TRUE(WriteFile(TestPath(), "").ok());
  EXPECT_EQ(ReadFile(TestPath(), /*max_bytes=*/0).value(), "");
}

TEST(FileTest, RefusesAFileOverTheLimitNamingBothSizes) {
  ASSERT_TRUE(WriteFile(TestPath(), "12345").ok());
  const absl::Status status = ReadFile(TestPath(), /*max_bytes=*/4).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("5 bytes; at most 4"));
}

TEST(FileTest, ReportsAMissingFileByItsName) {
  const absl::Status status = ReadFile(TestPath(), 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(TestPath()));
}

TEST(FileTest, RefusesADirectory) {
  EXPECT_EQ(ReadFile(::testing::TempDir(), 1000).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FileTest, RefusesAPipeWithoutWaitingForAWriter) {
  unlink(TestPath().c_str());
  ASSERT_EQ(mkfifo(TestPath().c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(TestPath(), 1000).status().code(),
            absl::StatusCode::kInvalidArgument);
  unlink(TestPath().c_str());
}

TEST(FileTest, ReportsADirectoryThatIsNotThereWhenWriting) {
  const absl::Status status = WriteFile(TestPath() + "/missing/file", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing/file"));
}

}  // namespace
}  // namespace moevit
