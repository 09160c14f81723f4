#include "scheduler/dispatcher.h"

#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/executor.h"
#include "tests/scheduler/named_tasks.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Status kFault = absl::UnavailableError("hung");

class DispatcherTest : public ::testing::Test {
 protected:
  void AddDevices(int count) {
    for (int i = 0; i < count; ++i) dispatcher_.AddDevice({});
  }

  ModelId AddModel(int max_batch_size, double weight = 1,
                   std::vector<bool> runs_on = {}) {
    BatchingOptions options;
    options.max_batch_size = max_batch_size;
    options.max_queue_delay = absl::ZeroDuration();
    options.method = BatchingMethod::kFixedDelay;
    return dispatcher_.AddModel(options, weight, std::move(runs_on));
  }

  void Push(ModelId model, int count, absl::Time now = At(0),
            absl::Time deadline = absl::InfiniteFuture()) {
    for (int i = 0; i < count; ++i) {
      ImageTask task;
      task.deadline = deadline;
      EXPECT_TRUE(dispatcher_.Push(model, std::move(task), now).ok());
    }
  }

  // REQUIRES: something is to be started.
  Dispatch Next(absl::Time now) {
    std::optional<Dispatch> next = dispatcher_.Next(now);
    EXPECT_TRUE(next.has_value());
    return *std::move(next);
  }

  // REQUIRES: a batch is to be started once the probes that are due are done.
  Dispatch NextAfterProbes(absl::Time now) {
    Dispatch next = Next(now);
    while (next.probe) {
      dispatcher_.Finish(next, absl::OkStatus(), now);
      next = Next(now);
    }
    return next;
  }

  Dispatcher dispatcher_{DispatcherOptions()};
};

TEST_F(DispatcherTest, HasNothingToDoAtFirst) {
  AddDevices(1);
  AddModel(2);
  EXPECT_EQ(dispatcher_.Next(At(0)), std::nullopt);
  EXPECT_EQ(dispatcher_.NextEventTime(At(0)), absl::InfiniteFuture());
}

TEST_F(DispatcherTest, ModelsGetDeviceTimeByWeight) {
  AddDevices(1);
  const ModelId slow = AddModel(1, /*weight=*/1);
  const ModelId fast = AddModel(1, /*weight=*/2);
  Push(slow, 200);
  Push(fast, 200);
  int milliseconds[2] = {0, 0};
  int now = 0;
  for (int i = 0; i < 100; ++i) {
    Dispatch dispatch = Next(At(now));
    const int duration = dispatch.model == slow ? 9 : 3;
    now += duration;
    milliseconds[dispatch.model] += duration;
    EXPECT_THAT(dispatcher_.Finish(dispatch, absl::OkStatus(), At(now)),
                IsEmpty());
  }
  EXPECT_NEAR(static_cast<double>(milliseconds[fast]) / milliseconds[slow], 2,
              0.2);
}

TEST_F(DispatcherTest, AFailedBatchGoesToAnotherDevice) {
  AddDevices(2);
  const ModelId model = AddModel(3);
  Push(model, 3);
  Dispatch first = Next(At(0));
  EXPECT_THAT(dispatcher_.Finish(first, kFault, At(1)), IsEmpty());
  Dispatch second = Next(At(1));
  EXPECT_NE(second.device, first.device);
  EXPECT_THAT(second.tasks, SizeIs(3));
  EXPECT_THAT(dispatcher_.Finish(second, absl::OkStatus(), At(2)), IsEmpty());
  EXPECT_THAT(second.tasks, SizeIs(3));
  EXPECT_EQ(dispatcher_.waiting(), 0);
}

TEST_F(DispatcherTest, ABatchCostsAllTheTimeSinceItWasDecidedOn) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 2);
  Dispatch first = Next(At(1));
  EXPECT_EQ(first.predicted, absl::ZeroDuration());
  dispatcher_.Finish(first, absl::OkStatus(), At(8));
  EXPECT_EQ(Next(At(8)).predicted, absl::Milliseconds(7));
}

