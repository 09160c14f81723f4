#include "model/safetensors_reader.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FileOf(const std::string& header, const std::string& data) {
  std::string file;
  for (size_t i = 0; i < 8; ++i) {
    file.push_back(static_cast<char>(uint64_t{header.size()} >> (8 * i)));
  }
  return file + header + data;
}

std::string Tensor(const std::string& name, const std::string& type,
                   const std::string& shape, const std::string& offsets) {
  return absl::StrCat("\"", name, "\":{\"dtype\":\"", type,
                      "\",\"shape\":", shape, ",\"data_offsets\":", offsets,
                      "}");
}

std::string ReadError(const std::string& file) {
  const absl::Status status = ParseSafetensors(file, "f").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

// The error for a header of these tensors and 8 bytes of data.
std::string HeaderError(const std::string& tensors) {
  return ReadError(FileOf("{" + tensors + "}", "12345678"));
}

TEST(ParseSafetensorsTest, DescribesTensorsAndMetadata) {
  const std::string file =
      FileOf(absl::StrCat("{\"__metadata__\":{\"k\":\"v\"},",
                          Tensor("a", "U8", "[2]", "[0,2]"), ",",
                          Tensor("b", "F16", "[1,3]", "[2,8]"), "}  "),
             "12345678");
  const auto content = ParseSafetensors(file, "f");
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->metadata.at("k"), "v");
  EXPECT_EQ(content->tensors.at("a").bytes, "12");
  EXPECT_EQ(content->tensors.at("b").bytes, "345678");
  EXPECT_THAT(content->tensors.at("b").shape, ElementsAre(1, 3));
}

TEST(ParseSafetensorsTest, AcceptsAFileWithoutTensors) {
  EXPECT_TRUE(ParseSafetensors(FileOf("{}", ""), "f").ok());
}

TEST(ParseSafetensorsTest, RefusesAFileTooShortForALength) {
  EXPECT_THAT(ReadError(""), HasSubstr("0 bytes"));
  EXPECT_THAT(ReadError("1234567"), HasSubstr("7 bytes"));
}

TEST(ParseSafetensorsTest, RefusesAHeaderLongerThanTheFile) {
  EXPECT_THAT(ReadError(std::string("\x03\0\0\0\0\0\0\0{}", 10)),
              HasSubstr("header of 3 bytes in a file of 10"));
  EXPECT_THAT(ReadError(std::string(8, '\xff') + "{}"),
              HasSubstr("header of 18446744073709551615 bytes; at most"));
}

TEST(ParseSafetensorsTest, RefusesAHeaderThatIsNoJsonObject) {
  EXPECT_THAT(ReadError(FileOf("", "")), HasSubstr("parse error"));
  EXPECT_THAT(ReadError(FileOf("[1]", "")),
              HasSubstr("expected a JSON object"));
  EXPECT_THAT(HeaderError("\"a\":[[[[]]]]"), HasSubstr("nested deeper"));
  EXPECT_THAT(HeaderError("\"a\":1"), HasSubstr("\"a\" is 1"));
}

TEST(ParseSafetensorsTest, RefusesTwoTensorsOfOneName) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[4]", "[0,4]") + "," +
                          Tensor("a", "U8", "[4]", "[4,8]")),
              HasSubstr("\"a\" occurs twice"));
}

TEST(ParseSafetensorsTest, RefusesOverlappingTensors) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[5]", "[0,5]") + "," +
                          Tensor("b", "U8", "[4]", "[4,8]")),
              HasSubstr("tensor \"b\" begins at byte 4, inside"));
}

TEST(ParseSafetensorsTest, RefusesGaps) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[3]", "[0,3]") + "," +
                          Tensor("b", "U8", "[4]", "[4,8]")),
              HasSubstr("tensor \"b\" begins at byte 4, after a gap"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[7]", "[1,8]")),
              HasSubstr("after a gap"));
}

TEST(ParseSafetensorsTest, RefusesBytesThatNoTensorCovers) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[7]", "[0,7]")),
              HasSubstr("cover 7 of 8"));
}

