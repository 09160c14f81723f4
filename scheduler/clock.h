// What time it is, and waiting for it to pass: the two things that tests and
// simulations replace.

#ifndef MOEVIT_SCHEDULER_CLOCK_H_
#define MOEVIT_SCHEDULER_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() = 0;

  // Releases `*mutex`, waits until `*changed` is signalled or `deadline` has
  // come, and takes `*mutex` again. May return early for no reason.
  virtual void WaitUntil(Mutex* mutex, CondVar* changed, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;

  // The system's clock; never destroyed.
  static Clock* Real();
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_CLOCK_H_
