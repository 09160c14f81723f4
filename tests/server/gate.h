// Something that is closed until a test opens it: what passes it waits there.

#ifndef MOEVIT_TESTS_SERVER_GATE_H_
#define MOEVIT_TESTS_SERVER_GATE_H_

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace moevit {

// Open at first. Thread safe.
class Gate {
 public:
  void Close() {
    MutexLock lock(&mutex_);
    open_ = false;
  }

  void Open() {
    MutexLock lock(&mutex_);
    open_ = true;
    changed_.SignalAll();
  }

  // Returns once the gate is open.
  void Pass() {
    MutexLock lock(&mutex_);
    ++arrived_;
    changed_.SignalAll();
    while (!open_) changed_.Wait(&mutex_);
  }

  // Returns once Pass was called `count` times.
  void AwaitArrivals(int count) {
    MutexLock lock(&mutex_);
    while (arrived_ < count) changed_.Wait(&mutex_);
  }

  int arrived() const {
    MutexLock lock(&mutex_);
    return arrived_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_GATE_H_
