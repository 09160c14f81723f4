#include "scheduler/retry_queue.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/named_tasks.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Retry RetryOf(ModelId model, const std::vector<uint8_t>& names) {
  Retry retry{.model = model, .attempt = 2, .failed_on = {7}, .tasks = {}};
  for (const uint8_t name : names) {
    ImageTask task;
    task.pixels = {name};
    retry.tasks.push_back(std::move(task));
  }
  return retry;
}

DeviceId Nowhere(const Retry&) { return -1; }
DeviceId OnThree(const Retry&) { return 3; }

TEST(RetryQueueTest, GivesTheFirstThatHasADevice) {
  RetryQueue queue;
  queue.Push(RetryOf(0, {1, 2}));
  queue.Push(RetryOf(1, {3}));
  EXPECT_EQ(queue.Pop(Nowhere), std::nullopt);
  const auto second =
      queue.Pop([](const Retry& retry) { return retry.model == 1 ? 3 : -1; });
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->second, 3);
  EXPECT_THAT(Names(second->first.tasks), ElementsAre(3));
  const auto first = queue.Pop(OnThree);
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(Names(first->first.tasks), ElementsAre(1, 2));
  EXPECT_EQ(queue.Pop(OnThree), std::nullopt);
}

TEST(RetryQueueTest, DividesABatchIntoImagesWithItsHistory) {
  RetryQueue queue;
  queue.PushDivided(RetryOf(0, {1, 2, 3}));
  EXPECT_EQ(queue.images(), 3);
  for (int name = 1; name <= 3; ++name) {
    const auto alone = queue.Pop(OnThree);
    ASSERT_TRUE(alone.has_value());
    EXPECT_THAT(Names(alone->first.tasks), ElementsAre(name));
    EXPECT_EQ(alone->first.attempt, 2);
    EXPECT_THAT(alone->first.failed_on, ElementsAre(7));
  }
}

TEST(RetryQueueTest, ABatchOfNothingIsNotKept) {
  RetryQueue queue;
  queue.Push(RetryOf(0, {}));
  queue.PushDivided(RetryOf(0, {}));
  EXPECT_FALSE(queue.Has(0));
  EXPECT_EQ(queue.Pop(OnThree), std::nullopt);
}

TEST(RetryQueueTest, TheTimeoutOfWaitingIsOverTheDeadlineIsNot) {
  RetryQueue queue;
  Retry retry = RetryOf(0, {1, 2});
  retry.tasks[0].queue_deadline = At(5);
  retry.tasks[1].deadline = At(10);
  queue.Push(std::move(retry));
  EXPECT_EQ(queue.NextDeadline(0), At(10));
  EXPECT_EQ(queue.NextDeadline(1), absl::InfiniteFuture());
  std::vector<DeadTask> dead;
  queue.MoveDead(At(9), dead);
  EXPECT_THAT(dead, IsEmpty());
  queue.MoveDead(At(10), dead);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].task.pixels[0], 2);
  EXPECT_EQ(queue.images(), 1);
}

TEST(RetryQueueTest, ABatchWhoseImagesAreAllCancelledIsGone) {
  RetryQueue queue;
  const auto cancellation = std::make_shared<Cancellation>();
  Retry retry = RetryOf(0, {1});
  retry.tasks[0].cancellation = cancellation;
  queue.Push(std::move(retry));
  cancellation->Cancel();
  std::vector<DeadTask> dead;
  queue.MoveDead(At(0), dead);
  EXPECT_THAT(dead, SizeIs(1));
  EXPECT_FALSE(queue.Has(0));
}

TEST(RetryQueueTest, TakesAllOfAModelAndLeavesTheOthers) {
  RetryQueue queue;
  queue.Push(RetryOf(0, {1}));
  queue.Push(RetryOf(1, {2, 3}));
  queue.Push(RetryOf(0, {4}));
  EXPECT_THAT(Names(queue.TakeAll(0)), ElementsAre(1, 4));
  EXPECT_FALSE(queue.Has(0));
  EXPECT_TRUE(queue.Has(1));
  EXPECT_THAT(queue.TakeAll(0), IsEmpty());
  EXPECT_EQ(queue.images(), 2);
}

}  // namespace
}  // namespace moevit
