#include "model/safetensors_reader.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are used in the byte order of the file");

constexpr size_t kLengthBytes = 8;  // of the header's length, little-endian
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference's limit
constexpr size_t kMaxRank = 8;
constexpr int kMaxHeaderDepth = 3;  // header, tensor, shape
constexpr absl::string_view kMetadataKey = "__metadata__";

template <typename... Parts>
absl::Status Malformed(absl::string_view name, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", parts...));
}

// The header's text; what follows it in `file` is data.
absl::StatusOr<absl::string_view> HeaderText(absl::string_view file,
                                             absl::string_view name) {
  if (file.size() < kLengthBytes) {
    return Malformed(name, file.size(), " bytes; a safetensors file has at ",
                     "least ", kLengthBytes);
  }
  uint64_t length;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) {
    return Malformed(name, "header of ", length, " bytes; at most ",
                     kMaxHeaderBytes, " are admitted");
  }
  if (length > file.size() - kLengthBytes) {
    return Malformed(name, "header of ", length, " bytes in a file of ",
                     file.size());
  }
  return file.substr(kLengthBytes, length);
}

absl::Status ReadMetadata(const JsonObject& header,
                          std::map<std::string, std::string>& metadata) {
  if (!header.Has(kMetadataKey)) return absl::OkStatus();
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject object, header.Object(kMetadataKey));
  for (const auto& [key, unused] : object.json().items()) {
    MOEVIT_ASSIGN_OR_RETURN(metadata[key], object.String(key));
  }
  return absl::OkStatus();
}

// The size of a tensor in bytes, or an error if it is beyond 64 bits.
absl::StatusOr<uint64_t> SizeInBytes(const JsonObject& description,
                                     const TensorView& tensor) {
  uint64_t size = DataTypeSize(tensor.type);
  for (const int64_t dimension : tensor.shape) {
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(dimension), &size)) {
      return description.Error("shape", "a size below 2^64 bytes");
    }
  }
  return size;
}

absl::StatusOr<TensorView> ReadTensor(const JsonObject& description,
                                      absl::string_view data) {
  MOEVIT_RETURN_IF_ERROR(
      description.RefuseUnknown({"dtype", "shape", "data_offsets"}));
  TensorView tensor;
  MOEVIT_ASSIGN_OR_RETURN(const std::string type, description.String("dtype"));
  const std::optional<DataType> known_type = ParseDataType(type);
  if (!known_type) return description.Error("dtype", "a known type");
  tensor.type = *known_type;
  MOEVIT_ASSIGN_OR_RETURN(tensor.shape,
                          description.Integers<int64_t>("shape", /*min=*/0));
  if (tensor.shape.size() > kMaxRank) {
    return description.Error("shape",
                             absl::StrCat("at most ", kMaxRank, " dimensions"));
  }
  MOEVIT_ASSIGN_OR_RETURN(
      const std::vector<uint64_t> offsets,
      description.Integers<uint64_t>("data_offsets", /*min=*/0));
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      offsets[1] > data.size()) {
    return description.Error("data_offsets",
                             absl::StrCat("[begin, end], ascending, within ",
                                          data.size(), " bytes"));
  }
  MOEVIT_ASSIGN_OR_RETURN(const uint64_t size,
                          SizeInBytes(description, tensor));
  if (offsets[1] - offsets[0] != size) {
    return description.Error(
        "data_offsets",
        absl::StrCat("a range of ", size, " bytes, the size of ", type,
                     ShapeToString(tensor.shape)));
  }
  tensor.bytes = data.substr(offsets[0], size);
  return tensor;
}

