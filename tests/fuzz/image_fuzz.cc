// JPEG and PNG files, decoded whole and at a fraction of their size.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "model/image_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  moevit::DecodeLimits limits;
  limits.max_pixels = 1 << 20;  // keeps the fuzzer's memory small
  for (const int sufficient_side : {0, 16}) {
    const auto image = moevit::DecodeImage(bytes, limits, sufficient_side);
    if (image.ok() && image->pixels.empty()) __builtin_trap();
  }
  return 0;
}
