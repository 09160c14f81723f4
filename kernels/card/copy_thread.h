// A thread that runs copies one after another, so that a caller can go on and
// a copy that never returns holds up nobody but its own thread.

#ifndef MOEVIT_KERNELS_CARD_COPY_THREAD_H_
#define MOEVIT_KERNELS_CARD_COPY_THREAD_H_

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/detachable_thread.h"
#include "kernels/card/operation_state.h"

namespace moevit {

// Thread safe, apart from Stop.
class CopyThread {
 public:
  using Copy = std::function<absl::Status()>;

  CopyThread();

  // Stops, and waits a second for the copy that runs.
  ~CopyThread();
  CopyThread(const CopyThread&) = delete;
  CopyThread& operator=(const CopyThread&) = delete;

  // `copy` runs after those added before; `state` ends with its status.
  void Add(Copy copy, std::shared_ptr<OperationState> state);

  // Ends the copies that have not begun (kAborted) and waits for the one that
  // runs. False when that has not returned by `deadline`. May be asked again.
  bool Stop(absl::Time deadline);

 private:
  // What the thread uses, which it may need for longer than there is a
  // CopyThread.
  struct Queue {
    Mutex mutex;
    CondVar changed;
    std::deque<std::pair<Copy, std::shared_ptr<OperationState>>> copies
        ABSL_GUARDED_BY(mutex);
    bool stop ABSL_GUARDED_BY(mutex) = false;
  };

  static void Run(Queue* queue);

  const std::shared_ptr<Queue> queue_;
  DetachableThread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_COPY_THREAD_H_