TEST(ParseSafetensorsTest, RefusesTensorsOutsideTheFile) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[9]", "[0,9]")),
              HasSubstr("\"a.data_offsets\" is [0,9]; expected"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[8]", "[8,0]")),
              HasSubstr("ascending"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[8]", "[-8,0]")),
              HasSubstr("data_offsets[0]\" is -8"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[8]", "[0,4,8]")),
              HasSubstr("[begin, end]"));
}

TEST(ParseSafetensorsTest, RefusesASizeThatIsNotTheShapes) {
  EXPECT_THAT(HeaderError(Tensor("a", "F32", "[3]", "[0,8]")),
              HasSubstr("a range of 12 bytes, the size of F32[3]"));
}

TEST(ParseSafetensorsTest, RefusesShapesWhoseProductOverflows) {
  EXPECT_THAT(
      HeaderError(Tensor("a", "U8", "[4294967296,4294967296,8]", "[0,8]")),
      HasSubstr("below 2^64"));
  // 2^62 elements of 4 bytes would wrap around to 0.
  EXPECT_THAT(HeaderError(Tensor("a", "F32", "[4611686018427387904]", "[0,0]")),
              HasSubstr("below 2^64"));
}

TEST(ParseSafetensorsTest, RefusesOddShapes) {
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[-1]", "[0,8]")),
              HasSubstr("a.shape[0]\" is -1"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[1,1,1,1,1,1,1,1,8]", "[0,8]")),
              HasSubstr("at most 8 dimensions"));
  EXPECT_THAT(HeaderError(Tensor("a", "U8", "[2.0,4]", "[0,8]")),
              HasSubstr("a.shape[0]\" is 2.0"));
}

TEST(ParseSafetensorsTest, RefusesUnknownTypesAndFields) {
  EXPECT_THAT(HeaderError(Tensor("a", "F8_E4M3", "[8]", "[0,8]")),
              HasSubstr("\"a.dtype\" is \"F8_E4M3\""));
  EXPECT_THAT(HeaderError("\"a\":{\"strides\":[1]}"),
              HasSubstr("unknown field \"a.strides\""));
  EXPECT_THAT(HeaderError("\"a\":{\"dtype\":\"U8\",\"shape\":[8]}"),
              HasSubstr("\"a.data_offsets\" is missing"));
}

TEST(ParseSafetensorsTest, RefusesMetadataThatIsNotText) {
  EXPECT_THAT(HeaderError("\"__metadata__\":{\"k\":1}"),
              HasSubstr("\"__metadata__.k\" is 1; expected a string"));
}

class SafetensorsReaderTest : public ::testing::Test {
 protected:
  // A reader of a file with tensors of odd sizes and places.
  SafetensorsReader Open() {
    const std::string path = ::testing::TempDir() + "odd.safetensors";
    const std::string header =
        absl::StrCat("{", Tensor("byte", "I8", "[1]", "[0,1]"), ",",
                     Tensor("float", "F32", "[1]", "[1,5]"), ",",
                     Tensor("half", "F16", "[2]", "[5,9]"), ",",
                     Tensor("brain", "BF16", "[1]", "[9,11]"), ",",
                     Tensor("double", "F64", "[1]", "[11,19]"), "}");
    const std::string data(
        "\xfe\0\0\xc0\x3f\0\x3c\0\xc1\x80\x3f"
        "12345678",
        19);
    EXPECT_TRUE(WriteFile(path, FileOf(header, data)).ok());
    return *SafetensorsReader::Open(path);
  }
};

TEST_F(SafetensorsReaderTest, WidensToFloatFromAnyAlignment) {
  const SafetensorsReader reader = Open();
  EXPECT_THAT(reader.Floats("float", {1}).value(), ElementsAre(1.5f));
  EXPECT_THAT(reader.Floats("half", {2}).value(), ElementsAre(1.0f, -2.5f));
  EXPECT_THAT(reader.Floats("brain", {1}).value(), ElementsAre(1.0f));
  EXPECT_THAT(reader.Values<int8_t>("byte", {1}).value(), ElementsAre(-2));
}

TEST_F(SafetensorsReaderTest, RefusesAnotherTypeNamingBoth) {
  const SafetensorsReader reader = Open();
  EXPECT_THAT(std::string(reader.Floats("byte", {1}).status().message()),
              HasSubstr("has type I8; expected F32, F16 or BF16"));
  EXPECT_THAT(std::string(reader.Floats("double", {1}).status().message()),
              HasSubstr("has type F64"));
  EXPECT_THAT(
      std::string(reader.Values<int16_t>("half", {2}).status().message()),
      HasSubstr("has type F16; expected I16"));
}

TEST_F(SafetensorsReaderTest, RefusesAnotherShapeNamingBoth) {
  EXPECT_THAT(std::string(Open().Floats("half", {1, 2}).status().message()),
              HasSubstr("\"half\" has shape [2]; expected [1, 2]"));
}

TEST_F(SafetensorsReaderTest, NamesAMissingTensor) {
  EXPECT_THAT(std::string(Open().Floats("gone", {7}).status().message()),
              HasSubstr("\"gone\" is missing; expected shape [7]"));
}

TEST_F(SafetensorsReaderTest, ReportsAMissingFile) {
  EXPECT_EQ(SafetensorsReader::Open("no such file").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace moevit
