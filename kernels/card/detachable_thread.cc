#include "kernels/card/detachable_thread.h"

#include <utility>

#include "absl/time/clock.h"

namespace moevit {

DetachableThread::DetachableThread(std::function<void()> run)
    : state_(std::make_shared<State>()),
      thread_([state = state_, run = std::move(run)]() mutable {
        run();
        run = nullptr;
        MutexLock lock(&state->mutex);
        state->ended = true;
        state->changed.SignalAll();
      }) {}

DetachableThread::~DetachableThread() {
  if (thread_.joinable()) thread_.detach();
}

bool DetachableThread::Join(absl::Time deadline) {
  {
    MutexLock lock(&state_->mutex);
    while (!state_->ended && absl::Now() < deadline) {
      state_->changed.WaitUntil(&state_->mutex, deadline);
    }
    if (!state_->ended) return false;
  }
  if (thread_.joinable()) thread_.join();
  return true;
}

}  // namespace moevit