TEST_F(DispatcherTest, ABatchThatFailsTwiceIsDividedAndThenAnswered) {
  AddDevices(2);
  const ModelId model = AddModel(2);
  Push(model, 2);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    Dispatch whole = Next(At(attempt));
    EXPECT_THAT(whole.tasks, SizeIs(2));
    EXPECT_THAT(dispatcher_.Finish(whole, kFault, At(attempt)), IsEmpty());
  }
  for (int image = 0; image < 2; ++image) {
    Dispatch alone = Next(At(3));
    EXPECT_THAT(alone.tasks, SizeIs(1));
    const auto dead = dispatcher_.Finish(alone, kFault, At(3));
    ASSERT_THAT(dead, SizeIs(1));
    EXPECT_EQ(dead[0].reason, kFault);
  }
  // The second device failed only what the first had failed before.
  EXPECT_TRUE(dispatcher_.AnyDeviceServes());
}

TEST_F(DispatcherTest, ADeviceThatDidNotBeginSaysNothingOfTheBatch) {
  AddDevices(2);
  const ModelId model = AddModel(2);
  Push(model, 2);
  Dispatch batch = Next(At(0));
  EXPECT_THAT(dispatcher_.Finish(batch, kFault, At(0)), IsEmpty());
  // More often than an image may fail.
  for (int now = 1; now < 9000; now += 2000) {
    batch = NextAfterProbes(At(now));
    EXPECT_EQ(batch.attempt, 2);
    EXPECT_TRUE(batch.retry);
    EXPECT_THAT(batch.tasks, SizeIs(2));
    EXPECT_THAT(dispatcher_.Finish(batch, BatchNotBegunError(kFault), At(now)),
                IsEmpty());
    // It does speak against the device.
    EXPECT_FALSE(dispatcher_.pool().states()[batch.device].serving);
  }
  EXPECT_EQ(dispatcher_.waiting(), 2);
}

// Its probes, perhaps with another model, succeed.
TEST_F(DispatcherTest, ADeviceThatNeverBeginsIsPutUpWithForALimitedTime) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 1);
  int now = 0;
  std::vector<DeadTask> dead;
  while (dead.empty() && now < 60'000) {
    Dispatch batch = NextAfterProbes(At(now));
    dead = dispatcher_.Finish(batch, BatchNotBegunError(kFault), At(now));
    now += 5000;
  }
  // At 0 and 5 s it did not count, then it did three times.
  EXPECT_EQ(now, 25'000);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].reason.message(), kFault.message());
}

TEST_F(DispatcherTest, AQuarantinedDeviceGetsAProbeAndNothingElse) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 2);
  Dispatch batch = Next(At(0));
  EXPECT_THAT(dispatcher_.Finish(batch, kFault, At(0)), IsEmpty());
  EXPECT_EQ(dispatcher_.Next(At(99)), std::nullopt);
  EXPECT_EQ(dispatcher_.NextEventTime(At(99)), At(100));
  Dispatch probe = Next(At(100));
  EXPECT_TRUE(probe.probe);
  EXPECT_EQ(dispatcher_.Next(At(100)), std::nullopt);
  EXPECT_THAT(dispatcher_.Finish(probe, absl::OkStatus(), At(101)), IsEmpty());
  // What failed goes first.
  EXPECT_EQ(Next(At(101)).attempt, 2);
}

TEST_F(DispatcherTest, ARemovedModelsNumberIsGivenAgainOnceItsBatchesEnded) {
  AddDevices(1);
  const ModelId removed = AddModel(1);
  Push(removed, 1);
  Dispatch running = Next(At(0));
  dispatcher_.RemoveModel(removed);
  const ModelId other = AddModel(1);
  EXPECT_NE(other, removed);
  dispatcher_.Finish(running, absl::OkStatus(), At(1));
  EXPECT_EQ(AddModel(1), removed);
  Push(removed, 1, At(2));
  EXPECT_EQ(Next(At(2)).model, removed);
}

TEST_F(DispatcherTest, WithoutAModelADeviceIsNotProbed) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 1);
  Dispatch dispatch = Next(At(0));
  dispatcher_.Close();
  EXPECT_THAT(dispatcher_.Finish(dispatch, kFault, At(1)), SizeIs(1));
  dispatcher_.RemoveModel(model);
  EXPECT_EQ(dispatcher_.NextEventTime(At(5000)), absl::InfiniteFuture());
  EXPECT_EQ(dispatcher_.Next(At(5000)), std::nullopt);
  AddModel(1);
  EXPECT_TRUE(Next(At(5000)).probe);
}

