// Inference requests as HTTP delivers them: two bytes that say how much of the
// rest is JSON, then the body.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/infer_request_decoder.h"
#include "server/rest/infer_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const int json_bytes = data[0] | data[1] << 8;
  const absl::string_view body(reinterpret_cast<const char*>(data) + 2,
                               size - 2);
  const auto read = moevit::ReadInferRequest(
      body, json_bytes == 0 ? "" : std::to_string(json_bytes));
  if (!read.ok()) return 0;
  static_cast<void>(moevit::DecodeInferRequest(
      read->request, {.image_size = 3, .channels = 3, .max_images = 8}));
  return 0;
}
