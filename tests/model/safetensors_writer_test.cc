#include "model/safetensors_writer.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/safetensors_reader.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SafetensorsWriterTest, WritesTheBytesOfTheReferenceImplementation) {
  SafetensorsWriter writer;
  writer.SetMetadata("format", "pt");
  ASSERT_TRUE(writer.Add<int8_t>("b.bytes", {3}, {1, -2, 3}).ok());
  ASSERT_TRUE(writer.Add<float>("a.floats", {1, 2}, {1.5f, -2.0f}).ok());
  ASSERT_TRUE(writer
                  .AddBytes("c.halves", DataType::kF16, {1},
                            absl::string_view("\x00\x38", 2))
                  .ok());
  ASSERT_TRUE(writer.Add<uint8_t>("a.bytes", {1, 1}, {7}).ok());
  ASSERT_TRUE(writer.Add<int64_t>("z.longs", {1}, {-5}).ok());

  // Made with version 0.8 of the Python package.
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)"
      R"("z.longs":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
      R"("a.floats":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
      R"("c.halves":{"dtype":"F16","shape":[1],"data_offsets":[16,18]},)"
      R"("b.bytes":{"dtype":"I8","shape":[3],"data_offsets":[18,21]},)"
      R"("a.bytes":{"dtype":"U8","shape":[1,1],"data_offsets":[21,22]}}      )";
  const std::string length("\x58\x01\0\0\0\0\0\0", 8);
  const std::string data(
      "\xfb\xff\xff\xff\xff\xff\xff\xff\0\0\xc0?\0\0\0\xc0\0\x38\x01\xfe\x03"
      "\x07",
      22);
  EXPECT_EQ(writer.Serialize(), length + header + data);
}

TEST(SafetensorsWriterTest, ReaderReadsBackEveryType) {
  SafetensorsWriter writer;
  ASSERT_TRUE(writer.Add<int8_t>("i8", {2}, {-128, 127}).ok());
  ASSERT_TRUE(writer.Add<uint8_t>("u8", {3}, {0, 128, 255}).ok());
  ASSERT_TRUE(writer.Add<int16_t>("i16", {1, 2}, {-32768, 32767}).ok());
  ASSERT_TRUE(writer.Add<uint16_t>("u16", {1}, {65535}).ok());
  ASSERT_TRUE(writer.Add<int32_t>("i32", {1}, {-2147483647}).ok());
  ASSERT_TRUE(writer.Add<int64_t>("i64", {}, {int64_t{1} << 62}).ok());
  ASSERT_TRUE(writer.Add<float>("none", {0, 5}, {}).ok());
  const std::string path = ::testing::TempDir() + "every_type.safetensors";
  ASSERT_TRUE(writer.Write(path).ok());

  const auto reader = SafetensorsReader::Open(path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_THAT(reader->Values<int8_t>("i8", {2}).value(),
              ElementsAre(-128, 127));
  EXPECT_THAT(reader->Values<uint8_t>("u8", {3}).value(),
              ElementsAre(0, 128, 255));
  EXPECT_THAT(reader->Values<int16_t>("i16", {1, 2}).value(),
              ElementsAre(-32768, 32767));
  EXPECT_THAT(reader->Values<uint16_t>("u16", {1}).value(), ElementsAre(65535));
  EXPECT_THAT(reader->Values<int32_t>("i32", {1}).value(),
              ElementsAre(-2147483647));
  EXPECT_THAT(reader->Values<int64_t>("i64", {}).value(),
              ElementsAre(int64_t{1} << 62));
  EXPECT_THAT(reader->Values<float>("none", {0, 5}).value(), ElementsAre());
}

TEST(SafetensorsWriterTest, RefusesValuesThatDoNotFillTheShape) {
  SafetensorsWriter writer;
  const absl::Status status = writer.Add<float>("a", {2, 2}, {1.0f, 2.0f});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("[2, 2]"));
}

TEST(SafetensorsWriterTest, RefusesASecondTensorOfOneName) {
  SafetensorsWriter writer;
  ASSERT_TRUE(writer.Add<float>("a", {1}, {1.0f}).ok());
  EXPECT_EQ(writer.Add<float>("a", {1}, {1.0f}).code(),
            absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace moevit
