// Ends the process if something that must end does not.

#ifndef MOEVIT_SERVER_WATCHDOG_H_
#define MOEVIT_SERVER_WATCHDOG_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

// From its construction to its destruction at most `limit` may pass; after
// that it logs the fact and exits with 1, without running destructors.
class Watchdog {
 public:
  explicit Watchdog(absl::Duration limit);

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  ~Watchdog();

 private:
  void Watch();

  const absl::Duration limit_;

  Mutex mutex_;
  CondVar changed_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_WATCHDOG_H_
