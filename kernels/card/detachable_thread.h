// A thread that may never end, as one that waits for a driver does: it is
// waited for up to a deadline, and otherwise left to itself.
//
// It has no way to be told to stop; that is what it runs to arrange for.

#ifndef MOEVIT_KERNELS_CARD_DETACHABLE_THREAD_H_
#define MOEVIT_KERNELS_CARD_DETACHABLE_THREAD_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

// Thread-compatible.
class DetachableThread {
 public:
  // Starts a thread that calls `run` once. What `run` uses has to be its own,
  // since it may be needed for longer than there is a DetachableThread; it is
  // freed before the thread counts as ended.
  explicit DetachableThread(std::function<void()> run);

  // Leaves the thread to itself unless Join has succeeded.
  ~DetachableThread();
  DetachableThread(const DetachableThread&) = delete;
  DetachableThread& operator=(const DetachableThread&) = delete;

  // Blocks until the thread has ended. False when it has not by `deadline`; it
  // may be asked again.
  bool Join(absl::Time deadline);

 private:
  struct State {
    Mutex mutex;
    CondVar changed;
    bool ended ABSL_GUARDED_BY(mutex) = false;
  };

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_DETACHABLE_THREAD_H_
