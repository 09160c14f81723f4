// How many inference calls are between their first and their last line, and
// waiting for none to be.

#ifndef MOEVIT_SERVER_IN_FLIGHT_H_
#define MOEVIT_SERVER_IN_FLIGHT_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "scheduler/clock.h"

namespace moevit {

// Thread safe.
class InFlight {
 public:
  // `clock` must outlive this.
  explicit InFlight(Clock* clock) : clock_(clock) {}

  void Begin() {
    MutexLock lock(&mutex_);
    ++calls_;
  }

  void End() {
    MutexLock lock(&mutex_);
    if (--calls_ > 0) return;
    ++zeros_;
    became_zero_.SignalAll();
  }

  int calls() const {
    MutexLock lock(&mutex_);
    return calls_;
  }

  // Returns true once the calls there are have ended, also if others have
  // begun since; false if that is not so by `deadline`.
  bool AwaitNone(absl::Time deadline) {
    MutexLock lock(&mutex_);
    const int64_t before = zeros_;
    while (calls_ > 0 && zeros_ == before && clock_->Now() < deadline) {
      clock_->WaitUntil(&mutex_, &became_zero_, deadline);
    }
    return calls_ == 0 || zeros_ > before;
  }

 private:
  Clock* const clock_;

  mutable Mutex mutex_;
  CondVar became_zero_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t zeros_ ABSL_GUARDED_BY(mutex_) = 0;  // how often there were none
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_IN_FLIGHT_H_
