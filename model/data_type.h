// The element types of a safetensors file.

#ifndef MOEVIT_MODEL_DATA_TYPE_H_
#define MOEVIT_MODEL_DATA_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace moevit {

// In the order of the reference implementation, by which a writer sorts.
enum class DataType {
  kBool,
  kU8,
  kI8,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kF64,
  kI64,
  kU64,
};

// Of one element, in bytes.
size_t DataTypeSize(DataType type);

// For example "F32".
absl::string_view DataTypeName(DataType type);

// Nothing for a name that is not known.
std::optional<DataType> ParseDataType(absl::string_view name);

// The value of a half-precision number (F16) or of the upper half of a
// single-precision one (BF16). Exact.
float HalfToFloat(uint16_t bits);
float BFloat16ToFloat(uint16_t bits);

// DataTypeOf<T>() is the type whose elements are stored as T.
template <typename T>
constexpr DataType DataTypeOf();
template <>
constexpr DataType DataTypeOf<int8_t>() {
  return DataType::kI8;
}
template <>
constexpr DataType DataTypeOf<uint8_t>() {
  return DataType::kU8;
}
template <>
constexpr DataType DataTypeOf<int16_t>() {
  return DataType::kI16;
}
template <>
constexpr DataType DataTypeOf<uint16_t>() {
  return DataType::kU16;
}
template <>
constexpr DataType DataTypeOf<int32_t>() {
  return DataType::kI32;
}
template <>
constexpr DataType DataTypeOf<int64_t>() {
  return DataType::kI64;
}
template <>
constexpr DataType DataTypeOf<float>() {
  return DataType::kF32;
}

}  // namespace moevit

#endif  // MOEVIT_MODEL_DATA_TYPE_H_
