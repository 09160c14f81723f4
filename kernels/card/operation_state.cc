#include "kernels/card/operation_state.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace moevit {

void OperationState::End(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (ended_) return;
  ended_ = true;
  status_ = status;
  changed_.SignalAll();
}

absl::Status OperationState::Wait(absl::Time deadline) {
  std::function<void()> on_late;
  {
    MutexLock lock(&mutex_);
    while (!ended_ && absl::Now() < deadline) {
      changed_.WaitUntil(&mutex_, deadline);
    }
    if (ended_) return status_;
    on_late = std::move(on_late_);
    on_late_ = nullptr;
  }
  if (on_late) on_late();
  return absl::DeadlineExceededError(
      absl::StrCat(what_, " has not ended by ", absl::FormatTime(deadline)));
}

}  // namespace moevit
