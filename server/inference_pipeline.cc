#include "server/inference_pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/catch_exceptions.h"
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

InferencePipeline::InferencePipeline(const InferencePipelineOptions& options,
                                     ImagePreparer prepare, QueueBudget* budget,
                                     BatchScheduler* scheduler, Clock* clock)
    : options_(options),
      prepare_(std::move(prepare)),
      budget_(budget),
      scheduler_(scheduler),
      clock_(clock),
      watch_(clock),
      // Every image that waits for a decoder has a place in the queue. What is
      // beyond that are images of requests that ended meanwhile.
      decoders_(options.decode_threads, 4 * budget->limits().max_images) {}

void InferencePipeline::Run(InferenceRequest request, Done done) {
  QueueBudget::Claims claims;
  std::shared_ptr<RequestGather> gather;
  const absl::Status admitted =
      CatchExceptions("admit the request", [&]() -> absl::Status {
        MOEVIT_ASSIGN_OR_RETURN(claims, Admit(request));
        const absl::Time decode_by =
            clock_->Now() + options_.policy.TimeoutFor(request.timeout);
        gather = std::make_shared<RequestGather>(
            std::move(request), std::move(claims.memory), std::move(done));
        gather->StartWatch(&watch_, decode_by);
        return absl::OkStatus();
      });
  if (!admitted.ok()) {
    if (gather != nullptr) return gather->End(admitted);
    return std::move(done)(admitted);
  }
  for (size_t i = 0; i < claims.places.size(); ++i) {
    const absl::Status started = CatchExceptions("start the image", [&] {
      return StartImage(
          gather, i, NewTask(gather->request(), std::move(claims.places[i])));
    });
    if (!started.ok()) gather->FailRequest(i, started);
  }
}

void InferencePipeline::RemoveCancelled() {
  // Without memory they end at their deadlines.
  IgnoreExceptions([this] {
    watch_.EndCancelled();
    scheduler_->RemoveCancelled();
  });
}

absl::StatusOr<QueueBudget::Claims> InferencePipeline::Admit(
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
  const absl::Time now = clock_->Now();
  if (request.deadline <= now) {
    return absl::DeadlineExceededError(
        "the deadline had passed when the request arrived");
  }
  int64_t image_bytes = 0;
  for (const ImageInput& image : request.images) {
    image_bytes += static_cast<int64_t>(image.bytes.size());
  }
  const int64_t pixel_bytes = request.model->shape().pixel_bytes;
  return budget_->Reserve({.client = request.client,
                           .model = request.model->name,
                           .images = static_cast<int64_t>(images),
                           .bytes = std::max(image_bytes, request.owner_bytes) +
                                    pixel_bytes * static_cast<int64_t>(images)},
                          now);
}

ImageTask InferencePipeline::NewTask(const InferenceRequest& request,
                                     QueueBudget::Claim place) const {
  const QueuePolicy& policy = options_.policy;
  ImageTask task;
  task.deadline = request.deadline;
  task.priority = policy.LevelFor(request.priority);
  task.cancellation = request.cancellation;
  task.place = std::move(place);
  task.arrival = clock_->Now();
  task.queue_deadline = task.arrival + policy.TimeoutFor(request.timeout);
  return task;
}

absl::Status InferencePipeline::StartImage(
    const std::shared_ptr<RequestGather>& gather, size_t index,
    ImageTask task) {
  const ImageInput& image = gather->request().images[index];
  if (image.kind == ImageInput::Kind::kPixels) {
    task.pixels.assign(image.bytes.begin(), image.bytes.end());
    Enqueue(gather, index, /*decode=*/absl::ZeroDuration(), std::move(task));
    return absl::OkStatus();
  }
  gather->KeepWaiting(index, std::move(task));
  // Does not own the request, whose memory is free as soon as it ends.
  absl::Status submitted =
      decoders_.Submit([this, index, weak = std::weak_ptr(gather)] {
        if (const auto request = weak.lock()) DecodeImage(request, index);
      });
  if (!submitted.ok() && gather->TakeWaiting(index)) gather->LeaveDecoder();
  return submitted;
}

void InferencePipeline::DecodeImage(
    const std::shared_ptr<RequestGather>& gather, size_t index) {
  std::optional<ImageTask> task = gather->TakeWaiting(index);
  if (!task.has_value()) return;
  const absl::Status wanted = CatchExceptions("decode the image", [&] {
    return StatusOfWaitingTask(*task, clock_->Now());
  });
  const absl::Time start = clock_->Now();
  absl::Status prepared = wanted;
  if (wanted.ok()) {
    prepared = CatchExceptions("decode the image", [&] {
      return PrepareImage(gather->request(), index, *task);
    });
  }
  gather->LeaveDecoder();
  if (prepared.ok()) {
    prepared = CatchExceptions("queue the image", [&] {
      Enqueue(gather, index,
              std::max(clock_->Now() - start, absl::ZeroDuration()),
              *std::move(task));
      return absl::OkStatus();
    });
  }
  if (prepared.ok()) return;
  task->place.Release();
  wanted.ok() ? gather->SetResult(index, prepared)
              : gather->FailRequest(index, wanted);
}

// Returns the image's own error.
absl::Status InferencePipeline::PrepareImage(const InferenceRequest& request,
                                             size_t index, ImageTask& task) {
  MOEVIT_ASSIGN_OR_RETURN(task.pixels, prepare_(request.images[index].bytes,
                                                request.model->model.config));
  return absl::OkStatus();
}

void InferencePipeline::Enqueue(const std::shared_ptr<RequestGather>& gather,
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
