// Reads the tensors of an Open Inference Protocol request.
//
// Everything in a request is what a stranger wrote: every shape, size and
// length is checked against what the model and the message admit before it is
// used, and the message of an error names the value.

#ifndef MOEVIT_SERVER_INFER_REQUEST_DECODER_H_
#define MOEVIT_SERVER_INFER_REQUEST_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inference/grpc_service.pb.h"
#include "server/inference_request.h"

namespace moevit {

// What requests are held against.
struct InferRequestLimits {
  int image_size = 0;  // of the model, pixels per side
  int channels = 0;    // of the model
  int max_images = 0;  // in one request
};

struct DecodedInferRequest {
  // Views into the request or into `converted`.
  std::vector<ImageInput> images;

  // Pixels that came one per integer. (A vector, so that moving the struct
  // leaves the views valid.)
  std::vector<uint8_t> converted;

  // How many classes to return as BYTES; 0 for the scores of all classes.
  int64_t classification = 0;

  // 0 and zero: not given.
  uint64_t priority = 0;
  absl::Duration timeout = absl::ZeroDuration();
};

// `request` must outlive the result. Returns kInvalidArgument for a request
// that contradicts itself or the model, kResourceExhausted for too many
// images.
absl::StatusOr<DecodedInferRequest> DecodeInferRequest(
    const inference::ModelInferRequest& request,
    const InferRequestLimits& limits);

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFER_REQUEST_DECODER_H_
