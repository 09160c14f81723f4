#include "scheduler/batch_scheduler.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
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
constexpr absl::Duration kMaxDelay = absl::Milliseconds(5);
using Answer = std::future<absl::StatusOr<ImageResult>>;

BatchSchedulerOptions DevicesNamed(const std::vector<std::string>& names) {
  BatchSchedulerOptions options;
  options.devices.clear();
  for (const std::string& name : names) {
    DeviceOptions device;
    device.name = name;
    options.devices.push_back(std::move(device));
  }
  return options;
}

QueueBudget::Claim PlaceIn(QueueBudget& budget) {
  return std::move(budget
                       .Reserve({.client = "c", .model = "m", .images = 1},
                                FakeClock::kStart)
                       ->places.front());
}

// A scheduler with a FakeExecutor on each device.
class SchedulerFixture {
 public:
  explicit SchedulerFixture(const std::vector<std::string>& devices)
      : scheduler_(WithServing(DevicesNamed(devices)), &clock_) {
    for (size_t i = 0; i < devices.size(); ++i) {
      controls_.push_back(std::make_shared<FakeExecutorControl>());
    }
  }

  ModelId AddModel(int max_batch_size,
                   BatchingMethod method = BatchingMethod::kFixedDelay,
                   DeviceId only_device = -1) {
    ScheduledModelOptions options;
    options.shape = {.pixel_bytes = 2, .classes = kClasses};
    options.batching.max_batch_size = max_batch_size;
    options.batching.max_queue_delay = kMaxDelay;
    options.batching.method = method;
    options.new_executor = [=, this](DeviceId device) {
      return only_device < 0 || device == only_device
                 ? std::make_unique<FakeExecutor>(kClasses, controls_[device])
                 : nullptr;
    };
    options.on_batch = [this](const BatchReport& report) {
      MutexLock lock(&mutex_);
      reports_.push_back(report);
    };
    return *scheduler_.AddModel(std::move(options));
  }

  Answer Submit(ModelId model, ImageTask task) {
    auto promise =
        std::make_shared<std::promise<absl::StatusOr<ImageResult>>>();
    task.done = [promise](absl::StatusOr<ImageResult> result) {
      promise->set_value(std::move(result));
    };
    scheduler_.Submit(model, std::move(task));
    return promise->get_future();
  }

  static ImageTask TaskOfClass(uint8_t index, uint8_t first_pixel = 100) {
    ImageTask task;
    task.pixels = {first_pixel, index};
    return task;
  }

  std::vector<BatchReport> reports() {
    MutexLock lock(&mutex_);
    return reports_;
  }

  // Whether the scheduler said last that a device serves.
  bool serving() {
    MutexLock lock(&mutex_);
    return serving_;
  }

  // What the scheduler said of devices.
  std::vector<std::string> changes() {
    MutexLock lock(&mutex_);
    return changes_;
  }

  DeviceHealth::State StateOf(DeviceId device) {
    return scheduler_.devices()[device].state;
  }

  // Returns once the timer's thread waits for the clock.
  void AwaitTimer() { clock_.AwaitWaiters(1); }

  FakeClock clock_;
  std::vector<std::shared_ptr<FakeExecutorControl>> controls_;
  Mutex mutex_;
  std::vector<BatchReport> reports_ ABSL_GUARDED_BY(mutex_);
  bool serving_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<std::string> changes_ ABSL_GUARDED_BY(mutex_);
  BatchScheduler scheduler_;

 private:
  BatchSchedulerOptions WithServing(BatchSchedulerOptions options) {
    options.on_serving_change = [this](bool serving) {
      MutexLock lock(&mutex_);
      serving_ = serving;
    };
    options.on_device_change = [this](const std::string& device,
                                      const absl::Status& status) {
      MutexLock lock(&mutex_);
      changes_.push_back(device + " " + status.ToString());
    };
    return options;
  }
};

class BatchSchedulerTest : public ::testing::Test, public SchedulerFixture {
 protected:
  BatchSchedulerTest() : SchedulerFixture({"fake"}) {}

