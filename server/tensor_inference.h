// One inference of the Open Inference Protocol: from its request message to a
// request of the pipeline, and from the results to its response.

#ifndef MOEVIT_SERVER_TENSOR_INFERENCE_H_
#define MOEVIT_SERVER_TENSOR_INFERENCE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/inference/grpc_service.pb.h"
#include "server/inference_request.h"
#include "server/model_registry.h"

namespace moevit {

// Thread-compatible.
class TensorInference {
 public:
  using Message = std::shared_ptr<const inference::ModelInferRequest>;

  // Errors: as DecodeInferRequest.
  static absl::StatusOr<TensorInference> Decode(
      Message message, ModelRegistry::ModelPointer model, int max_images);

  // The request that was decoded, without what belongs to its call. Call it
  // once.
  InferenceRequest TakeRequest() { return std::move(request_); }

  // Fills in `response`, or returns the first error of an image: the protocol
  // has no place for it.
  absl::Status Respond(InferenceResults results,
                       inference::ModelInferResponse* response) const;

 private:
  TensorInference() = default;

  ModelRegistry::ModelPointer model_;
  Message message_;
  InferenceRequest request_;
  int64_t classification_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_TENSOR_INFERENCE_H_
