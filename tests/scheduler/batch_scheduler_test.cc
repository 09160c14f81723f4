#include "scheduler/batch_scheduler.h"

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/fake_clock.h"
#include "tests/scheduler/fake_executor.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kClasses = 3;
constexpr absl::Duration kDelay = absl::Milliseconds(5);
constexpr int kThreads = 2;  // one worker and the reaper

using Answer = std::future<absl::StatusOr<ImageResult>>;

class BatchSchedulerTest : public ::testing::Test {
 protected:
  BatchScheduler::ModelId AddModel(int max_batch_size) {
    ScheduledModelOptions options;
    options.shape = {.pixel_bytes = 2, .classes = kClasses};
    options.batching = {.max_batch_size = max_batch_size,
                        .max_queue_delay = kDelay};
    options.new_executor = [this] {
      return std::make_unique<FakeExecutor>(kClasses, control_);
    };
    options.on_batch = [this](const BatchReport& report) {
      reports_.push_back(report);
    };
    return scheduler_.AddModel(std::move(options));
  }

  Answer Submit(BatchScheduler::ModelId model, ImageTask task) {
    auto promise =
        std::make_shared<std::promise<absl::StatusOr<ImageResult>>>();
    task.done = [promise](absl::StatusOr<ImageResult> result) {
      promise->set_value(std::move(result));
    };
    scheduler_.Submit(model, std::move(task));
    return promise->get_future();
  }

  static ImageTask TaskOfClass(uint8_t index) {
    ImageTask task;
    task.pixels = {100, index};
    return task;
  }

  FakeClock clock_;
  std::shared_ptr<FakeExecutorControl> control_ =
      std::make_shared<FakeExecutorControl>();
  std::vector<BatchReport> reports_;  // written by the one worker
  BatchScheduler scheduler_{{.executor_threads = 1}, &clock_};
};

TEST_F(BatchSchedulerTest, AFullBatchRunsWithoutDelay) {
  const auto model = AddModel(/*max_batch_size=*/3);
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(Submit(model, TaskOfClass(i)));
  for (int i = 0; i < 3; ++i) {
    const auto result = answers[i].get();
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->logits[i], 100);
    EXPECT_EQ(result->batch_size, 3);
    EXPECT_EQ(result->device, "fake");
  }
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(3));
}

TEST_F(BatchSchedulerTest, AnUnderfullBatchRunsAfterTheDelay) {
  const auto model = AddModel(/*max_batch_size=*/3);
  Answer answer = Submit(model, TaskOfClass(2));
  clock_.AwaitWaiters(kThreads);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
  clock_.Advance(kDelay);
  const auto result = answer.get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->queue, kDelay);
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1));
}

TEST_F(BatchSchedulerTest, ADeadlineShorterThanTheDelayCostsNoCompute) {
  const auto model = AddModel(/*max_batch_size=*/3);
  ImageTask task = TaskOfClass(0);
  task.deadline = clock_.Now() + kDelay / 2;
  Answer answer = Submit(model, std::move(task));
  clock_.AwaitWaiters(kThreads);
  clock_.Advance(kDelay / 2);
  EXPECT_EQ(answer.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(BatchSchedulerTest, DeadlinesFireWhileTheOnlyExecutorIsBusy) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  Answer running = Submit(model, TaskOfClass(0));
  control_->AwaitBatches(1);
  ImageTask task = TaskOfClass(1);
  task.deadline = clock_.Now() + absl::Seconds(1);
  Answer waiting = Submit(model, std::move(task));
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(waiting.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  control_->Release();
  EXPECT_TRUE(running.get().ok());
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1));
}

