// The thread in which a card's launches end.

#ifndef MOEVIT_KERNELS_CARD_LAUNCH_WATCHER_H_
#define MOEVIT_KERNELS_CARD_LAUNCH_WATCHER_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/detachable_thread.h"

namespace moevit {

// Thread safe, apart from Stop.
class LaunchWatcher {
 public:
  //   collect  ends the launches that are over; true while others run
  //   wait     returns once a launch ends, or after a while
  // Called by the thread alone, which frees them when it ends.
  LaunchWatcher(std::function<bool()> collect, std::function<void()> wait);

  // Stops, and waits a second for the thread.
  ~LaunchWatcher();
  LaunchWatcher(const LaunchWatcher&) = delete;
  LaunchWatcher& operator=(const LaunchWatcher&) = delete;

  // To be called after every start of a launch.
  void Wake();

  // False when the thread has not ended by `deadline`. May be asked again.
  bool Stop(absl::Time deadline);

 private:
  // What the thread may need for longer than there is a LaunchWatcher.
  struct Shared {
    Mutex mutex;
    CondVar changed;
    bool awake ABSL_GUARDED_BY(mutex) = false;
    bool stop ABSL_GUARDED_BY(mutex) = false;

    // Blocks while nothing runs. False once told to stop.
    bool AwaitWork();
    bool stopping();
  };

  const std::shared_ptr<Shared> shared_;
  DetachableThread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_LAUNCH_WATCHER_H_
