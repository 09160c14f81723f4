#include "scheduler/retry_queue.h"

#include <algorithm>
#include <iterator>

namespace moevit {

void RetryQueue::Push(Retry&& retry) {
  // They left the model's queue in time.
  for (ImageTask& task : retry.tasks) {
    task.queue_deadline = absl::InfiniteFuture();
  }
  if (!retry.tasks.empty()) retries_.push_back(std::move(retry));
}

void RetryQueue::PushDivided(Retry&& retry) {
  for (ImageTask& task : retry.tasks) {
    Retry alone{.model = retry.model,
                .attempt = retry.attempt,
                .failed_on = retry.failed_on,
                .give_up = retry.give_up,
                .tasks = {}};
    alone.tasks.push_back(std::move(task));
    Push(std::move(alone));
  }
}

std::optional<std::pair<Retry, DeviceId>> RetryQueue::Pop(
    absl::FunctionRef<DeviceId(const Retry&)> choose_device) {
  for (auto retry = retries_.begin(); retry != retries_.end(); ++retry) {
    const DeviceId device = choose_device(*retry);
    if (device < 0) continue;
    std::pair popped(std::move(*retry), device);
    retries_.erase(retry);
    return popped;
  }
  return std::nullopt;
}

void RetryQueue::MoveDead(absl::Time now, std::vector<DeadTask>& dead) {
  for (Retry& retry : retries_) moevit::MoveDead(retry.tasks, now, dead);
  RemoveEmpty();
}

std::vector<ImageTask> RetryQueue::TakeAll(ModelId model) {
  std::vector<ImageTask> all;
  for (Retry& retry : retries_) {
    if (retry.model != model) continue;
    std::vector<ImageTask> tasks = std::exchange(retry.tasks, {});
    std::move(tasks.begin(), tasks.end(), std::back_inserter(all));
  }
  RemoveEmpty();
  return all;
}

absl::Time RetryQueue::NextDeadline(ModelId model) const {
  absl::Time next = absl::InfiniteFuture();
  for (const Retry& retry : retries_) {
    if (retry.model != model) continue;
    for (const ImageTask& task : retry.tasks) {
      next = std::min(next, task.deadline);
    }
  }
  return next;
}

bool RetryQueue::Has(ModelId model) const {
  return std::any_of(
      retries_.begin(), retries_.end(),
      [model](const Retry& retry) { return retry.model == model; });
}

int RetryQueue::images() const {
  int images = 0;
  for (const Retry& retry : retries_) {
    images += static_cast<int>(retry.tasks.size());
  }
  return images;
}

void RetryQueue::RemoveEmpty() {
  std::erase_if(retries_,
                [](const Retry& retry) { return retry.tasks.empty(); });
}

}  // namespace moevit
