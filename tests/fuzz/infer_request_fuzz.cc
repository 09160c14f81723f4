// Requests of the Open Inference Protocol as gRPC delivers them. Images that
// the decoder admits must lie inside the request.

#include <cstddef>
#include <cstdint>

#include "proto/inference/grpc_service.pb.h"
#include "server/infer_request_decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  inference::ModelInferRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto decoded = moevit::DecodeInferRequest(
      request, {.image_size = 3, .channels = 3, .max_images = 8});
  if (!decoded.ok()) return 0;
  unsigned sum = 0;
  for (const moevit::ImageInput& image : decoded->images) {
    for (const char byte : image.bytes) sum += static_cast<uint8_t>(byte);
  }
  [[maybe_unused]] static volatile unsigned sink;
  sink = sum;
  return 0;
}
