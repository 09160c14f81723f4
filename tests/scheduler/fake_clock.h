// A clock that a test moves by hand.

#ifndef MOEVIT_TESTS_SCHEDULER_FAKE_CLOCK_H_
#define MOEVIT_TESTS_SCHEDULER_FAKE_CLOCK_H_

#include <list>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "scheduler/clock.h"

namespace moevit {

// Thread safe. Threads in WaitUntil are woken by Advance when their deadline
// has come, and by signals as usual.
class FakeClock final : public Clock {
 public:
  static constexpr absl::Time kStart = absl::FromUnixSeconds(1'000'000);

  absl::Time Now() override;
  void WaitUntil(Mutex* mutex, CondVar* changed, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  void Advance(absl::Duration duration);

  // Returns when `count` threads are in WaitUntil.
  void AwaitWaiters(int count);

 private:
  struct Waiter {
    Mutex* mutex;
    CondVar* changed;
  };

  Mutex mutex_;  // taken after a waiter's own
  CondVar waiters_changed_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = kStart;
  std::list<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_FAKE_CLOCK_H_
