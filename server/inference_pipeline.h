// The way of a request's images through the server: admission, decoding and
// preprocessing, the model's queue, and back together again.
//
// It knows nothing of gRPC; all services use it.

#ifndef MOEVIT_SERVER_INFERENCE_PIPELINE_H_
#define MOEVIT_SERVER_INFERENCE_PIPELINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

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
#include "server/inference_request.h"
#include "server/request_gather.h"
#include "server/request_watch.h"

namespace moevit {

// From an encoded image to a model's pixels, [image_size, image_size,
// channels]. Called by several threads at once.
using ImagePreparer = std::function<absl::StatusOr<std::vector<uint8_t>>(
    absl::string_view encoded, const ModelConfig& config)>;

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
  using Results = InferenceResults;
  using Done = InferenceDone;

  // The pointers must outlive the pipeline.
  // REQUIRES: options.Validate().ok().
  InferencePipeline(const InferencePipelineOptions& options,
                    ImagePreparer prepare, QueueBudget* budget,
                    BatchScheduler* scheduler, Clock* clock);

  // Finishes the decoding that was accepted; answers what is left with
  // kUnavailable.
  ~InferencePipeline() = default;

  // Classifies the images of `request`; does not block. `done` is called
  // exactly once, on any thread or before Run returns, and with an error when
  // the request as a whole failed:
  //   kInvalidArgument    it has no image
  //   kResourceExhausted  it has too many, the queue is full, or there was not
  //                       enough memory
  //   kDeadlineExceeded, kCancelled, kUnavailable, or the executor's error
  // At the deadline it is called even if images are being decoded or executed.
  // No exception leaves this function; `done` must not throw.
  void Run(InferenceRequest request, Done done);

  // From now on requests are refused with kUnavailable.
  void StopAdmitting() { admitting_ = false; }

  // Has cancelled requests answered now. Neither blocks nor throws.
  void RemoveCancelled();

  const InferencePipelineOptions& options() const { return options_; }

 private:
  absl::StatusOr<QueueBudget::Claims> Admit(
      const InferenceRequest& request) const;
  ImageTask NewTask(const InferenceRequest& request,
                    QueueBudget::Claim place) const;
  absl::Status StartImage(const std::shared_ptr<RequestGather>& gather,
                          size_t index, ImageTask task);
  void DecodeImage(const std::shared_ptr<RequestGather>& gather, size_t index);
  absl::Status PrepareImage(const InferenceRequest& request, size_t index,
                            ImageTask& task);
  void Enqueue(const std::shared_ptr<RequestGather>& gather, size_t index,
               absl::Duration decode, ImageTask task);

  const InferencePipelineOptions options_;
  const ImagePreparer prepare_;
  QueueBudget* const budget_;
  BatchScheduler* const scheduler_;
  Clock* const clock_;
  std::atomic<bool> admitting_ = true;
  RequestWatch watch_;
  TaskPool decoders_;  // destroyed first: its tasks use the rest
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_PIPELINE_H_
