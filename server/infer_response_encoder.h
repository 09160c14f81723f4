// Writes an Open Inference Protocol response. Outputs are raw contents always:
// Triton answers so, and its C++ client reads nothing else.

#ifndef MOEVIT_SERVER_INFER_RESPONSE_ENCODER_H_
#define MOEVIT_SERVER_INFER_RESPONSE_ENCODER_H_

#include <cstdint>

#include "absl/types/span.h"
#include "proto/inference/grpc_service.pb.h"
#include "scheduler/image_task.h"
#include "server/served_model.h"

namespace moevit {

// Fills in `response` but for its id.
//   classification 0      scores, FP32 [images, classes]
//   classification k > 0  scores, BYTES [images, min(k, classes)], best first,
//                         each "score:index:label", without ":label" where
//                         the model has no names
void EncodeInferResponse(const ServedModel& model,
                         absl::Span<const ImageResult> results,
                         int64_t classification,
                         inference::ModelInferResponse* response);

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFER_RESPONSE_ENCODER_H_