TEST_F(BatchSchedulerTest, CancellationFreesThePlaceWhileTheExecutorIsBusy) {
  QueueBudget budget({.max_images = 1, .max_bytes = 100});
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  Answer running = Submit(model, TaskOfClass(0));
  control_->AwaitBatches(1);

  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask task = TaskOfClass(1);
  task.cancellation = cancellation;
  task.place = std::move(budget.Reserve({2})->front());
  Answer waiting = Submit(model, std::move(task));
  EXPECT_EQ(budget.usage().images, 1);
  cancellation->Cancel();
  scheduler_.RemoveCancelled();
  EXPECT_EQ(waiting.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(budget.usage().images, 0);

  control_->Release();
  EXPECT_TRUE(running.get().ok());
}

TEST_F(BatchSchedulerTest, APlaceIsFreeOnceItsImageIsBeingExecuted) {
  QueueBudget budget({.max_images = 1, .max_bytes = 100});
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  ImageTask task = TaskOfClass(0);
  task.place = std::move(budget.Reserve({2})->front());
  Answer answer = Submit(model, std::move(task));
  control_->AwaitBatches(1);
  EXPECT_EQ(budget.usage().images, 0);
  control_->Release();
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(BatchSchedulerTest, AFailedBatchFailsItsImagesAndNoOthers) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->set_status(absl::InternalError("the device is gone"));
  EXPECT_THAT(Submit(model, TaskOfClass(0)).get().status().message(),
              HasSubstr("the device is gone"));
  control_->set_status(absl::OkStatus());
  EXPECT_TRUE(Submit(model, TaskOfClass(0)).get().ok());
}

TEST_F(BatchSchedulerTest, RefusesPixelsOfAnotherSize) {
  const auto model = AddModel(/*max_batch_size=*/1);
  ImageTask task;
  task.pixels = {1, 2, 3};
  const absl::Status status = Submit(model, std::move(task)).get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("2 bytes, not 3"));
}

TEST_F(BatchSchedulerTest, ModelsDoNotShareBatches) {
  const auto first = AddModel(/*max_batch_size=*/2);
  const auto second = AddModel(/*max_batch_size=*/2);
  Answer a = Submit(first, TaskOfClass(0));
  Answer b = Submit(second, TaskOfClass(1));
  clock_.AwaitWaiters(kThreads);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
  clock_.Advance(kDelay);
  EXPECT_TRUE(a.get().ok());
  EXPECT_TRUE(b.get().ok());
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1, 1));
}

TEST_F(BatchSchedulerTest, ReportsEachBatchBeforeItsAnswers) {
  const auto model = AddModel(/*max_batch_size=*/2);
  Answer a = Submit(model, TaskOfClass(0));
  Answer b = Submit(model, TaskOfClass(1));
  a.wait();
  ASSERT_EQ(reports_.size(), 1);
  EXPECT_EQ(reports_[0].images, 2);
  EXPECT_EQ(reports_[0].device, "fake");
  EXPECT_TRUE(reports_[0].status.ok());
  b.wait();
}

TEST_F(BatchSchedulerTest, DrainExecutesWhatWasAcceptedAndRefusesTheRest) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  Answer accepted = Submit(model, TaskOfClass(0));
  control_->AwaitBatches(1);
  auto drained = std::async(std::launch::async, [this] {
    return scheduler_.Drain(absl::InfiniteFuture());
  });
  clock_.AwaitWaiters(kThreads);  // the reaper and Drain
  EXPECT_EQ(Submit(model, TaskOfClass(1)).get().status().code(),
            absl::StatusCode::kUnavailable);
  control_->Release();
  EXPECT_TRUE(drained.get());
  EXPECT_TRUE(accepted.get().ok());
}

TEST_F(BatchSchedulerTest, DrainGivesUpAtItsDeadline) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  Answer running = Submit(model, TaskOfClass(0));
  control_->AwaitBatches(1);
  Answer waiting = Submit(model, TaskOfClass(1));
  EXPECT_FALSE(scheduler_.Drain(clock_.Now()));
  EXPECT_EQ(waiting.get().status().code(), absl::StatusCode::kUnavailable);
  control_->Release();
  EXPECT_TRUE(running.get().ok());
}

TEST(BatchSchedulerOptionsTest, NameTheBadValue) {
  EXPECT_TRUE(BatchSchedulerOptions().Validate().ok());
  EXPECT_THAT(
      (BatchSchedulerOptions{.executor_threads = 0}).Validate().message(),
      HasSubstr("not 0"));
}

}  // namespace
}  // namespace moevit
