#include "base/mapped_file.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

std::string WriteTemporary(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "mapped_file_test_" + name;
  EXPECT_TRUE(WriteFile(path, text).ok());
  return path;
}

TEST(MappedFileTest, ShowsTheContent) {
  const auto file = MappedFile::Open(WriteTemporary("content", "some bytes"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->bytes(), "some bytes");
}

TEST(MappedFileTest, BytesStayInPlaceWhenTheObjectMoves) {
  auto file = MappedFile::Open(WriteTemporary("moved", "some bytes"));
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::string_view bytes = file->bytes();
  const MappedFile moved = *std::move(file);
  EXPECT_EQ(bytes, "some bytes");
  EXPECT_EQ(moved.bytes().data(), bytes.data());
}

TEST(MappedFileTest, AssignmentExchangesMappings) {
  auto first = MappedFile::Open(WriteTemporary("first", "first"));
  auto second = MappedFile::Open(WriteTemporary("second", "second"));
  ASSERT_TRUE(first.ok() && second.ok());
  *first = *std::move(second);
  EXPECT_EQ(first->bytes(), "second");
}

TEST(MappedFileTest, WhatWasForgottenCanBeReadAgain) {
  const std::string content(20001, 'x');
  const auto file = MappedFile::Open(WriteTemporary("forget", content));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->bytes(), content);
  file->Forget(file->bytes().substr(3, 17000));
  file->Forget(file->bytes().substr(20000));
  file->Forget("");
  EXPECT_EQ(file->bytes(), content);
}

TEST(MappedFileTest, ACopyDoesNotSeeWhatHappensToTheFile) {
  const std::string content(20001, 'x');
  const std::string path = WriteTemporary("copy", content);
  const auto copy = MappedFile::Copy(path);
  ASSERT_TRUE(copy.ok()) << copy.status();
  ASSERT_TRUE(WriteFile(path, "short").ok());
  copy->Forget(copy->bytes());
  EXPECT_EQ(copy->bytes(), content);
  EXPECT_EQ(MappedFile::Copy(WriteTemporary("empty", ""))->bytes(), "");
  EXPECT_EQ(MappedFile::Copy("no such file").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(MappedFileTest, MapsAnEmptyFile) {
  const auto file = MappedFile::Open(WriteTemporary("empty", ""));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->bytes(), "");
}

TEST(MappedFileTest, ReportsAMissingFile) {
  EXPECT_EQ(MappedFile::Open("no such file").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(MappedFileTest, RefusesADirectory) {
  EXPECT_EQ(MappedFile::Open(::testing::TempDir()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