// Every byte of the data must belong to exactly one tensor.
absl::Status CheckCoverage(const SafetensorsContent& content,
                           absl::string_view data, absl::string_view name) {
  using Entry = std::pair<const std::string, TensorView>;
  std::vector<const Entry*> by_place;
  by_place.reserve(content.tensors.size());
  for (const Entry& entry : content.tensors) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(),
            [](const Entry* a, const Entry* b) {
              const absl::string_view x = a->second.bytes;
              const absl::string_view y = b->second.bytes;
              return std::make_pair(x.data(), x.size()) <
                     std::make_pair(y.data(), y.size());
            });
  size_t covered = 0;
  for (const Entry* entry : by_place) {
    const absl::string_view bytes = entry->second.bytes;
    const size_t begin = static_cast<size_t>(bytes.data() - data.data());
    if (begin != covered) {
      return Malformed(name, "tensor \"", entry->first, "\" begins at byte ",
                       begin, begin < covered ? ", inside" : ", after a gap to",
                       " the one before it, which ends at ", covered);
    }
    covered += bytes.size();
  }
  if (covered == data.size()) return absl::OkStatus();
  return Malformed(name, "the tensors cover ", covered, " of ", data.size(),
                   " data bytes");
}

template <typename Convert>
std::vector<float> Widen(absl::string_view bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(uint16_t));
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
    values[i] = convert(bits);
  }
  return values;
}

}  // namespace

std::string ShapeToString(absl::Span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<SafetensorsContent> ParseSafetensors(absl::string_view file,
                                                    absl::string_view name) {
  MOEVIT_ASSIGN_OR_RETURN(const absl::string_view text, HeaderText(file, name));
  const absl::string_view data = file.substr(kLengthBytes + text.size());
  MOEVIT_ASSIGN_OR_RETURN(
      const Json document,
      ParseJson(text, name,
                {.max_bytes = kMaxHeaderBytes, .max_depth = kMaxHeaderDepth}));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject header,
                          JsonObject::Root(document, name));
  SafetensorsContent content;
  MOEVIT_RETURN_IF_ERROR(ReadMetadata(header, content.metadata));
  for (const auto& [key, unused] : document.items()) {
    if (key == kMetadataKey) continue;
    MOEVIT_ASSIGN_OR_RETURN(const JsonObject description, header.Object(key));
    MOEVIT_ASSIGN_OR_RETURN(content.tensors[key],
                            ReadTensor(description, data));
  }
  MOEVIT_RETURN_IF_ERROR(CheckCoverage(content, data, name));
  return content;
}

absl::StatusOr<SafetensorsReader> SafetensorsReader::Open(
    const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  return Read(std::move(file), path);
}

absl::StatusOr<SafetensorsReader> SafetensorsReader::Read(
    MappedFile file, const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(SafetensorsContent content,
                          ParseSafetensors(file.bytes(), path));
  return SafetensorsReader(path, std::move(file), std::move(content));
}

absl::StatusOr<const TensorView*> SafetensorsReader::Find(
    absl::string_view name, absl::Span<const int64_t> shape) const {
  const auto found = content_.tensors.find(name);
  if (found == content_.tensors.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": tensor \"", name, "\" is missing; expected ",
                     "shape ", ShapeToString(shape)));
  }
  if (found->second.shape != shape) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": tensor \"", name, "\" has shape ",
                     ShapeToString(found->second.shape), "; expected ",
                     ShapeToString(shape)));
  }
  return &found->second;
}

absl::StatusOr<std::vector<float>> SafetensorsReader::Floats(
    absl::string_view name, absl::Span<const int64_t> shape) const {
  MOEVIT_ASSIGN_OR_RETURN(const TensorView* const tensor, Find(name, shape));
  switch (tensor->type) {
    case DataType::kF32:
      return Values<float>(name, shape);
    case DataType::kF16:
      return Widen(tensor->bytes, HalfToFloat);
    case DataType::kBF16:
      return Widen(tensor->bytes, BFloat16ToFloat);
    default:
      return TypeError(name, *tensor, "F32, F16 or BF16");
  }
}

absl::Status SafetensorsReader::TypeError(absl::string_view name,
                                          const TensorView& tensor,
                                          absl::string_view expected) const {
  return absl::InvalidArgumentError(
      absl::StrCat(path_, ": tensor \"", name, "\" has type ",
                   DataTypeName(tensor.type), "; expected ", expected));
}

}  // namespace moevit
