#include "scheduler/task_queue.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/named_tasks.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

QueuePolicy TwoLevels() {
  QueuePolicy policy;
  policy.priority_levels = 2;
  policy.starvation_limit = absl::Milliseconds(100);
  return policy;
}

ImageTask TaskNamed(uint8_t name, int priority, absl::Time arrival) {
  ImageTask task;
  task.pixels = {name};
  task.priority = priority;
  task.arrival = arrival;
  return task;
}

TEST(TaskQueueTest, HigherPrioritiesGoFirstAndThenTheOlder) {
  TaskQueue queue(TwoLevels());
  queue.Push(TaskNamed(1, 2, At(0)));
  queue.Push(TaskNamed(2, 1, At(1)));
  queue.Push(TaskNamed(3, 2, At(2)));
  queue.Push(TaskNamed(4, 1, At(3)));
  EXPECT_EQ(queue.SizeAhead(1), 2);
  EXPECT_EQ(queue.SizeAhead(2), 4);
  EXPECT_EQ(queue.OldestArrival(), At(0));
  EXPECT_THAT(Names(queue.Take(3, /*skip=*/0, At(4))), ElementsAre(2, 4, 1));
  EXPECT_THAT(Names(queue.Take(3, /*skip=*/0, At(4))), ElementsAre(3));
}

TEST(TaskQueueTest, TheStarvedGetAQuarterOfABatch) {
  TaskQueue queue(TwoLevels());
  for (int i = 0; i < 8; ++i) queue.Push(TaskNamed(i, 2, At(0)));
  for (int i = 10; i < 18; ++i) queue.Push(TaskNamed(i, 1, At(50)));
  EXPECT_THAT(Names(queue.Take(4, /*skip=*/0, At(60))),
              ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(Names(queue.Take(8, /*skip=*/0, At(100))),
              ElementsAre(0, 1, 14, 15, 16, 17, 2, 3));
}

TEST(TaskQueueTest, ABatchOfOneServesTheStarved) {
  TaskQueue queue(TwoLevels());
  queue.Push(TaskNamed(1, 2, At(0)));
  queue.Push(TaskNamed(2, 1, At(50)));
  EXPECT_THAT(Names(queue.Take(1, /*skip=*/0, At(100))), ElementsAre(1));
}

TEST(TaskQueueTest, WhatIsSkippedKeepsItsPlace) {
  TaskQueue queue(TwoLevels());
  for (int i = 0; i < 3; ++i) queue.Push(TaskNamed(i, 2, At(i)));
  for (int i = 10; i < 12; ++i) queue.Push(TaskNamed(i, 1, At(i)));
  EXPECT_THAT(Names(queue.Take(2, /*skip=*/3, At(20))), ElementsAre(1, 2));
  EXPECT_EQ(queue.size(), 3);
  EXPECT_THAT(Names(queue.Take(9, /*skip=*/0, At(20))), ElementsAre(10, 11, 0));
  EXPECT_THAT(Names(queue.Take(9, /*skip=*/0, At(20))), IsEmpty());
}

TEST(TaskQueueTest, ATimeoutEndsTheWaitAndADeadlineTheAnswer) {
  TaskQueue queue(TwoLevels());
  ImageTask timeout = TaskNamed(1, 1, At(0));
  timeout.queue_deadline = At(10);
  ImageTask deadline = TaskNamed(2, 1, At(0));
  deadline.deadline = At(10);
  queue.Push(std::move(timeout));
  queue.Push(std::move(deadline));
  EXPECT_THAT(queue.TakeDead(At(6), absl::Milliseconds(3)), IsEmpty());
  // What takes 3 ms cannot be answered at 10 any more.
  const std::vector<DeadTask> late =
      queue.TakeDead(At(7), absl::Milliseconds(3));
  ASSERT_EQ(late.size(), 1);
  EXPECT_EQ(late[0].task.pixels[0], 2);
  EXPECT_EQ(queue.TakeDead(At(10), absl::Milliseconds(3)).size(), 1);
  EXPECT_EQ(queue.EarliestDeadline(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace moevit