  std::shared_ptr<FakeExecutorControl> control_ = controls_[0];
};

class TwoDevicesTest : public ::testing::Test, public SchedulerFixture {
 protected:
  TwoDevicesTest() : SchedulerFixture({"first", "second"}) {}
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
  AwaitTimer();
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
  clock_.Advance(kMaxDelay);
  const auto result = answer.get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->queue, kMaxDelay);
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1));
}

TEST_F(BatchSchedulerTest, R4ADeadlineShorterThanTheDelayCostsNoCompute) {
  const auto model = AddModel(/*max_batch_size=*/3);
  ImageTask task = TaskOfClass(0);
  task.deadline = clock_.Now() + kMaxDelay / 2;
  Answer answer = Submit(model, std::move(task));
  AwaitTimer();
  clock_.Advance(kMaxDelay / 2);
  EXPECT_EQ(answer.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(BatchSchedulerTest, R2DeadlinesFireWhileTheOnlyExecutorIsBusy) {
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

TEST_F(BatchSchedulerTest, R3CancellationFreesThePlaceWhileTheExecutorIsBusy) {
  QueueBudget budget({.max_images = 1, .max_bytes = 100});
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->Hold();
  Answer running = Submit(model, TaskOfClass(0));
  control_->AwaitBatches(1);

  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask task = TaskOfClass(1);
  task.cancellation = cancellation;
  task.place = PlaceIn(budget);
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
  task.place = PlaceIn(budget);
  Answer answer = Submit(model, std::move(task));
  control_->AwaitBatches(1);
  EXPECT_EQ(budget.usage().images, 0);
  control_->Release();
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(BatchSchedulerTest, AFailedBatchFailsItsImagesAndNoOthers) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->set_status(absl::FailedPreconditionError("not today"));
  EXPECT_THAT(Submit(model, TaskOfClass(0)).get().status().message(),
              HasSubstr("not today"));
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
  AwaitTimer();
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
  clock_.Advance(kMaxDelay);
  EXPECT_TRUE(a.get().ok());
  EXPECT_TRUE(b.get().ok());
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1, 1));
}

TEST_F(BatchSchedulerTest, ARemovedModelLeavesNothingAndOthersServeOn) {
  const ModelId stays = AddModel(/*max_batch_size=*/1);
  const long users = controls_[0].use_count();
  const ModelId removed = AddModel(/*max_batch_size=*/1);
  EXPECT_TRUE(Submit(removed, TaskOfClass(1)).get().ok());
  scheduler_.RemoveModel(removed);
  EXPECT_TRUE(Submit(stays, TaskOfClass(2)).get().ok());
  // The lane has let go of the removed model by now.
  EXPECT_EQ(controls_[0].use_count(), users);
  EXPECT_EQ(AddModel(/*max_batch_size=*/1), removed);
}

TEST_F(BatchSchedulerTest, ReportsEachBatchBeforeItsAnswers) {
  const auto model = AddModel(/*max_batch_size=*/2);
  Answer a = Submit(model, TaskOfClass(0));
  Answer b = Submit(model, TaskOfClass(1));
  a.wait();
  ASSERT_EQ(reports().size(), 1);
  EXPECT_EQ(reports()[0].images, 2);
  EXPECT_EQ(reports()[0].device, "fake");
  EXPECT_TRUE(reports()[0].status.ok());
  EXPECT_THAT(reports()[0].expert_load.tokens, ElementsAre(ElementsAre(2, 0)));
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
  clock_.AwaitWaiters(2);  // the timer and Drain
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

TEST_F(BatchSchedulerTest, AnExceptionIsAnErrorOfItsBatchOnly) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->ThrowNext();
  EXPECT_EQ(Submit(model, TaskOfClass(0)).get().status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Submit(model, TaskOfClass(0)).get().ok());
  EXPECT_EQ(StateOf(0), DeviceHealth::State::kServing);
}

TEST_F(BatchSchedulerTest, R3ABatchThatNobodyWantsAnyMoreIsGivenUp) {
  const auto model = AddModel(/*max_batch_size=*/2);
  control_->Hold();
  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask first = TaskOfClass(0);
  first.cancellation = cancellation;
  ImageTask second = TaskOfClass(1);
  second.deadline = clock_.Now() + absl::Seconds(1);
  Answer cancelled = Submit(model, std::move(first));
  Answer expired = Submit(model, std::move(second));
  control_->AwaitBatches(1);
  cancellation->Cancel();
  clock_.Advance(absl::Seconds(1));
  control_->Release();
  EXPECT_EQ(cancelled.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(expired.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(StateOf(0), DeviceHealth::State::kServing);
}

TEST_F(BatchSchedulerTest, TheOnlyDeviceComesBackAndItsBatchIsNotLost) {
  const auto model = AddModel(/*max_batch_size=*/2);
  control_->set_status(absl::UnavailableError("hung"));
  Answer a = Submit(model, TaskOfClass(1));
  Answer b = Submit(model, TaskOfClass(2));
  control_->AwaitBatches(1);
  AwaitTimer();
  while (StateOf(0) != DeviceHealth::State::kQuarantined) AwaitTimer();
  control_->set_status(absl::OkStatus());
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(a.get()->logits[1], 100);
  EXPECT_EQ(b.get()->logits[2], 100);
  EXPECT_EQ(StateOf(0), DeviceHealth::State::kServing);
  EXPECT_TRUE(serving());
  EXPECT_THAT(changes(), ElementsAre("fake UNAVAILABLE: hung", "fake OK"));
  // The batch, the probe, the batch again.
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(2, 1, 2));
}

TEST_F(BatchSchedulerTest, AnOutageEndsWithAnAnswer) {
  const auto model = AddModel(/*max_batch_size=*/1);
  control_->set_status(absl::UnavailableError("gone"));
  Answer answer = Submit(model, TaskOfClass(1));
  // Moves on from probe to probe.
  while (answer.wait_for(std::chrono::seconds(0)) !=
         std::future_status::ready) {
    AwaitTimer();
    clock_.Advance(absl::Milliseconds(100));
  }
  const absl::Status status = answer.get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("no device has served for 10s"));
  EXPECT_EQ(Submit(model, TaskOfClass(1)).get().status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_FALSE(serving());
}

TEST_F(BatchSchedulerTest, AClockThatStandsStillHoldsNothingUp) {
  const auto model = AddModel(/*max_batch_size=*/4, BatchingMethod::kCostModel);
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(Submit(model, TaskOfClass(i % kClasses)).get().ok());
  }
}

TEST_F(TwoDevicesTest, ABatchWhoseDeviceDiesIsExecutedElsewhere) {
  const auto model = AddModel(/*max_batch_size=*/3);
  controls_[0]->Hold();
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(Submit(model, TaskOfClass(i)));
  controls_[0]->AwaitBatches(1);
  controls_[0]->set_status(absl::DeadlineExceededError("watchdog"));
  controls_[0]->Release();
  for (int i = 0; i < 3; ++i) {
    const auto result = answers[i].get();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->logits[i], 100);
    EXPECT_EQ(result->device, "second");
  }
  EXPECT_EQ(StateOf(0), DeviceHealth::State::kQuarantined);
  EXPECT_EQ(StateOf(1), DeviceHealth::State::kServing);
  EXPECT_EQ(scheduler_.devices()[0].failures, 1);
  EXPECT_EQ(scheduler_.devices()[1].retries, 1);
  EXPECT_TRUE(serving());
}

