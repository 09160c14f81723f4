#include "kernels/card/launch_watcher.h"

#include <utility>

#include "absl/time/clock.h"

namespace moevit {

bool LaunchWatcher::Shared::AwaitWork() {
  MutexLock lock(&mutex);
  while (!stop && !awake) changed.Wait(&mutex);
  awake = false;
  return !stop;
}

bool LaunchWatcher::Shared::stopping() {
  MutexLock lock(&mutex);
  return stop;
}

LaunchWatcher::LaunchWatcher(std::function<bool()> collect,
                             std::function<void()> wait)
    : shared_(std::make_shared<Shared>()),
      thread_([shared = shared_, collect = std::move(collect),
               wait = std::move(wait)] {
        while (shared->AwaitWork()) {
          while (collect() && !shared->stopping()) wait();
        }
      }) {}

LaunchWatcher::~LaunchWatcher() { Stop(absl::Now() + absl::Seconds(1)); }

void LaunchWatcher::Wake() {
  MutexLock lock(&shared_->mutex);
  shared_->awake = true;
  shared_->changed.SignalAll();
}

bool LaunchWatcher::Stop(absl::Time deadline) {
  {
    MutexLock lock(&shared_->mutex);
    shared_->stop = true;
    shared_->changed.SignalAll();
  }
  return thread_.Join(deadline);
}

}  // namespace moevit
