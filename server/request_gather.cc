#include "server/request_gather.h"

#include <utility>

namespace moevit {

RequestGather::RequestGather(InferenceRequest&& request,
                             QueueBudget::Claim&& memory, InferenceDone&& done)
    : results_(request.images.size()),
      waiting_(request.images.size()),
      missing_(request.images.size()),
      memory_(std::move(memory)),
      request_(std::move(request)),
      done_(std::move(done)) {}

void RequestGather::StartWatch(RequestWatch* watch) {
  // Under the lock, so that End finds the ticket however soon it comes.
  MutexLock lock(&mutex_);
  ticket_ = watch->Add(request_.deadline, shared_from_this());
  watch_ = watch;
}

void RequestGather::KeepWaiting(size_t index, ImageTask task) {
  MutexLock lock(&mutex_);
  if (!answered_) waiting_[index] = std::move(task);
}

std::optional<ImageTask> RequestGather::TakeWaiting(size_t index) {
  MutexLock lock(&mutex_);
  return std::exchange(waiting_[index], std::nullopt);
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

void RequestGather::End(const absl::Status& reason) {
  {
    MutexLock lock(&mutex_);
    if (answered_) return;
    answered_ = true;
    waiting_.clear();
    waiting_.resize(results_.size());
    for (const auto& result : results_) {
      if (!result.has_value()) request_.model->metrics.RecordImage(reason);
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
    request_.model->metrics.RecordImage(result);
    if (result.ok()) request_.model->statistics.RecordImage(*result);
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
  InferenceResults results;
  results.reserve(results_.size());
  for (auto& result : results_) results.push_back(*std::move(result));
  return results;
}

void RequestGather::Answer(absl::StatusOr<InferenceResults> outcome) {
  {
    MutexLock lock(&mutex_);
    if (watch_ != nullptr) watch_->Remove(ticket_);
  }
  std::move(done_)(std::move(outcome));
}

}  // namespace moevit
