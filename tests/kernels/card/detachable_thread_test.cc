#include "kernels/card/detachable_thread.h"

#include <atomic>
#include <memory>

#include "absl/time/clock.h"
#include "base/mutex.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

// What holds a thread up; shared with those that outlive their owner.
struct Gate {
  Mutex mutex;
  CondVar changed;
  bool open ABSL_GUARDED_BY(mutex) = false;

  void Pass() {
    MutexLock lock(&mutex);
    while (!open) changed.Wait(&mutex);
  }
  void Open() {
    MutexLock lock(&mutex);
    open = true;
    changed.SignalAll();
  }
};

TEST(DetachableThreadTest, JoinsAThreadThatEnds) {
  std::atomic<int> calls = 0;
  DetachableThread thread([&calls] { ++calls; });
  EXPECT_TRUE(thread.Join(absl::InfiniteFuture()));
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(thread.Join(absl::InfinitePast())) << "a second time";
}

TEST(DetachableThreadTest, FreesWhatItRunsBeforeItHasEnded) {
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = held;
  DetachableThread thread([held = std::move(held)] {});
  ASSERT_TRUE(thread.Join(absl::InfiniteFuture()));
  EXPECT_TRUE(watched.expired());
}

TEST(DetachableThreadTest, CanBeAskedAgainForAThreadThatIsLate) {
  const auto gate = std::make_shared<Gate>();
  DetachableThread thread([gate] { gate->Pass(); });
  EXPECT_FALSE(thread.Join(absl::InfinitePast()));
  EXPECT_FALSE(thread.Join(absl::Now()));
  gate->Open();
  EXPECT_TRUE(thread.Join(absl::InfiniteFuture()));
}

TEST(DetachableThreadTest, LeavesAThreadThatDoesNotEndToItself) {
  const auto gate = std::make_shared<Gate>();
  const auto passed = std::make_shared<Gate>();
  {
    const DetachableThread thread([gate, passed] {
      gate->Pass();
      passed->Open();
    });
  }
  gate->Open();
  passed->Pass();
}

}  // namespace
}  // namespace moevit
