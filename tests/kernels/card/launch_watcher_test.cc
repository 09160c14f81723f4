#include "kernels/card/launch_watcher.h"

#include <memory>

#include "absl/time/clock.h"
#include "base/mutex.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

constexpr absl::Duration kLong = absl::Minutes(1);

// Launches that end one by one, and a wait that a test can hold up; shared with
// threads that outlive their watcher.
struct Launches {
  Mutex mutex;
  CondVar changed;
  int running = 0;
  bool waiting = false;
  bool held = false;

  bool EndOne() {
    MutexLock lock(&mutex);
    if (running > 0) --running;
    changed.SignalAll();
    return running > 0;
  }
  void Wait() {
    MutexLock lock(&mutex);
    waiting = true;
    changed.SignalAll();
    while (held) changed.Wait(&mutex);
  }
};

std::unique_ptr<LaunchWatcher> Watch(
    const std::shared_ptr<Launches>& launches) {
  return std::make_unique<LaunchWatcher>(
      [launches] { return launches->EndOne(); },
      [launches] { launches->Wait(); });
}

TEST(LaunchWatcherTest, CollectsUntilNothingRuns) {
  const auto launches = std::make_shared<Launches>();
  const auto watcher = Watch(launches);
  for (int round = 0; round < 3; ++round) {
    {
      MutexLock lock(&launches->mutex);
      launches->running = 5;
    }
    watcher->Wake();
    MutexLock lock(&launches->mutex);
    while (launches->running > 0) launches->changed.Wait(&launches->mutex);
  }
  EXPECT_TRUE(watcher->Stop(absl::Now() + kLong));
}

TEST(LaunchWatcherTest, StopsWhileALaunchDoesNotEnd) {
  LaunchWatcher watcher([] { return true; }, [] {});
  watcher.Wake();
  EXPECT_TRUE(watcher.Stop(absl::Now() + kLong));
  EXPECT_TRUE(watcher.Stop(absl::Now())) << "a second time";
}

TEST(LaunchWatcherTest, LeavesAThreadThatDoesNotReturnToItself) {
  const auto launches = std::make_shared<Launches>();
  launches->running = 2;
  launches->held = true;
  const auto watcher = Watch(launches);
  watcher->Wake();
  {
    MutexLock lock(&launches->mutex);
    while (!launches->waiting) launches->changed.Wait(&launches->mutex);
  }
  EXPECT_FALSE(watcher->Stop(absl::Now()));
  MutexLock lock(&launches->mutex);
  launches->held = false;
  launches->changed.SignalAll();
}

}  // namespace
}  // namespace moevit
