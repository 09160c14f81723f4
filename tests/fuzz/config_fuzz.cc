// A model's config.json.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static_cast<void>(moevit::ParseModelConfig(
      absl::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
