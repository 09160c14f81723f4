#include "kernels/card/operation_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/time/clock.h"
#include "kernels/card/copy_thread.h"

namespace moevit {
namespace {

TEST(OperationStateTest, GivesTheFirstEndHoweverOftenItIsAsked) {
  OperationState state("copy");
  state.End(absl::AbortedError("first"));
  state.End(absl::OkStatus());
  EXPECT_EQ(state.Wait(absl::InfinitePast()), absl::AbortedError("first"));
  EXPECT_EQ(state.Wait(absl::InfiniteFuture()), absl::AbortedError("first"));
}

TEST(OperationStateTest, TellsOnceThatAWaitGaveUp) {
  int late = 0;
  OperationState state("copy of 3 bytes", [&late] { ++late; });
  const absl::Status given_up = state.Wait(absl::InfinitePast());
  EXPECT_EQ(given_up.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(given_up.message()),
              ::testing::HasSubstr("copy of 3 bytes"));
  EXPECT_FALSE(state.Wait(absl::InfinitePast()).ok());
  EXPECT_EQ(late, 1);
  state.End(absl::OkStatus());
  EXPECT_TRUE(state.Wait(absl::InfinitePast()).ok());
}

TEST(CopyThreadTest, RunsCopiesInOrder) {
  CopyThread thread;
  std::string order;
  auto first = std::make_shared<OperationState>("first");
  auto second = std::make_shared<OperationState>("second");
  thread.Add(
      [&order] {
        order += "1";
        return absl::OkStatus();
      },
      first);
  thread.Add(
      [&order] {
        order += "2";
        return absl::InternalError("no");
      },
      second);
  EXPECT_EQ(second->Wait(absl::InfiniteFuture()), absl::InternalError("no"));
  EXPECT_TRUE(first->Wait(absl::InfinitePast()).ok());
  EXPECT_EQ(order, "12");
}

TEST(CopyThreadTest, LeavesACopyThatDoesNotReturnToItself) {
  // Shared: the copy outlives the test's CopyThread.
  struct Gate {
    Mutex mutex;
    CondVar changed;
    bool reached = false;
    bool open = false;
  };
  auto gate = std::make_shared<Gate>();
  auto stuck = std::make_shared<OperationState>("stuck");
  auto waiting = std::make_shared<OperationState>("waiting");
  CopyThread thread;
  thread.Add(
      [gate] {
        MutexLock lock(&gate->mutex);
        gate->reached = true;
        gate->changed.SignalAll();
        while (!gate->open) gate->changed.Wait(&gate->mutex);
        return absl::OkStatus();
      },
      stuck);
  thread.Add([] { return absl::OkStatus(); }, waiting);
  {
    MutexLock lock(&gate->mutex);
    while (!gate->reached) gate->changed.Wait(&gate->mutex);
  }
  EXPECT_FALSE(thread.Stop(absl::InfinitePast()));
  EXPECT_EQ(waiting->Wait(absl::InfinitePast()).code(),
            absl::StatusCode::kAborted);
  auto late = std::make_shared<OperationState>("late");
  thread.Add([] { return absl::OkStatus(); }, late);
  EXPECT_EQ(late->Wait(absl::InfinitePast()).code(),
            absl::StatusCode::kAborted);
  {
    MutexLock lock(&gate->mutex);
    gate->open = true;
    gate->changed.SignalAll();
  }
  // When it returns after all, whoever waits for it learns so.
  EXPECT_TRUE(stuck->Wait(absl::InfiniteFuture()).ok());
}

}  // namespace
}  // namespace moevit