TEST_F(TwoDevicesTest, AModelOnADeviceThatServesEndsAnOutageAtOnce) {
  const auto lost = AddModel(/*max_batch_size=*/1, BatchingMethod::kFixedDelay,
                             /*only_device=*/0);
  controls_[0]->set_status(absl::UnavailableError("gone"));
  ImageTask task = TaskOfClass(0);
  task.deadline = clock_.Now() + absl::Milliseconds(1);
  Answer answer = Submit(lost, std::move(task));
  while (serving()) std::this_thread::yield();
  AwaitTimer();
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_FALSE(answer.get().ok());
  AddModel(/*max_batch_size=*/1, BatchingMethod::kFixedDelay,
           /*only_device=*/1);
  EXPECT_TRUE(serving());
}

TEST_F(TwoDevicesTest, APoisonousImageFailsAloneAndLeavesTheDevices) {
  const auto model = AddModel(/*max_batch_size=*/3);
  for (const auto& control : controls_) {
    control->set_poison(13, absl::InvalidArgumentError("bad image"));
  }
  Answer good = Submit(model, TaskOfClass(0));
  Answer poisonous = Submit(model, TaskOfClass(1, /*first_pixel=*/13));
  Answer other = Submit(model, TaskOfClass(2));
  EXPECT_TRUE(good.get().ok());
  EXPECT_TRUE(other.get().ok());
  EXPECT_THAT(poisonous.get().status().message(), HasSubstr("bad image"));
  EXPECT_EQ(StateOf(0), DeviceHealth::State::kServing);
  EXPECT_EQ(StateOf(1), DeviceHealth::State::kServing);
}

