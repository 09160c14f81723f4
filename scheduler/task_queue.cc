#include "scheduler/task_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

constexpr int kStarvedShare = 4;  // one of so many places in a batch

absl::Status StatusOfTask(const ImageTask& task, absl::Time now,
                          absl::Duration least_execution) {
  absl::Status status = StatusOfWaitingTask(task, now);
  if (!status.ok() || task.deadline > now + least_execution) return status;
  return absl::DeadlineExceededError(absl::StrCat(
      "the deadline cannot be met any more: it is ",
      absl::FormatDuration(task.deadline - now),
      " away and the image is predicted to take at least ",
      absl::FormatDuration(absl::Trunc(least_execution, absl::Microseconds(1))),
      " after ", absl::FormatDuration(now - task.arrival), " of waiting"));
}

}  // namespace

TaskQueue::TaskQueue(const QueuePolicy& policy)
    : policy_(policy), levels_(policy.priority_levels) {}

void TaskQueue::Push(ImageTask task) {
  earliest_deadline_ = std::min(earliest_deadline_, task.deadline);
  earliest_queue_deadline_ =
      std::min(earliest_queue_deadline_, task.queue_deadline);
  levels_[task.priority - 1].push_back(std::move(task));
  ++size_;
}

// The level whose first task is next: a lower one whose first task has waited
// too long while there is quota for that, else the highest.
// REQUIRES: there is a task.
std::deque<ImageTask>* TaskQueue::NextLevel(absl::Time now,
                                            int& starved_quota) {
  std::deque<ImageTask>* next = nullptr;
  std::deque<ImageTask>* oldest = nullptr;
  for (std::deque<ImageTask>& level : levels_) {
    if (level.empty()) continue;
    if (next == nullptr) next = &level;
    if (oldest == nullptr || level.front().arrival < oldest->front().arrival) {
      oldest = &level;
    }
  }
  if (oldest == next || starved_quota == 0) return next;
  if (now - oldest->front().arrival < policy_.starvation_limit) return next;
  --starved_quota;
  return oldest;
}

std::vector<ImageTask> TaskQueue::Take(int count, int skip, absl::Time now) {
  std::vector<ImageTask> skipped;
  std::vector<ImageTask> taken;
  int starved_quota = std::max(1, count / kStarvedShare);
  while (size_ > 0 && static_cast<int>(taken.size()) < count) {
    std::deque<ImageTask>* level = NextLevel(now, starved_quota);
    auto& to = static_cast<int>(skipped.size()) < skip ? skipped : taken;
    to.push_back(std::move(level->front()));
    level->pop_front();
    --size_;
  }
  // Back to where they were, the last one first.
  for (auto task = skipped.rbegin(); task != skipped.rend(); ++task) {
    levels_[task->priority - 1].push_front(std::move(*task));
    ++size_;
  }
  if (size_ == 0) FindEarliest();
  return taken;
}

std::vector<DeadTask> TaskQueue::TakeDead(absl::Time now,
                                          absl::Duration least_execution) {
  std::vector<DeadTask> dead;
  for (std::deque<ImageTask>& level : levels_) {
    auto end_of_living = level.begin();
    for (auto task = level.begin(); task != level.end(); ++task) {
      absl::Status status = StatusOfTask(*task, now, least_execution);
      if (!status.ok()) {
        dead.push_back({std::move(*task), std::move(status)});
        continue;
      }
      if (end_of_living != task) *end_of_living = std::move(*task);
      ++end_of_living;
    }
    level.erase(end_of_living, level.end());
  }
  size_ -= static_cast<int>(dead.size());
  FindEarliest();
  return dead;
}

std::vector<ImageTask> TaskQueue::TakeAll() {
  std::vector<ImageTask> all;
  all.reserve(size_);
  for (std::deque<ImageTask>& level : levels_) {
    std::move(level.begin(), level.end(), std::back_inserter(all));
    level.clear();
  }
  size_ = 0;
  FindEarliest();
  return all;
}

int TaskQueue::SizeAhead(int priority) const {
  int ahead = 0;
  for (int level = 1; level <= priority; ++level) {
    ahead += static_cast<int>(levels_[level - 1].size());
  }
  return ahead;
}

absl::Time TaskQueue::OldestArrival() const {
  absl::Time oldest = absl::InfiniteFuture();
  for (const std::deque<ImageTask>& level : levels_) {
    if (!level.empty()) oldest = std::min(oldest, level.front().arrival);
  }
  return oldest;
}

void TaskQueue::FindEarliest() {
  earliest_deadline_ = absl::InfiniteFuture();
  earliest_queue_deadline_ = absl::InfiniteFuture();
  for (const std::deque<ImageTask>& level : levels_) {
    for (const ImageTask& task : level) {
      earliest_deadline_ = std::min(earliest_deadline_, task.deadline);
      earliest_queue_deadline_ =
          std::min(earliest_queue_deadline_, task.queue_deadline);
    }
  }
}

}  // namespace moevit
