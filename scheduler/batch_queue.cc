#include "scheduler/batch_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {

absl::Status BatchingOptions::Validate() const {
  if (max_batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a batch must admit at least 1 image, not %d", max_batch_size));
  }
  if (max_queue_delay < absl::ZeroDuration() ||
      max_queue_delay == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the queue delay must be finite and not negative, not ",
                     absl::FormatDuration(max_queue_delay)));
  }
  return absl::OkStatus();
}

void BatchQueue::Push(ImageTask task, absl::Time now) {
  task.arrival = now;
  tasks_.push_back(std::move(task));
}

std::vector<ImageTask> BatchQueue::TakeBatch(absl::Time now) {
  std::vector<ImageTask> batch;
  if (NextBatchTime() > now) return batch;
  const int count = std::min(size(), options_.max_batch_size);
  batch.reserve(count);
  std::move(tasks_.begin(), tasks_.begin() + count, std::back_inserter(batch));
  tasks_.erase(tasks_.begin(), tasks_.begin() + count);
  return batch;
}

std::vector<DeadTask> BatchQueue::TakeDead(absl::Time now) {
  std::vector<DeadTask> dead;
  auto end_of_living = tasks_.begin();
  for (auto task = tasks_.begin(); task != tasks_.end(); ++task) {
    if (absl::Status status = StatusOfWaitingTask(*task, now); !status.ok()) {
      dead.push_back({std::move(*task), std::move(status)});
      continue;
    }
    if (end_of_living != task) *end_of_living = std::move(*task);
    ++end_of_living;
  }
  tasks_.erase(end_of_living, tasks_.end());
  return dead;
}

std::vector<ImageTask> BatchQueue::TakeAll() {
  std::vector<ImageTask> all(std::make_move_iterator(tasks_.begin()),
                             std::make_move_iterator(tasks_.end()));
  tasks_.clear();
  return all;
}

absl::Time BatchQueue::NextBatchTime() const {
  if (tasks_.empty()) return absl::InfiniteFuture();
  if (size() >= options_.max_batch_size) return absl::InfinitePast();
  return tasks_.front().arrival + options_.max_queue_delay;
}

absl::Time BatchQueue::NextExpiry() const {
  absl::Time earliest = absl::InfiniteFuture();
  for (const ImageTask& task : tasks_) {
    earliest = std::min(earliest, task.deadline);
  }
  return earliest;
}

absl::Time BatchQueue::OldestArrival() const {
  return tasks_.empty() ? absl::InfiniteFuture() : tasks_.front().arrival;
}

}  // namespace moevit
