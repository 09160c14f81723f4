// One request while its images are worked on: collects their results and
// answers when the last of them is there, or early when the request ends.
//
// Nothing of it throws but its constructor and StartWatch: without memory a
// request is answered all the same, and perhaps not counted.

#ifndef MOEVIT_SERVER_REQUEST_GATHER_H_
#define MOEVIT_SERVER_REQUEST_GATHER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "scheduler/image_task.h"
#include "scheduler/queue_budget.h"
#include "server/inference_request.h"
#include "server/request_watch.h"

namespace moevit {

// Thread safe. Calls the request's Done exactly once. It lives for as long as
// any of its images is being worked on, and with it what the images' bytes
// belong to and the claim on the memory for them.
class RequestGather final : public WatchedRequest,
                            public std::enable_shared_from_this<RequestGather> {
 public:
  // Leaves its arguments alone if it throws.
  RequestGather(InferenceRequest&& request, QueueBudget::Claim&& memory,
                InferenceDone&& done);

  const InferenceRequest& request() const { return request_; }

  // Has the request ended at its deadline, at `decode_by` if an image still
  // waits for a decoder or is in one, or when it is cancelled. Call it once,
  // before the first image is started. `watch` must live until the request has
  // its answer, and shares the ownership until then.
  void StartWatch(RequestWatch* watch, absl::Time decode_by);

  // Keeps `task` while it waits for a decoder, so that its place in the queue
  // is free at once if the request ends.
  void KeepWaiting(size_t index, ImageTask task);

  // Gives it back; nothing if the request has ended.
  std::optional<ImageTask> TakeWaiting(size_t index);

  // An image that was kept waiting is decoded, or will not be. Call it once for
  // each, unless TakeWaiting gave nothing.
  void LeaveDecoder();

  // The outcome of one image. The first outcome of each image counts.
  void SetResult(size_t index, absl::StatusOr<ImageResult> result);

  // An image met an error that is not its own: the first such error is the
  // request's.
  void FailRequest(size_t index, const absl::Status& error);

  bool cancelled() const override;
  void OnTime() override;
  void End(const absl::Status& reason) override;

 private:
  void Finish(size_t index, absl::StatusOr<ImageResult> result,
              const absl::Status& request_error);
  absl::StatusOr<InferenceResults> TakeOutcome()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const absl::StatusOr<ImageResult>& result);
  void Answer(absl::StatusOr<InferenceResults> outcome);

  Mutex mutex_;  // taken before the watch's own
  std::vector<std::optional<absl::StatusOr<ImageResult>>> results_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::optional<ImageTask>> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  InferenceResults outcome_ ABSL_GUARDED_BY(mutex_);  // with room for all
  size_t undecoded_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time decode_by_ ABSL_GUARDED_BY(mutex_);  // infinite once it has passed
  absl::Status status_ ABSL_GUARDED_BY(mutex_);   // of the whole request
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  QueueBudget::Claim memory_ ABSL_GUARDED_BY(mutex_);
  RequestWatch* watch_ ABSL_GUARDED_BY(mutex_) = nullptr;
  RequestWatch::Ticket ticket_ ABSL_GUARDED_BY(mutex_);

  const InferenceRequest request_;
  InferenceDone done_;  // called by who sets answered_
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REQUEST_GATHER_H_
