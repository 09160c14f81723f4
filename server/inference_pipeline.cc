#include "server/inference_pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace moevit {

absl::Status InferencePipelineOptions::Validate() const {
  if (decode_threads < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "there must be at least 1 decode thread, not %d", decode_threads));
  }
  if (max_images_per_request < 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a request must admit at least 1 image, not %d",
                        max_images_per_request));
  }
  return absl::OkStatus();
}

// Collects the results of one request's images; lives until the last of them
// is there, and calls the request's Done then.
class InferencePipeline::Gather {
 public:
  Gather(InferenceRequest request, Done done)
      : request_(std::move(request)),
        done_(std::move(done)),
        missing_(request_.images.size()),
        results_(request_.images.size(), absl::InternalError("no result")) {}

  const InferenceRequest& request() const { return request_; }

  // The outcome of one image.
  void SetResult(size_t index, absl::StatusOr<ImageResult> result) {
    request_.model->metrics.RecordImage(result);
    if (result.ok()) request_.model->statistics.RecordImage(*result);
    Finish(index, std::move(result), absl::OkStatus());
  }

  // An image met an error that is not its own: the first such error is the
  // request's.
  void FailRequest(size_t index, absl::Status error) {
    request_.model->metrics.RecordImage(error);
    Finish(index, error, error);
  }

 private:
  void Finish(size_t index, absl::StatusOr<ImageResult> result,
              const absl::Status& request_error) {
    {
      MutexLock lock(&mutex_);
      results_[index] = std::move(result);
      status_.Update(request_error);
      if (--missing_ > 0) return;
    }
    // The last one; nobody else touches the results any more.
    std::move(done_)(TakeOutcome());
  }

  absl::StatusOr<Results> TakeOutcome() {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    return std::move(results_);
  }

  const InferenceRequest request_;
  Done done_;

  Mutex mutex_;
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  Results results_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // of the whole request
};

InferencePipeline::InferencePipeline(const InferencePipelineOptions& options,
                                     ImagePreparer prepare, QueueBudget* budget,
                                     BatchScheduler* scheduler, Clock* clock)
    : options_(options),
      prepare_(std::move(prepare)),
      budget_(budget),
      scheduler_(scheduler),
      clock_(clock),
      // Every image that waits for a decoder has a place in the queue, so the
      // pool never refuses one.
      decoders_(options.decode_threads, budget->limits().max_images) {}

void InferencePipeline::Run(InferenceRequest request, Done done) {
  auto places = Admit(request);
  if (!places.ok()) {
    std::move(done)(places.status());
    return;
  }
  const auto gather =
      std::make_shared<Gather>(std::move(request), std::move(done));
  for (size_t i = 0; i < places->size(); ++i) {
    StartImage(gather, i, std::move((*places)[i]));
  }
}

absl::StatusOr<std::vector<QueueBudget::Place>> InferencePipeline::Admit(
    const InferenceRequest& request) const {
  if (!admitting_) {
    return absl::UnavailableError("the server is shutting down");
  }
  const size_t images = request.images.size();
  if (images == 0) {
    return absl::InvalidArgumentError("the request has no image");
  }
  if (images > static_cast<size_t>(options_.max_images_per_request)) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("the request has %d images, the limit is %d", images,
                        options_.max_images_per_request));
  }
  if (request.deadline <= clock_->Now()) {
    return absl::DeadlineExceededError(
        "the deadline had passed when the request arrived");
  }
  std::vector<int64_t> bytes;
  bytes.reserve(images);
  for (const ImageInput& image : request.images) {
    bytes.push_back(static_cast<int64_t>(image.bytes.size()) +
                    request.model->shape().pixel_bytes);
  }
  return budget_->Reserve(bytes);
}

void InferencePipeline::StartImage(const std::shared_ptr<Gather>& gather,
                                   size_t index, QueueBudget::Place place) {
  const InferenceRequest& request = gather->request();
  ImageTask task;
  const QueuePolicy& policy = options_.policy;
  task.deadline = request.deadline;
  task.priority = policy.LevelFor(request.priority);
  task.cancellation = request.cancellation;
  task.place = std::move(place);
  task.arrival = clock_->Now();
  task.queue_deadline = task.arrival + policy.TimeoutFor(request.timeout);
  const ImageInput& image = request.images[index];
  if (image.kind == ImageInput::Kind::kPixels) {
    task.pixels.assign(image.bytes.begin(), image.bytes.end());
    Enqueue(gather, index, /*decode=*/absl::ZeroDuration(), std::move(task));
    return;
  }
  const absl::Status accepted =
      decoders_.Submit([this, gather, index, task = std::move(task)]() mutable {
        PrepareImage(gather, index, std::move(task));
      });
  if (!accepted.ok()) gather->FailRequest(index, accepted);
}

void InferencePipeline::PrepareImage(const std::shared_ptr<Gather>& gather,
                                     size_t index, ImageTask task) {
  const absl::Time start = clock_->Now();
  if (absl::Status dead = StatusOfWaitingTask(task, start); !dead.ok()) {
    task.place.Release();
    gather->FailRequest(index, std::move(dead));
    return;
  }
  const InferenceRequest& request = gather->request();
  auto pixels =
      prepare_(request.images[index].bytes, request.model->model.config);
  if (!pixels.ok()) {
    task.place.Release();
    gather->SetResult(index, pixels.status());
    return;
  }
  task.pixels = *std::move(pixels);
  const absl::Duration decode =
      std::max(clock_->Now() - start, absl::ZeroDuration());
  Enqueue(gather, index, decode, std::move(task));
}

void InferencePipeline::Enqueue(const std::shared_ptr<Gather>& gather,
                                size_t index, absl::Duration decode,
                                ImageTask task) {
  task.done = [gather, index, decode](absl::StatusOr<ImageResult> result) {
    if (!result.ok()) {
      gather->FailRequest(index, result.status());
      return;
    }
    result->decode = decode;
    gather->SetResult(index, std::move(result));
  };
  scheduler_->Submit(gather->request().model->queue, std::move(task));
}

}  // namespace moevit
