#include "server/tensor_inference.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/infer_request_decoder.h"
#include "server/infer_response_encoder.h"

namespace moevit {
namespace {

// What the images of a request are views into.
struct ImageOwner {
  TensorInference::Message message;
  std::vector<uint8_t> converted;
};

}  // namespace

absl::StatusOr<TensorInference> TensorInference::Decode(
    Message message, ModelRegistry::ModelPointer model, int max_images) {
  const Program& program = model->model.program;
  MOEVIT_ASSIGN_OR_RETURN(
      DecodedInferRequest decoded,
      DecodeInferRequest(*message, {.image_size = program.image_size,
                                    .channels = program.channels,
                                    .max_images = max_images}));
  TensorInference inference;
  InferenceRequest& request = inference.request_;
  request.images = std::move(decoded.images);
  request.priority = decoded.priority;
  request.timeout = decoded.timeout;
  request.owner_bytes =
      static_cast<int64_t>(message->SpaceUsedLong() + decoded.converted.size());
  request.owner = std::make_shared<const ImageOwner>(
      ImageOwner{message, std::move(decoded.converted)});
  inference.classification_ = decoded.classification;
  inference.model_ = std::move(model);
  inference.message_ = std::move(message);
  return inference;
}

absl::Status TensorInference::Respond(
    InferenceResults results, inference::ModelInferResponse* response) const {
  std::vector<ImageResult> images;
  images.reserve(results.size());
  for (absl::StatusOr<ImageResult>& result : results) {
    if (!result.ok()) {
      return absl::Status(result.status().code(),
                          absl::StrCat("image ", images.size(), ": ",
                                       result.status().message()));
    }
    images.push_back(*std::move(result));
  }
  response->set_id(message_->id());
  EncodeInferResponse(*model_, images, classification_, response);
  return absl::OkStatus();
}

}  // namespace moevit
