#include "server/watchdog.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/log.h"

namespace moevit {

Watchdog::Watchdog(absl::Duration limit)
    : limit_(limit), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  {
    MutexLock lock(&mutex_);
    finished_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void Watchdog::Watch() {
  const absl::Time deadline = absl::Now() + limit_;
  MutexLock lock(&mutex_);
  while (!finished_ && absl::Now() < deadline) {
    changed_.WaitUntil(&mutex_, deadline);
  }
  if (finished_) return;
  LogError(absl::StrCat("the shutdown did not end within ",
                        absl::FormatDuration(limit_), "; exiting"));
  std::_Exit(EXIT_FAILURE);
}

}  // namespace moevit
