// The way of a request's images through the server: admission, decoding and
// preprocessing, the model's queue, and back together again.
//
// It knows nothing of gRPC; both services use it.

#ifndef MOEVIT_SERVER_INFERENCE_PIPELINE_H_
#define MOEVIT_SERVER_INFERENCE_PIPELINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "model/config.h"
#include "scheduler/batch_scheduler.h"
#include "scheduler/clock.h"
#include "scheduler/image_task.h"
#include "scheduler/queue_budget.h"
#include "scheduler/queue_policy.h"
#include "scheduler/task_pool.h"
#include "server/served_model.h"

namespace moevit {

// From an encoded image to a model's pixels, [image_size, image_size,
// channels]. Called by several threads at once.
using ImagePreparer = std::function<absl::StatusOr<std::vector<uint8_t>>(
    absl::string_view encoded, const ModelConfig& config)>;

struct ImageInput {
  enum class Kind { kEncoded, kPixels };

  Kind kind = Kind::kEncoded;
  absl::string_view bytes;  // must stay valid until the request is done
};

struct InferenceRequest {
  std::shared_ptr<const ServedModel> model;
  std::vector<ImageInput> images;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<const Cancellation> cancellation;

  // What the request asks for; 0 and zero mean that it does not.
  uint64_t priority = 0;
  absl::Duration timeout = absl::ZeroDuration();
};

struct InferencePipelineOptions {
  // Threads that decode and preprocess. Default: 2.
  int decode_threads = 2;

  // Images in one request. Default: 256.
  int max_images_per_request = 256;

  // What requests may ask for.
  QueuePolicy policy = {};

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// Thread safe.
class InferencePipeline {
 public:
  // One for each image: its result, or why it could not be decoded.
  using Results = std::vector<absl::StatusOr<ImageResult>>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Results>) &&>;

  // The pointers must outlive the pipeline.
  // REQUIRES: options.Validate().ok().
  InferencePipeline(const InferencePipelineOptions& options,
                    ImagePreparer prepare, QueueBudget* budget,
                    BatchScheduler* scheduler, Clock* clock);

  // Finishes the decoding that was accepted.
  ~InferencePipeline() = default;

  // Classifies the images of `request`; does not block. `done` is called
  // exactly once, on any thread or before Run returns, and with an error when
  // the request as a whole failed:
  //   kInvalidArgument    it has no image
  //   kResourceExhausted  it has too many, or the queue is full
  //   kDeadlineExceeded, kCancelled, kUnavailable, or the executor's error
  void Run(InferenceRequest request, Done done);

  // From now on requests are refused with kUnavailable.
  void StopAdmitting() { admitting_ = false; }

  // Has cancelled requests answered now. Does not block.
  void RemoveCancelled() { scheduler_->RemoveCancelled(); }

  const InferencePipelineOptions& options() const { return options_; }

 private:
  class Gather;

  absl::StatusOr<std::vector<QueueBudget::Place>> Admit(
      const InferenceRequest& request) const;
  void StartImage(const std::shared_ptr<Gather>& gather, size_t index,
                  QueueBudget::Place place);
  void PrepareImage(const std::shared_ptr<Gather>& gather, size_t index,
                    ImageTask task);
  void Enqueue(const std::shared_ptr<Gather>& gather, size_t index,
               absl::Duration decode, ImageTask task);

  const InferencePipelineOptions options_;
  const ImagePreparer prepare_;
  QueueBudget* const budget_;
  BatchScheduler* const scheduler_;
  Clock* const clock_;
  std::atomic<bool> admitting_ = true;
  TaskPool decoders_;  // destroyed first: its tasks use the rest
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_PIPELINE_H_
