#include "server/reloader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/catch_exceptions.h"
#include "server/log.h"

namespace moevit {

Reloader::Reloader(std::vector<Source> sources, absl::Duration interval)
    : interval_(interval) {
  for (Source& source : sources) states_.push_back({std::move(source), ""});
  thread_ = std::thread([this] { Run(); });
}

Reloader::~Reloader() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  changed_.Signal();
  thread_.join();
}

void Reloader::Wake() {
  {
    MutexLock lock(&mutex_);
    woken_ = true;
  }
  changed_.Signal();
}

void Reloader::Run() {
  for (;;) {
    const absl::Time next = absl::Now() + interval_;
    {
      MutexLock lock(&mutex_);
      while (!woken_ && !stopping_ && absl::Now() < next) {
        changed_.WaitUntil(&mutex_, next);
      }
      if (stopping_) return;
      woken_ = false;
    }
    for (State& state : states_) Reload(state);
  }
}

void Reloader::Reload(State& state) {
  const absl::StatusOr<bool> changed =
      CatchExceptions("read them", [&] { return state.source.reload(); });
  if (changed.ok()) {
    if (*changed) LogInfo(absl::StrCat("read new ", state.source.what));
    state.error.clear();
    return;
  }
  if (state.error == changed.status().message()) return;
  state.error = std::string(changed.status().message());
  LogError(absl::StrCat("the old ", state.source.what,
                        " stay in use: ", state.error));
}

}  // namespace moevit
