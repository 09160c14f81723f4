#include "scheduler/batch_queue.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/named_tasks.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kDelay = absl::Milliseconds(5);

ImageTask TaskNamed(uint8_t name, absl::Time deadline) {
  ImageTask task;
  task.pixels = {name};
  task.deadline = deadline;
  return task;
}

ImageTask TaskNamed(uint8_t name) {
  return TaskNamed(name, absl::InfiniteFuture());
}

std::vector<int> Names(const std::vector<DeadTask>& tasks) {
  std::vector<int> names;
  for (const DeadTask& dead : tasks) names.push_back(dead.task.pixels[0]);
  return names;
}

BatchingOptions OptionsOfThree(BatchingMethod method) {
  BatchingOptions options;
  options.max_batch_size = 3;
  options.max_queue_delay = kDelay;
  options.method = method;
  return options;
}

// One queue and devices that are idle unless a test says otherwise.
class BatchQueueTest : public ::testing::Test {
 protected:
  explicit BatchQueueTest(BatchingMethod method = BatchingMethod::kFixedDelay)
      : queue_(OptionsOfThree(method)), devices_(1) {
    devices_[0].lanes.resize(1);
  }

  void Push(ImageTask task, absl::Time now) {
    queue_.Push(std::move(task), now, devices_);
  }

  // The infinite future when there is no batch.
  absl::Time NextBatchTime(absl::Time now) {
    const auto batch = queue_.NextBatch(now, devices_);
    return batch.has_value() ? batch->start : absl::InfiniteFuture();
  }

  // Nothing when no batch is due.
  std::vector<int> TakeBatch(absl::Time now) {
    const auto batch = queue_.NextBatch(now, devices_);
    if (!batch.has_value() || batch->start > now) return {};
    return Names(queue_.TakeBatch(*batch, now));
  }

  // Teaches the cost of each batch size, 1 to 3.
  void Teach(DeviceId device, std::vector<int> milliseconds) {
    for (int repeat = 0; repeat < 9; ++repeat) {
      for (int images = 1; images <= 3; ++images) {
        queue_.OnBatchFinished(device, images,
                               absl::Milliseconds(milliseconds[images - 1]));
      }
    }
  }

  BatchQueue queue_;
  std::vector<DeviceState> devices_;
};

class LearningBatchQueueTest : public BatchQueueTest {
 protected:
  LearningBatchQueueTest() : BatchQueueTest(BatchingMethod::kCostModel) {}
};

TEST_F(BatchQueueTest, IsNeverDueWhenEmpty) {
  EXPECT_EQ(NextBatchTime(At(1000)), absl::InfiniteFuture());
  EXPECT_EQ(queue_.NextExpiry(At(0), devices_), absl::InfiniteFuture());
}

TEST_F(BatchQueueTest, AFullBatchIsDueAtOnce) {
  for (uint8_t name : {1, 2, 3}) Push(TaskNamed(name), At(0));
  EXPECT_THAT(TakeBatch(At(0)), ElementsAre(1, 2, 3));
  EXPECT_EQ(queue_.size(), 0);
}

