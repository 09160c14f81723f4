#include "model/data_type.h"

#include <bit>
#include <cmath>

namespace moevit {
namespace {

struct Entry {
  absl::string_view name;
  size_t size;
};

// Indexed by DataType.
constexpr Entry kTypes[] = {
    {"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"I16", 2}, {"U16", 2},
    {"F16", 2},  {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},
    {"F64", 8},  {"I64", 8},  {"U64", 8},
};
static_assert(std::size(kTypes) == static_cast<size_t>(DataType::kU64) + 1);

}  // namespace

size_t DataTypeSize(DataType type) {
  return kTypes[static_cast<size_t>(type)].size;
}

absl::string_view DataTypeName(DataType type) {
  return kTypes[static_cast<size_t>(type)].name;
}

std::optional<DataType> ParseDataType(absl::string_view name) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == name) return static_cast<DataType>(i);
  }
  return std::nullopt;
}

float BFloat16ToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t fraction = bits & 0x3ff;
  if (exponent == 0x1f) {  // infinity or not a number
    return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  }
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  constexpr uint32_t kBiasDifference = 127 - 15;
  return std::bit_cast<float>(sign | (exponent + kBiasDifference) << 23 |
                              fraction << 13);
}

}  // namespace moevit