TEST_F(DispatcherTest, AModelStaysOnTheDevicesThatRunIt) {
  AddDevices(3);
  const ModelId first = AddModel(1, /*weight=*/1, {true, true, false});
  const ModelId last = AddModel(1, /*weight=*/1, {false, false, true});
  Push(last, 3);
  EXPECT_EQ(Next(At(0)).device, 2);
  EXPECT_EQ(dispatcher_.Next(At(0)), std::nullopt);
  Push(first, 3);
  const Dispatch one = Next(At(0));
  const Dispatch two = Next(At(0));
  EXPECT_EQ(one.model, first);
  EXPECT_EQ(two.model, first);
  EXPECT_EQ(one.device + two.device, 1);
  EXPECT_EQ(dispatcher_.Next(At(0)), std::nullopt);
  EXPECT_EQ(dispatcher_.waiting(), 3);
}

TEST_F(DispatcherTest, ABatchThatFailedGoesNowhereElseThanItsModel) {
  AddDevices(2);
  const ModelId model = AddModel(1, /*weight=*/1, {false, true});
  Push(model, 1);
  Dispatch batch = Next(At(0));
  EXPECT_THAT(dispatcher_.Finish(batch, kFault, At(1)), IsEmpty());
  EXPECT_EQ(dispatcher_.Next(At(1)), std::nullopt);
  Dispatch probe = Next(At(101));
  EXPECT_TRUE(probe.probe);
  EXPECT_EQ(probe.device, 1);
  dispatcher_.Finish(probe, absl::OkStatus(), At(102));
  EXPECT_EQ(Next(At(102)).device, 1);
}

TEST_F(DispatcherTest, ADeviceIsNotProbedWithAModelOfOtherDevices) {
  AddDevices(2);
  const ModelId leaves = AddModel(1, /*weight=*/1, {true, false});
  AddModel(1, /*weight=*/1, {false, true});
  Push(leaves, 1);
  Dispatch batch = Next(At(0));
  dispatcher_.Close();
  EXPECT_THAT(dispatcher_.Finish(batch, kFault, At(1)), SizeIs(1));
  dispatcher_.RemoveModel(leaves);
  EXPECT_EQ(dispatcher_.NextEventTime(At(5000)), absl::InfiniteFuture());
  EXPECT_EQ(dispatcher_.Next(At(5000)), std::nullopt);
}

TEST_F(DispatcherTest, AllWaitForADeviceForALimitedTime) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 3);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, kFault, At(0));
  EXPECT_THAT(dispatcher_.TakeDead(At(9999)), IsEmpty());
  const auto dead = dispatcher_.TakeDead(At(10000));
  EXPECT_THAT(dead, SizeIs(3));
  EXPECT_THAT(dead[0].reason.message(), HasSubstr("10s"));
  EXPECT_FALSE(dispatcher_.Push(model, ImageTask(), At(10001)).ok());
}

TEST_F(DispatcherTest, DevicesThatDoNotRunAModelDoNotProlongItsOutage) {
  AddDevices(2);
  const ModelId lost = AddModel(1, /*weight=*/1, {true, false});
  EXPECT_TRUE(dispatcher_.AnyDeviceServes());
  Push(lost, 2);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, kFault, At(0));
  EXPECT_FALSE(dispatcher_.AnyDeviceServes());
  const ModelId other = AddModel(1, /*weight=*/1, {false, true});
  EXPECT_TRUE(dispatcher_.AnyDeviceServes());
  Push(other, 1);
  EXPECT_THAT(dispatcher_.TakeDead(At(9999)), IsEmpty());
  EXPECT_THAT(dispatcher_.TakeDead(At(10000)), SizeIs(2));
  EXPECT_EQ(dispatcher_.waiting(), 1);
  EXPECT_EQ(dispatcher_.Push(lost, ImageTask(), At(10001)).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(DispatcherTest, AModelThatComesDuringAnOutageWaitsNoLongerThanOthers) {
  AddDevices(1);
  Push(AddModel(1), 1);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, kFault, At(0));
  const ModelId late = AddModel(1);
  Push(late, 1, At(9000));
  EXPECT_THAT(dispatcher_.TakeDead(At(9999)), IsEmpty());
  EXPECT_THAT(dispatcher_.TakeDead(At(10000)), SizeIs(2));
}

