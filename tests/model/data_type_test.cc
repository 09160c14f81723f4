#include "model/data_type.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(DataTypeTest, NamesAreReadBack) {
  for (int i = 0; i <= static_cast<int>(DataType::kU64); ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(ParseDataType(DataTypeName(type)), type);
  }
}

TEST(DataTypeTest, KnowsNoOtherNames) {
  for (const char* name : {"", "f32", "F8_E4M3", "F32 "}) {
    EXPECT_EQ(ParseDataType(name), std::nullopt) << name;
  }
}

TEST(HalfToFloatTest, IsExactInEveryRange) {
  EXPECT_EQ(HalfToFloat(0x0000), 0.0f);
  EXPECT_TRUE(std::signbit(HalfToFloat(0x8000)));
  EXPECT_EQ(HalfToFloat(0x3c00), 1.0f);
  EXPECT_EQ(HalfToFloat(0xc100), -2.5f);
  EXPECT_EQ(HalfToFloat(0x7bff), 65504.0f);                   // largest
  EXPECT_EQ(HalfToFloat(0x0400), std::ldexp(1.0f, -14));      // least normal
  EXPECT_EQ(HalfToFloat(0x83ff), -std::ldexp(1023.0f, -24));  // subnormal
  EXPECT_EQ(HalfToFloat(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(HalfToFloat(0x7e01)));
}

TEST(BFloat16ToFloatTest, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(BFloat16ToFloat(0x3f80), 1.0f);
  EXPECT_EQ(BFloat16ToFloat(0xc020), -2.5f);
  EXPECT_TRUE(std::isnan(BFloat16ToFloat(0x7fc0)));
}

}  // namespace
}  // namespace moevit
