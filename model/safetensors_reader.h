// Reads tensors from a safetensors file, which it maps into memory.
//
// The file is not trusted: its header, and every tensor's name, type, shape
// and place, are checked when it is opened, by the same rules as in the
// format's reference implementation (no gaps, no overlaps, nothing left over).

#ifndef MOEVIT_MODEL_SAFETENSORS_READER_H_
#define MOEVIT_MODEL_SAFETENSORS_READER_H_

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/mapped_file.h"
#include "model/data_type.h"

namespace moevit {

// A tensor in somebody else's memory. Its bytes are little-endian, row-major
// and not necessarily aligned.
struct TensorView {
  DataType type = DataType::kF32;
  std::vector<int64_t> shape;  // empty for a scalar
  absl::string_view bytes;
};

struct SafetensorsContent {
  std::map<std::string, TensorView, std::less<>> tensors;
  std::map<std::string, std::string> metadata;
};

// Checks a whole file's bytes and describes the tensors in it, whose bytes
// point into `file`. `name` is used in errors only. Returns kInvalidArgument
// naming the tensor, its value and the limit.
absl::StatusOr<SafetensorsContent> ParseSafetensors(absl::string_view file,
                                                    absl::string_view name);

// Safe to read from any number of threads.
class SafetensorsReader {
 public:
  // Returns kNotFound for a missing file, and ParseSafetensors' errors.
  static absl::StatusOr<SafetensorsReader> Open(const std::string& path);

  // The same of a file that is in memory; `path` is for messages.
  static absl::StatusOr<SafetensorsReader> Read(MappedFile file,
                                                const std::string& path);

  const std::string& path() const { return path_; }
  const std::map<std::string, TensorView, std::less<>>& tensors() const {
    return content_.tensors;
  }
  const std::map<std::string, std::string>& metadata() const {
    return content_.metadata;
  }

  // The tensor of this name and exactly this shape; lives as long as the
  // reader. Returns kInvalidArgument when it is missing or shaped otherwise.
  absl::StatusOr<const TensorView*> Find(absl::string_view name,
                                         absl::Span<const int64_t> shape) const;

  // The elements of a tensor stored as F32, F16 or BF16, widened to float.
  // Values are not checked: they may be NaN or infinite.
  absl::StatusOr<std::vector<float>> Floats(
      absl::string_view name, absl::Span<const int64_t> shape) const;

  // The elements of a tensor stored exactly as T: int8_t, uint8_t, int16_t,
  // uint16_t, int32_t, int64_t or float. Copied, as T may need an alignment
  // that the file does not give.
  template <typename T>
  absl::StatusOr<std::vector<T>> Values(absl::string_view name,
                                        absl::Span<const int64_t> shape) const;

 private:
  SafetensorsReader(std::string path, MappedFile file,
                    SafetensorsContent content)
      : path_(std::move(path)),
        file_(std::move(file)),
        content_(std::move(content)) {}

  absl::Status TypeError(absl::string_view name, const TensorView& tensor,
                         absl::string_view expected) const;

  std::string path_;
  MappedFile file_;
  SafetensorsContent content_;  // points into file_
};

// "[2, 3]"
std::string ShapeToString(absl::Span<const int64_t> shape);

// Implementation details follow.

template <typename T>
absl::StatusOr<std::vector<T>> SafetensorsReader::Values(
    absl::string_view name, absl::Span<const int64_t> shape) const {
  absl::StatusOr<const TensorView*> found = Find(name, shape);
  if (!found.ok()) return found.status();
  const TensorView& tensor = **found;
  if (tensor.type != DataTypeOf<T>()) {
    return TypeError(name, tensor, DataTypeName(DataTypeOf<T>()));
  }
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  // The source of an empty tensor may be null.
  if (!values.empty()) {
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    file_.Forget(tensor.bytes);
  }
  return values;
}

}  // namespace moevit

#endif  // MOEVIT_MODEL_SAFETENSORS_READER_H_
