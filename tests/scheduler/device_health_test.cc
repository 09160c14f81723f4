#include "scheduler/device_health.h"

#include "gtest/gtest.h"
#include "tests/scheduler/named_tasks.h"

namespace moevit {
namespace {

using State = DeviceHealth::State;

DeviceHealthOptions Options() {
  DeviceHealthOptions options;
  options.first_probe_delay = absl::Milliseconds(10);
  options.max_probe_delay = absl::Milliseconds(35);
  options.batches_to_trust = 2;
  return options;
}

TEST(DeviceHealthTest, AFaultQuarantinesUntilAProbeSucceeds) {
  DeviceHealth health(Options());
  EXPECT_EQ(health.probe_time(), absl::InfiniteFuture());
  health.OnFault(At(0));
  EXPECT_FALSE(health.serving());
  EXPECT_EQ(health.probe_time(), At(10));
  health.OnProbeStarted();
  EXPECT_EQ(health.state(), State::kProbing);
  EXPECT_EQ(health.probe_time(), absl::InfiniteFuture());
  health.OnProbeFinished(/*success=*/true, At(11));
  EXPECT_TRUE(health.serving());
}

TEST(DeviceHealthTest, ProbesBackOffUpToTheLimit) {
  DeviceHealth health(Options());
  health.OnFault(At(0));
  int last = 0;
  for (const int delay : {10, 20, 35, 35}) {
    EXPECT_EQ(health.probe_time(), At(last + delay));
    last += delay;
    health.OnProbeStarted();
    health.OnProbeFinished(/*success=*/false, At(last));
  }
}

TEST(DeviceHealthTest, FlappingIsRemembered) {
  DeviceHealth health(Options());
  health.OnFault(At(0));
  health.OnProbeStarted();
  health.OnProbeFinished(/*success=*/true, At(10));
  health.OnBatchSucceeded();
  health.OnFault(At(20));
  EXPECT_EQ(health.probe_time(), At(40));
}

TEST(DeviceHealthTest, EnoughBatchesRestoreTrust) {
  DeviceHealth health(Options());
  health.OnFault(At(0));
  health.OnProbeStarted();
  health.OnProbeFinished(/*success=*/true, At(10));
  health.OnBatchSucceeded();
  health.OnBatchSucceeded();
  health.OnFault(At(20));
  EXPECT_EQ(health.probe_time(), At(30));
}

TEST(DeviceHealthTest, FaultsOfBatchesSideBySideCountOnce) {
  DeviceHealth health(Options());
  health.OnFault(At(0));
  health.OnFault(At(5));
  EXPECT_EQ(health.probe_time(), At(10));
}

TEST(DeviceHealthTest, TellsFaultsFromErrorsOfTheBatch) {
  for (const absl::Status& fault :
       {absl::UnavailableError(""), absl::DeadlineExceededError(""),
        absl::DataLossError(""), absl::InternalError("")}) {
    EXPECT_TRUE(IsDeviceFault(fault)) << fault;
  }
  for (const absl::Status& error :
       {absl::OkStatus(), absl::InvalidArgumentError(""),
        absl::CancelledError(""), absl::ResourceExhaustedError("")}) {
    EXPECT_FALSE(IsDeviceFault(error)) << error;
  }
}

}  // namespace
}  // namespace moevit