TEST_F(TwoDevicesTest, AnImageThatBreaksDevicesDoesNotBreakThemAll) {
  const auto model = AddModel(/*max_batch_size=*/2);
  for (const auto& control : controls_) {
    control->set_poison(13, absl::InternalError("kernel stopped"));
  }
  Answer poisonous = Submit(model, TaskOfClass(1, /*first_pixel=*/13));
  Answer good = Submit(model, TaskOfClass(0));
  EXPECT_THAT(poisonous.get().status().message(), HasSubstr("kernel stopped"));
  EXPECT_TRUE(good.get().ok());
  EXPECT_TRUE(serving());
}

TEST_F(TwoDevicesTest, BothDevicesWorkAtOnce) {
  const auto model = AddModel(/*max_batch_size=*/1);
  for (const auto& control : controls_) control->Hold();
  Answer a = Submit(model, TaskOfClass(0));
  Answer b = Submit(model, TaskOfClass(1));
  for (const auto& control : controls_) control->AwaitBatches(1);
  for (const auto& control : controls_) control->Release();
  EXPECT_NE(a.get()->device, b.get()->device);
}

TEST_F(TwoDevicesTest, AModelRunsOnlyWhereItHasAnExecutor) {
  ScheduledModelOptions options;
  options.shape = {.pixel_bytes = 2, .classes = kClasses};
  options.batching.max_batch_size = 1;
  options.new_executor =
      [this](DeviceId device) -> absl::StatusOr<std::unique_ptr<Executor>> {
    if (device == 0) return nullptr;
    return std::make_unique<FakeExecutor>(kClasses, controls_[device]);
  };
  const ModelId model = *scheduler_.AddModel(std::move(options));
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(Submit(model, TaskOfClass(i)));
  for (Answer& answer : answers) EXPECT_EQ(answer.get()->device, "second");
}

TEST_F(TwoDevicesTest, AModelThatADeviceRefusesIsNotAdded) {
  ScheduledModelOptions options;
  options.new_executor =
      [](DeviceId) -> absl::StatusOr<std::unique_ptr<Executor>> {
    return absl::ResourceExhaustedError("does not fit");
  };
  EXPECT_THAT(scheduler_.AddModel(std::move(options)).status().message(),
              HasSubstr("does not fit"));
}

TEST(BatchSchedulerOptionsTest, NameTheBadValue) {
  EXPECT_TRUE(BatchSchedulerOptions().Validate().ok());
  EXPECT_THAT(DevicesNamed({}).Validate().message(), HasSubstr("1 device"));
  EXPECT_THAT(DevicesNamed({"a", "a"}).Validate().message(),
              HasSubstr("'a' is there twice"));
  BatchSchedulerOptions options;
  options.devices[0].lanes = 0;
  EXPECT_THAT(options.Validate().message(), HasSubstr("not 0"));
}

}  // namespace
}  // namespace moevit
