#include "scheduler/batch_queue.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Time kStart = absl::FromUnixSeconds(1000);
constexpr absl::Duration kDelay = absl::Milliseconds(5);

absl::Time At(int milliseconds) {
  return kStart + absl::Milliseconds(milliseconds);
}

// Tasks are told apart by their single pixel.
ImageTask TaskNamed(uint8_t name, absl::Time deadline) {
  ImageTask task;
  task.pixels = {name};
  task.deadline = deadline;
  return task;
}

ImageTask TaskNamed(uint8_t name) {
  return TaskNamed(name, absl::InfiniteFuture());
}

std::vector<int> Names(const std::vector<ImageTask>& tasks) {
  std::vector<int> names;
  for (const ImageTask& task : tasks) names.push_back(task.pixels[0]);
  return names;
}

std::vector<int> Names(const std::vector<DeadTask>& tasks) {
  std::vector<int> names;
  for (const DeadTask& dead : tasks) names.push_back(dead.task.pixels[0]);
  return names;
}

BatchQueue QueueOfThree() {
  return BatchQueue({.max_batch_size = 3, .max_queue_delay = kDelay});
}

TEST(BatchQueueTest, IsNeverDueWhenEmpty) {
  BatchQueue queue = QueueOfThree();
  EXPECT_EQ(queue.NextBatchTime(), absl::InfiniteFuture());
  EXPECT_EQ(queue.NextExpiry(), absl::InfiniteFuture());
  EXPECT_THAT(queue.TakeBatch(At(1000)), IsEmpty());
}

TEST(BatchQueueTest, AFullBatchIsDueAtOnce) {
  BatchQueue queue = QueueOfThree();
  for (uint8_t name : {1, 2, 3}) queue.Push(TaskNamed(name), At(0));
  EXPECT_THAT(Names(queue.TakeBatch(At(0))), ElementsAre(1, 2, 3));
  EXPECT_EQ(queue.size(), 0);
}

TEST(BatchQueueTest, AnUnderfullBatchWaitsForTheDelayOfItsOldestImage) {
  BatchQueue queue = QueueOfThree();
  queue.Push(TaskNamed(1), At(0));
  queue.Push(TaskNamed(2), At(4));
  EXPECT_EQ(queue.NextBatchTime(), At(5));
  EXPECT_THAT(queue.TakeBatch(At(5) - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(Names(queue.TakeBatch(At(5))), ElementsAre(1, 2));
}

TEST(BatchQueueTest, TheRestOfAFullBatchKeepsItsArrival) {
  BatchQueue queue = QueueOfThree();
  for (uint8_t name : {1, 2, 3, 4}) queue.Push(TaskNamed(name), At(name));
  EXPECT_THAT(Names(queue.TakeBatch(At(4))), ElementsAre(1, 2, 3));
  EXPECT_THAT(queue.TakeBatch(At(8)), IsEmpty());
  EXPECT_EQ(queue.OldestArrival(), At(4));
  EXPECT_THAT(Names(queue.TakeBatch(At(9))), ElementsAre(4));
}

TEST(BatchQueueTest, WithoutDelayWhateverIsThereIsDue) {
  BatchQueue queue(
      {.max_batch_size = 3, .max_queue_delay = absl::ZeroDuration()});
  queue.Push(TaskNamed(1), At(0));
  EXPECT_THAT(Names(queue.TakeBatch(At(0))), ElementsAre(1));
}

TEST(BatchQueueTest, RemovesTheExpiredWhereverTheyStand) {
  BatchQueue queue = QueueOfThree();
  queue.Push(TaskNamed(1, At(2)), At(0));
  queue.Push(TaskNamed(2), At(0));
  queue.Push(TaskNamed(3, At(1)), At(0));
  EXPECT_EQ(queue.NextExpiry(), At(1));
  EXPECT_THAT(queue.TakeDead(At(1) - absl::Nanoseconds(1)), IsEmpty());
  const std::vector<DeadTask> dead = queue.TakeDead(At(2));
  EXPECT_THAT(Names(dead), ElementsAre(1, 3));
  EXPECT_EQ(dead[0].reason.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(dead[0].reason.message(), HasSubstr("2ms"));
  EXPECT_THAT(Names(queue.TakeBatch(At(5))), ElementsAre(2));
}

TEST(BatchQueueTest, RemovesTheCancelled) {
  BatchQueue queue = QueueOfThree();
  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask cancelled = TaskNamed(1);
  cancelled.cancellation = cancellation;
  queue.Push(std::move(cancelled), At(0));
  queue.Push(TaskNamed(2), At(0));
  EXPECT_THAT(queue.TakeDead(At(0)), IsEmpty());
  cancellation->Cancel();
  const std::vector<DeadTask> dead = queue.TakeDead(At(0));
  EXPECT_THAT(Names(dead), ElementsAre(1));
  EXPECT_EQ(dead[0].reason.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(queue.size(), 1);
}

TEST(BatchQueueTest, AQueueFullOfExpiredImagesEmptiesWithoutABatch) {
  BatchQueue queue = QueueOfThree();
  for (int name = 0; name < 7; ++name) {
    queue.Push(TaskNamed(name, At(1)), At(0));
  }
  EXPECT_EQ(queue.TakeDead(At(1)).size(), 7);
  EXPECT_THAT(queue.TakeBatch(At(1)), IsEmpty());
}

TEST(BatchQueueTest, TakeAllEmptiesTheQueueInOrder) {
  BatchQueue queue = QueueOfThree();
  for (uint8_t name : {1, 2, 3, 4}) queue.Push(TaskNamed(name), At(0));
  EXPECT_THAT(Names(queue.TakeAll()), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(queue.size(), 0);
}

TEST(BatchingOptionsTest, NameTheBadValue) {
  EXPECT_TRUE(BatchingOptions().Validate().ok());
  EXPECT_THAT((BatchingOptions{.max_batch_size = 0}).Validate().message(),
              HasSubstr("not 0"));
  BatchingOptions options;
  options.max_queue_delay = absl::Milliseconds(-3);
  EXPECT_THAT(options.Validate().message(), HasSubstr("-3ms"));
  options.max_queue_delay = absl::InfiniteDuration();
  EXPECT_FALSE(options.Validate().ok());
}

}  // namespace
}  // namespace moevit
