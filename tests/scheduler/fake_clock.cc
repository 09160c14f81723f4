#include "tests/scheduler/fake_clock.h"

namespace moevit {

absl::Time FakeClock::Now() {
  MutexLock lock(&mutex_);
  return now_;
}

void FakeClock::WaitUntil(Mutex* mutex, CondVar* changed, absl::Time deadline) {
  std::list<Waiter>::iterator self;
  {
    MutexLock lock(&mutex_);
    if (now_ >= deadline) return;
    self = waiters_.insert(waiters_.end(), {mutex, changed});
    waiters_changed_.SignalAll();
  }
  changed->Wait(mutex);
  MutexLock lock(&mutex_);
  waiters_.erase(self);
}

void FakeClock::Advance(absl::Duration duration) {
  std::list<Waiter> waiters;
  {
    MutexLock lock(&mutex_);
    now_ += duration;
    waiters = waiters_;
  }
  for (const Waiter& waiter : waiters) {
    // A waiter holds its mutex from its look at the clock until it waits, so
    // this cannot signal too early.
    waiter.mutex->Lock();
    waiter.changed->SignalAll();
    waiter.mutex->Unlock();
  }
}

void FakeClock::AwaitWaiters(int count) {
  MutexLock lock(&mutex_);
  while (static_cast<int>(waiters_.size()) < count) {
    waiters_changed_.Wait(&mutex_);
  }
}

}  // namespace moevit
