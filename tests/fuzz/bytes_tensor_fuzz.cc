// The raw contents of a BYTES tensor: a byte that says how many elements there
// are, then the contents. Elements that are admitted must lie inside them.

#include <cstddef>
#include <cstdint>
#include <string>

#include "proto/inference/grpc_service.pb.h"
#include "server/infer_request_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  inference::ModelInferRequest request;
  auto* input = request.add_inputs();
  input->set_name("image");
  input->set_datatype("BYTES");
  input->add_shape(data[0]);
  request.add_raw_input_contents(
      std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto decoded = moevit::DecodeInferRequest(
      request, {.image_size = 3, .channels = 3, .max_images = 255});
  if (!decoded.ok()) return 0;
  const std::string& raw = request.raw_input_contents(0);
  for (const moevit::ImageInput& image : decoded->images) {
    if (image.bytes.data() < raw.data() ||
        image.bytes.data() + image.bytes.size() > raw.data() + raw.size()) {
      __builtin_trap();
    }
  }
  return 0;
}