TEST_F(BatchQueueTest, AnUnderfullBatchWaitsForTheDelayOfItsOldestImage) {
  Push(TaskNamed(1), At(0));
  Push(TaskNamed(2), At(4));
  EXPECT_EQ(NextBatchTime(At(4)), At(5));
  EXPECT_THAT(TakeBatch(At(5) - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(TakeBatch(At(5)), ElementsAre(1, 2));
}

TEST_F(BatchQueueTest, TheRestOfAFullBatchKeepsItsArrival) {
  for (uint8_t name : {1, 2, 3, 4}) Push(TaskNamed(name), At(name));
  EXPECT_THAT(TakeBatch(At(4)), ElementsAre(1, 2, 3));
  EXPECT_THAT(TakeBatch(At(8)), IsEmpty());
  EXPECT_THAT(TakeBatch(At(9)), ElementsAre(4));
}

TEST_F(BatchQueueTest, RemovesTheExpiredWhereverTheyStand) {
  Push(TaskNamed(1, At(2)), At(0));
  Push(TaskNamed(2), At(0));
  Push(TaskNamed(3, At(1)), At(0));
  EXPECT_EQ(queue_.NextExpiry(At(0), devices_), At(1));
  EXPECT_THAT(queue_.TakeDead(At(1) - absl::Nanoseconds(1), devices_),
              IsEmpty());
  const std::vector<DeadTask> dead = queue_.TakeDead(At(2), devices_);
  EXPECT_THAT(Names(dead), ElementsAre(1, 3));
  EXPECT_EQ(dead[0].reason.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(dead[0].reason.message(), HasSubstr("2ms"));
  EXPECT_THAT(TakeBatch(At(5)), ElementsAre(2));
}

TEST_F(BatchQueueTest, RemovesTheCancelled) {
  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask cancelled = TaskNamed(1);
  cancelled.cancellation = cancellation;
  Push(std::move(cancelled), At(0));
  Push(TaskNamed(2), At(0));
  EXPECT_THAT(queue_.TakeDead(At(0), devices_), IsEmpty());
  cancellation->Cancel();
  const std::vector<DeadTask> dead = queue_.TakeDead(At(0), devices_);
  EXPECT_THAT(Names(dead), ElementsAre(1));
  EXPECT_EQ(dead[0].reason.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(queue_.size(), 1);
}

TEST_F(BatchQueueTest, AQueueFullOfExpiredImagesEmptiesWithoutABatch) {
  for (int name = 0; name < 7; ++name) Push(TaskNamed(name, At(1)), At(0));
  EXPECT_THAT(queue_.TakeDead(At(1), devices_), SizeIs(7));
  EXPECT_THAT(TakeBatch(At(1)), IsEmpty());
}

TEST_F(BatchQueueTest, TakeAllEmptiesTheQueueInOrder) {
  for (uint8_t name : {1, 2, 3, 4}) Push(TaskNamed(name), At(0));
  EXPECT_THAT(Names(queue_.TakeAll()), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(queue_.size(), 0);
}

TEST_F(BatchQueueTest, WaitsForADevice) {
  for (uint8_t name : {1, 2, 3}) Push(TaskNamed(name), At(0));
  devices_[0].lanes[0].busy = true;
  EXPECT_EQ(NextBatchTime(At(1)), absl::InfiniteFuture());
  devices_[0].lanes[0].busy = false;
  devices_[0].serving = false;
  EXPECT_EQ(NextBatchTime(At(1)), absl::InfiniteFuture());
  devices_[0].serving = true;
  EXPECT_THAT(TakeBatch(At(1)), SizeIs(3));
}

TEST_F(LearningBatchQueueTest, RunsWhateverWaitsWhileNothingIsKnown) {
  Push(TaskNamed(1), At(0));
  EXPECT_THAT(TakeBatch(At(0)), ElementsAre(1));
}

TEST_F(LearningBatchQueueTest, RefusesADeadlineThatCannotBeMet) {
  Teach(0, {10, 11, 12});
  devices_[0].lanes[0] = {
      .busy = true, .start = At(0), .predicted_end = At(12)};
  const absl::Status status =
      queue_.CheckDeadline(TaskNamed(1, At(15)), At(0), devices_);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(status.message(), HasSubstr("15ms away"));
  EXPECT_THAT(status.message(), HasSubstr("predicted to take 2"));
  EXPECT_TRUE(queue_.CheckDeadline(TaskNamed(1, At(30)), At(0), devices_).ok());
}

TEST_F(LearningBatchQueueTest, CountsTheImagesAheadAgainstADeadline) {
  Teach(0, {10, 11, 12});
  const ImageTask task = TaskNamed(9, At(40));
  EXPECT_TRUE(queue_.CheckDeadline(task, At(0), devices_).ok());
  for (int name = 0; name < 9; ++name) Push(TaskNamed(name), At(0));
  EXPECT_THAT(queue_.CheckDeadline(task, At(0), devices_).message(),
              HasSubstr("9 images ahead"));
}

TEST_F(LearningBatchQueueTest, RefusesATimeoutShorterThanTheWait) {
  Teach(0, {10, 11, 12});
  devices_[0].lanes[0] = {
      .busy = true, .start = At(0), .predicted_end = At(12)};
  ImageTask task = TaskNamed(1);
  task.queue_deadline = At(5);
  EXPECT_THAT(queue_.CheckDeadline(task, At(0), devices_).message(),
              HasSubstr("timeout"));
  task.queue_deadline = At(13);
  EXPECT_TRUE(queue_.CheckDeadline(task, At(0), devices_).ok());
}

TEST_F(LearningBatchQueueTest, GivesUpImagesThatCannotBeAnsweredInTime) {
  Teach(0, {10, 11, 12});
  Push(TaskNamed(1, At(20)), At(0));
  EXPECT_THAT(queue_.TakeDead(At(9), devices_), IsEmpty());
  const std::vector<DeadTask> dead = queue_.TakeDead(At(15), devices_);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_THAT(dead[0].reason.message(), HasSubstr("cannot be met"));
}

// Or a prediction from worse times would stand for ever.
TEST_F(LearningBatchQueueTest, DoubtsAPredictionThatKeepsAllFromExecution) {
  Teach(0, {100, 110, 120});
  Push(TaskNamed(1), At(0));
  TakeBatch(At(0));
  const auto is_refused = [this](int64_t now) {
    const ImageTask task = TaskNamed(2, At(now + 60));
    return !queue_.CheckDeadline(task, At(now), devices_).ok();
  };
  EXPECT_TRUE(is_refused(200));
  EXPECT_FALSE(is_refused(401));
  Push(TaskNamed(2, At(461)), At(401));
  EXPECT_EQ(queue_.NextExpiry(At(401), devices_), At(461));
  EXPECT_THAT(queue_.TakeDead(At(401), devices_), IsEmpty());
  EXPECT_THAT(TakeBatch(At(401)), ElementsAre(2));
  EXPECT_TRUE(is_refused(402));  // one batch at a time
  queue_.OnBatchFinished(0, 1, absl::Milliseconds(50));
  EXPECT_FALSE(is_refused(451));
}

TEST_F(LearningBatchQueueTest, RefusesNothingWhileNothingIsKnown) {
  devices_[0].lanes[0] = {.busy = true, .start = At(0), .predicted_end = At(0)};
  EXPECT_TRUE(queue_.CheckDeadline(TaskNamed(1, At(1)), At(0), devices_).ok());
}

TEST_F(LearningBatchQueueTest, GoesToTheDeviceThatIsDoneFirst) {
  devices_.resize(2, devices_[0]);
  Teach(0, {30, 31, 32});
  Teach(1, {3, 4, 5});
  Push(TaskNamed(1), At(0));
  EXPECT_EQ(queue_.NextBatch(At(9), devices_)->device, 1);
}

TEST_F(LearningBatchQueueTest, LeavesImagesToAFasterDeviceThatIsSoonFree) {
  devices_.resize(2, devices_[0]);
  Teach(0, {300, 310, 320});
  Teach(1, {100, 110, 120});
  devices_[1].lanes[0] = {
      .busy = true, .start = At(0), .predicted_end = At(120)};
  Push(TaskNamed(1), At(0));
  // Device 1 answers it at 220, device 0 would at 310.
  EXPECT_EQ(queue_.NextBatch(At(10), devices_), std::nullopt);
  // Of six images, device 1 answers three before device 0 has three.
  for (uint8_t name : {2, 3, 4, 5, 6}) Push(TaskNamed(name), At(10));
  const auto batch = queue_.NextBatch(At(10), devices_);
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->device, 0);
  EXPECT_THAT(Names(queue_.TakeBatch(*batch, At(10))), ElementsAre(4, 5, 6));
  EXPECT_THAT(Names(queue_.TakeAll()), ElementsAre(1, 2, 3));
}

TEST_F(LearningBatchQueueTest, DoesNotWaitForADeviceThatIsLate) {
  devices_.resize(2, devices_[0]);
  Teach(0, {300, 310, 320});
  Teach(1, {100, 110, 120});
  devices_[1].lanes[0] = {
      .busy = true, .start = At(0), .predicted_end = At(120)};
  Push(TaskNamed(1), At(0));
  EXPECT_EQ(queue_.NextBatch(At(150), devices_), std::nullopt);
  // Late by twice its time, it is not expected before 600.
  EXPECT_EQ(queue_.NextBatch(At(300), devices_)->device, 0);
}

TEST(BatchingOptionsTest, NameTheBadValue) {
  EXPECT_TRUE(BatchingOptions().Validate().ok());
  BatchingOptions options;
  options.max_batch_size = 0;
  EXPECT_THAT(options.Validate().message(), HasSubstr("not 0"));
  options = BatchingOptions();
  options.max_queue_delay = absl::Milliseconds(-3);
  EXPECT_THAT(options.Validate().message(), HasSubstr("-3ms"));
  options.max_queue_delay = absl::InfiniteDuration();
  EXPECT_FALSE(options.Validate().ok());
}

}  // namespace
}  // namespace moevit
