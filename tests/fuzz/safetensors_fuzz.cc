// Weight files: every byte of every tensor must be inside the file.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "model/safetensors_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view file(reinterpret_cast<const char*>(data), size);
  const auto content = moevit::ParseSafetensors(file, "fuzz");
  if (!content.ok()) return 0;
  unsigned sum = 0;
  for (const auto& [name, tensor] : content->tensors) {
    for (const char byte : tensor.bytes) sum += static_cast<uint8_t>(byte);
  }
  [[maybe_unused]] static volatile unsigned sink;
  sink = sum;
  return 0;
}