TEST_F(DispatcherTest, DeadlinesHoldWhileABatchWaitsForAnotherTry) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 1, At(0), /*deadline=*/At(50));
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, kFault, At(1));
  EXPECT_EQ(dispatcher_.NextEventTime(At(1)), At(50));
  EXPECT_THAT(dispatcher_.TakeDead(At(50)), SizeIs(1));
  EXPECT_EQ(dispatcher_.waiting(), 0);
}

TEST_F(DispatcherTest, CancelledImagesAreNotExecuted) {
  AddDevices(1);
  const ModelId model = AddModel(2);
  const auto cancellation = std::make_shared<Cancellation>();
  ImageTask task;
  task.cancellation = cancellation;
  EXPECT_TRUE(dispatcher_.Push(model, std::move(task), At(0)).ok());
  cancellation->Cancel();
  EXPECT_EQ(dispatcher_.Next(At(0)), std::nullopt);
  EXPECT_THAT(dispatcher_.TakeDead(At(0)), SizeIs(1));
}

TEST_F(DispatcherTest, AfterCloseFailuresAreAnswered) {
  AddDevices(2);
  const ModelId model = AddModel(1);
  Push(model, 3);
  Dispatch running = Next(At(0));
  EXPECT_THAT(dispatcher_.Close(), SizeIs(2));
  EXPECT_THAT(dispatcher_.Finish(running, kFault, At(1)), SizeIs(1));
}

TEST_F(DispatcherTest, FlappingDevicesLoseNoImage) {
  AddDevices(2);
  const ModelId model = AddModel(4);
  int answered = 0;
  int now = 0;
  for (int round = 0; round < 200; ++round) {
    Push(model, 3, At(now));
    for (int step = 0; step < 4; ++step) {
      now += 7;
      while (auto dispatch = dispatcher_.Next(At(now))) {
        const bool fails = (round + dispatch->device) % 5 == 0 && step == 0;
        answered += static_cast<int>(
            dispatcher_
                .Finish(*dispatch, fails ? kFault : absl::OkStatus(), At(now))
                .size());
        answered += static_cast<int>(dispatch->tasks.size());
      }
      answered += static_cast<int>(dispatcher_.TakeDead(At(now)).size());
    }
  }
  answered += dispatcher_.waiting();
  EXPECT_EQ(answered, 600);
}

TEST_F(DispatcherTest, TellsHowLongEachModelUsedADevice) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  const ModelId idle = AddModel(1);
  Push(model, 2);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, absl::OkStatus(), At(30));
  batch = Next(At(40));
  // Up to now, for the batch that runs.
  const DeviceSnapshot device = dispatcher_.pool().snapshot(0, At(45));
  EXPECT_EQ(device.busy, absl::Milliseconds(35));
  EXPECT_EQ(device.model_busy.at(model), absl::Milliseconds(35));
  EXPECT_EQ(device.model_busy.count(idle), 0);
  EXPECT_EQ(device.lanes, 1);
}

TEST_F(DispatcherTest, AProbeUsesADeviceForNoModel) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 1);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, kFault, At(10));
  Dispatch probe = Next(At(2000));
  ASSERT_TRUE(probe.probe);
  dispatcher_.Finish(probe, absl::OkStatus(), At(2500));
  EXPECT_EQ(dispatcher_.pool().snapshot(0, At(2500)).busy,
            absl::Milliseconds(10));
}

TEST_F(DispatcherTest, AModelDoesNotInheritWhatItsNumberUsed) {
  AddDevices(1);
  const ModelId model = AddModel(1);
  Push(model, 1);
  Dispatch batch = Next(At(0));
  dispatcher_.Finish(batch, absl::OkStatus(), At(30));
  dispatcher_.RemoveModel(model);
  ASSERT_EQ(AddModel(1), model);
  const DeviceSnapshot device = dispatcher_.pool().snapshot(0, At(30));
  EXPECT_EQ(device.model_busy.count(model), 0);
  EXPECT_EQ(device.busy, absl::Milliseconds(30));
}

}  // namespace
}  // namespace moevit
