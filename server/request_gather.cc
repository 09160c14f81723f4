#include "server/request_gather.h"

#include <algorithm>
#include <utility>

#include "base/catch_exceptions.h"

namespace moevit {
namespace {

// kResourceExhausted if there is no memory to say so.
absl::Status WhyEnded(bool timed_out) {
  return CatchExceptions("say why the request ended", [&] {
    return absl::DeadlineExceededError(
        timed_out ? "the timeout passed before every image was decoded"
                  : "the deadline passed before the answer was there");
  });
}

InferenceResults WithRoomFor(size_t images) {
  InferenceResults results;
  results.reserve(images);
  return results;
}

}  // namespace

RequestGather::RequestGather(InferenceRequest&& request,
                             QueueBudget::Claim&& memory, InferenceDone&& done)
    : results_(request.images.size()),
      waiting_(request.images.size()),
      missing_(request.images.size()),
      outcome_(WithRoomFor(request.images.size())),
      memory_(std::move(memory)),
      request_(std::move(request)),
      done_(std::move(done)) {}

void RequestGather::StartWatch(RequestWatch* watch, absl::Time decode_by) {
  // Under the lock, so that End finds the ticket however soon it comes.
  MutexLock lock(&mutex_);
  decode_by_ = decode_by;
  ticket_ =
      watch->Add(std::min(request_.deadline, decode_by), shared_from_this());
  watch_ = watch;
}

void RequestGather::KeepWaiting(size_t index, ImageTask task) {
  MutexLock lock(&mutex_);
  if (answered_) return;
  waiting_[index] = std::move(task);
  ++undecoded_;
}

std::optional<ImageTask> RequestGather::TakeWaiting(size_t index) {
  MutexLock lock(&mutex_);
  return std::exchange(waiting_[index], std::nullopt);
}

void RequestGather::LeaveDecoder() {
  MutexLock lock(&mutex_);
  --undecoded_;
}

void RequestGather::SetResult(size_t index,
                              absl::StatusOr<ImageResult> result) {
  Finish(index, std::move(result), absl::OkStatus());
}

void RequestGather::FailRequest(size_t index, const absl::Status& error) {
  Finish(index, error, error);
}

bool RequestGather::cancelled() const {
  return request_.cancellation != nullptr && request_.cancellation->cancelled();
}

void RequestGather::OnTime() {
  bool timed_out = false;
  {
    MutexLock lock(&mutex_);
    if (answered_) return;
    if (decode_by_ < request_.deadline) {
      timed_out = undecoded_ > 0;
      // In the queue of images that are decoded the timeout is the scheduler's.
      decode_by_ = absl::InfiniteFuture();
      if (!timed_out) {
        ticket_ = watch_->Move(ticket_, request_.deadline);
        return;
      }
    }
  }
  End(WhyEnded(timed_out));
}

void RequestGather::End(const absl::Status& reason) {
  {
    MutexLock lock(&mutex_);
    if (answered_) return;
    answered_ = true;
    waiting_.clear();
    waiting_.resize(results_.size());
    for (const auto& result : results_) {
      if (!result.has_value()) Count(reason);
    }
  }
  Answer(reason);
}

void RequestGather::Finish(size_t index, absl::StatusOr<ImageResult> result,
                           const absl::Status& request_error) {
  absl::StatusOr<InferenceResults> outcome;
  {
    MutexLock lock(&mutex_);
    if (answered_ || results_[index].has_value()) return;
    Count(result);
    results_[index] = std::move(result);
    status_.Update(request_error);
    if (--missing_ > 0) return;
    answered_ = true;
    outcome = TakeOutcome();
    memory_.Release();
  }
  Answer(std::move(outcome));
}

absl::StatusOr<InferenceResults> RequestGather::TakeOutcome() {
  if (!status_.ok()) return status_;
  for (auto& result : results_) outcome_.push_back(*std::move(result));
  return std::move(outcome_);
}

void RequestGather::Count(const absl::StatusOr<ImageResult>& result) {
  IgnoreExceptions([&] {
    request_.model->metrics.RecordImage(result);
    if (result.ok()) request_.model->statistics.RecordImage(*result);
  });
}

void RequestGather::Answer(absl::StatusOr<InferenceResults> outcome) {
  {
    MutexLock lock(&mutex_);
    if (watch_ != nullptr) watch_->Remove(ticket_);
  }
  std::move(done_)(std::move(outcome));
}

}  // namespace moevit
