#include "scheduler/image_task.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace moevit {

absl::Status StatusOfWaitingTask(const ImageTask& task, absl::Time now) {
  if (task.cancellation != nullptr && task.cancellation->cancelled()) {
    return absl::CancelledError("the request was cancelled while it waited");
  }
  if (task.deadline <= now) {
    return absl::DeadlineExceededError(
        absl::StrCat("the deadline passed after ",
                     absl::FormatDuration(now - task.arrival), " of waiting"));
  }
  if (task.queue_deadline <= now) {
    return absl::DeadlineExceededError(
        absl::StrCat("the timeout passed after ",
                     absl::FormatDuration(now - task.arrival), " of waiting"));
  }
  return absl::OkStatus();
}

void MoveDead(std::vector<ImageTask>& tasks, absl::Time now,
              std::vector<DeadTask>& dead) {
  std::vector<ImageTask> living;
  living.reserve(tasks.size());
  for (ImageTask& task : tasks) {
    absl::Status reason = StatusOfWaitingTask(task, now);
    if (reason.ok()) {
      living.push_back(std::move(task));
    } else {
      dead.push_back({std::move(task), std::move(reason)});
    }
  }
  tasks = std::move(living);
}

bool IsUnwanted(const ImageTask& task, absl::Time now) {
  const bool cancelled =
      task.cancellation != nullptr && task.cancellation->cancelled();
  return cancelled || task.deadline <= now;
}

}  // namespace moevit
