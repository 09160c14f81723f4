// A request for classes of images, as every interface hands it to the pipeline,
// and what comes back.

#ifndef MOEVIT_SERVER_INFERENCE_REQUEST_H_
#define MOEVIT_SERVER_INFERENCE_REQUEST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "scheduler/image_task.h"
#include "server/served_model.h"

namespace moevit {

struct ImageInput {
  enum class Kind { kEncoded, kPixels };

  Kind kind = Kind::kEncoded;
  absl::string_view bytes;
};

struct InferenceRequest {
  std::shared_ptr<const ServedModel> model;
  std::vector<ImageInput> images;

  // What the images' bytes belong to; null if they outlive the pipeline. It is
  // kept for as long as any of them is in use, which may be after the answer.
  std::shared_ptr<const void> owner;

  // The memory that `owner` holds, if that is more than the images' bytes.
  int64_t owner_bytes = 0;

  // Whom the request is for, by ClientIdOf: clients get fair shares.
  std::string client;

  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<const Cancellation> cancellation;

  // What the request asks for; 0 and zero mean that it does not.
  uint64_t priority = 0;
  absl::Duration timeout = absl::ZeroDuration();
};

// One for each image: its result, or why it could not be decoded.
using InferenceResults = std::vector<absl::StatusOr<ImageResult>>;

// Takes the results, or the error of the request as a whole. Must not throw.
using InferenceDone =
    absl::AnyInvocable<void(absl::StatusOr<InferenceResults>) &&>;

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_REQUEST_H_
