// From the body of an inference request over HTTP to the same request over
// gRPC, so that one decoder checks both.

#ifndef MOEVIT_SERVER_REST_INFER_REQUEST_H_
#define MOEVIT_SERVER_REST_INFER_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/inference/grpc_service.pb.h"

namespace moevit {

// The most JSON that one request may have; it is parsed on a thread that
// serves connections, so this bounds how long others wait. Tensors that are
// larger come as binary data.
inline constexpr int64_t kMaxInferJsonBytes = int64_t{4} << 20;

struct RestInferRequest {
  inference::ModelInferRequest request;  // without a model
  bool binary_output = false;            // whether scores are wanted as binary
};

// `header_length` is the value of Inference-Header-Content-Length, empty where
// there is none: so many bytes of `body` are JSON, the rest are the tensors
// whose parameters have a binary_data_size, one after the other. BYTES in JSON
// are base64 where the input's parameter content_type says so.
//
// Returns kInvalidArgument for a body that contradicts itself,
// kResourceExhausted for too much JSON. `id`, unless null, is what the request
// says it is called, also if it is refused after that was read.
absl::StatusOr<RestInferRequest> ReadInferRequest(
    absl::string_view body, absl::string_view header_length,
    std::string* id = nullptr);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_INFER_REQUEST_H_
