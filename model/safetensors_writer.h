// Writes tensors as a safetensors file. The same tensors and metadata give the
// same bytes, in whatever order they are added: those of the format's
// reference implementation.

#ifndef MOEVIT_MODEL_SAFETENSORS_WRITER_H_
#define MOEVIT_MODEL_SAFETENSORS_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/data_type.h"

namespace moevit {

// Thread-compatible.
class SafetensorsWriter {
 public:
  // Copies `values`, in row-major order. Returns kInvalidArgument when their
  // number is not the product of `shape`, and kAlreadyExists for a second
  // tensor of one name.
  template <typename T>
  absl::Status Add(const std::string& name, std::vector<int64_t> shape,
                   absl::Span<const T> values) {
    return AddBytes(
        name, DataTypeOf<T>(), std::move(shape),
        absl::string_view(reinterpret_cast<const char*>(values.data()),
                          values.size() * sizeof(T)));
  }

  // The same for a type without a C++ counterpart; bytes are little-endian.
  absl::Status AddBytes(const std::string& name, DataType type,
                        std::vector<int64_t> shape, absl::string_view bytes);

  void SetMetadata(const std::string& key, const std::string& value) {
    metadata_[key] = value;
  }

  // The content of the file.
  std::string Serialize() const;

  // Writes it to `path`, replacing what is there. Errors as WriteFile.
  absl::Status Write(const std::string& path) const;

 private:
  struct Tensor {
    DataType type;
    std::vector<int64_t> shape;
    std::string bytes;
  };

  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace moevit

#endif  // MOEVIT_MODEL_SAFETENSORS_WRITER_H_
