// Reads files again that the operator may change under a running server:
// every few seconds, and at once upon SIGHUP.

#ifndef MOEVIT_SERVER_RELOADER_H_
#define MOEVIT_SERVER_RELOADER_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {

// Thread safe. Logs what changed, and each error once as long as it lasts.
class Reloader {
 public:
  struct Source {
    std::string what;  // for the log
    // Returns whether anything changed; on an error the old must stay in use.
    std::function<absl::StatusOr<bool>()> reload;
  };

  // Reads all `sources` every `interval`, on a thread of its own, until
  // destroyed.
  Reloader(std::vector<Source> sources, absl::Duration interval);
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;
  ~Reloader();

  // Has them read at once. Does not block.
  void Wake();

 private:
  struct State {
    Source source;
    std::string error;  // of the last time; empty if there was none
  };

  void Run();
  static void Reload(State& state);

  const absl::Duration interval_;
  Mutex mutex_;
  CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<State> states_;  // of the thread alone
  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_RELOADER_H_
