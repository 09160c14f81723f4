#include "server/energy_monitor.h"

#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/fake_clock.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;

class FixedSensor final : public EnergySensor {
 public:
  explicit FixedSensor(absl::StatusOr<double> watts)
      : watts_(std::move(watts)) {}
  absl::StatusOr<SensorReading> Read(double /*utilisation*/) override {
    if (!watts_.ok()) return watts_.status();
    return SensorReading{SensorReading::Kind::kWatts, *watts_};
  }

 private:
  const absl::StatusOr<double> watts_;
};

class ThrowingSensor final : public EnergySensor {
 public:
  absl::StatusOr<SensorReading> Read(double /*utilisation*/) override {
    throw std::bad_alloc();
  }
};

class EnergyMonitorTest : public ::testing::Test {
 protected:
  void Start(absl::StatusOr<double> watts) {
    Start(std::make_unique<FixedSensor>(std::move(watts)));
  }

  void Start(std::unique_ptr<EnergySensor> sensor) {
    std::vector<EnergySource> sources;
    sources.push_back({"cpu", "rapl", std::move(sensor)});
    monitor_ = std::make_unique<EnergyMonitor>(
        std::move(sources),
        [this] {
          MutexLock lock(&mutex_);
          ++samples_;
          sampled_.SignalAll();
          use_["cpu"].busy["birds"] += absl::Milliseconds(500);
          return use_;
        },
        [this](absl::string_view text) { warnings_.emplace_back(text); },
        &clock_);
    clock_.AwaitWaiters(1);
  }

  void PassSeconds(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.Advance(absl::Seconds(1));
      AwaitSample(i + 2);  // the first was at the start
      clock_.AwaitWaiters(1);
    }
  }
  void AwaitSample(int count) {
    MutexLock lock(&mutex_);
    while (samples_ < count) sampled_.Wait(&mutex_);
  }

  FakeClock clock_;
  Mutex mutex_;
  CondVar sampled_;
  int samples_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, DeviceUse> use_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> warnings_;
  std::unique_ptr<EnergyMonitor> monitor_;
};

TEST_F(EnergyMonitorTest, SamplesOncePerSecond) {
  Start(40.0);
  PassSeconds(3);
  const EnergyReport report = monitor_->reports()[0];
  EXPECT_TRUE(report.up);
  EXPECT_DOUBLE_EQ(report.joules, 120);
  EXPECT_DOUBLE_EQ(report.model_joules.at("birds"), 60);
}

TEST_F(EnergyMonitorTest, R14ADeniedSensorIsWarnedOfOnce) {
  Start(absl::PermissionDeniedError("denied"));
  PassSeconds(4);
  EXPECT_FALSE(monitor_->reports()[0].up);
  monitor_.reset();
  EXPECT_THAT(warnings_, ElementsAre("no energy of cpu from rapl: denied"));
}

TEST_F(EnergyMonitorTest, AnExceptionOfASensorIsWarnedOfOnce) {
  Start(std::make_unique<ThrowingSensor>());
  PassSeconds(4);
  EXPECT_FALSE(monitor_->reports()[0].up);
  monitor_.reset();
  EXPECT_THAT(warnings_, ElementsAre("there was not enough memory to read the "
                                     "sensors"));
}

TEST_F(EnergyMonitorTest, WithoutSensorsThereIsNothingToReport) {
  const EnergyMonitor monitor({}, nullptr, nullptr, &clock_);
  EXPECT_TRUE(monitor.reports().empty());
}

}  // namespace
}  // namespace moevit
