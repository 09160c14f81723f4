#include "scheduler/image_task.h"

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

bool IsUnwanted(const ImageTask& task, absl::Time now) {
  const bool cancelled =
      task.cancellation != nullptr && task.cancellation->cancelled();
  return cancelled || task.deadline <= now;
}

}  // namespace moevit
