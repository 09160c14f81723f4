#include "energy/energy_meter.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using Kind = SensorReading::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Says what the test tells it to.
class ToldSensor final : public EnergySensor {
 public:
  explicit ToldSensor(const absl::StatusOr<SensorReading>* told,
                      double* utilisation)
      : told_(told), utilisation_(utilisation) {}
  absl::StatusOr<SensorReading> Read(double utilisation) override {
    *utilisation_ = utilisation;
    return *told_;
  }

 private:
  const absl::StatusOr<SensorReading>* const told_;
  double* const utilisation_;
};

class EnergyMeterTest : public ::testing::Test {
 protected:
  const EnergyReport& Watts(double watts) {
    return Sample(SensorReading{Kind::kWatts, watts});
  }
  const EnergyReport& Joules(double joules) {
    return Sample(SensorReading{Kind::kJoules, joules});
  }
  // A second later than the last time.
  const EnergyReport& Sample(const absl::StatusOr<SensorReading>& reading) {
    told_ = reading;
    now_ += absl::Seconds(1);
    meter_.Sample(now_, use_);
    return meter_.report();
  }
  void Use(const std::string& model, absl::Duration duration) {
    use_.busy[model] += duration;
  }

  absl::StatusOr<SensorReading> told_ = absl::UnknownError("not told");
  double utilisation_ = -1;
  std::vector<std::string> warnings_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  DeviceUse use_;
  EnergyMeter meter_{
      {"cpu", "rapl", std::make_unique<ToldSensor>(&told_, &utilisation_)},
      [this](absl::string_view text) { warnings_.emplace_back(text); }};
};

TEST_F(EnergyMeterTest, KnowsNothingBeforeTheFirstReading) {
  EXPECT_FALSE(meter_.report().up);
  EXPECT_EQ(meter_.report().sampled, absl::InfinitePast());
}

TEST_F(EnergyMeterTest, IntegratesWattsByTrapezoids) {
  EXPECT_EQ(Watts(10).joules, 0);
  EXPECT_DOUBLE_EQ(Watts(20).joules, 15);
  EXPECT_DOUBLE_EQ(Watts(20).joules, 35);
  EXPECT_EQ(meter_.report().watts, 20);
}

TEST_F(EnergyMeterTest, TakesTheDifferencesOfACounter) {
  EXPECT_EQ(Joules(500).joules, 0);
  EXPECT_FALSE(meter_.report().watts.has_value());
  EXPECT_DOUBLE_EQ(Joules(530).joules, 30);
  EXPECT_DOUBLE_EQ(*meter_.report().watts, 30);
}

TEST_F(EnergyMeterTest, ReportsWhenItWasSampled) {
  Watts(1);
  EXPECT_EQ(meter_.report().sampled, now_);
  Sample(absl::UnavailableError("x"));
  EXPECT_EQ(meter_.report().sampled, now_ - absl::Seconds(1));
}

TEST_F(EnergyMeterTest, R14AMissingOrDeniedSensorGivesOneWarningAndNoValue) {
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(Sample(absl::PermissionDeniedError("/sys/x is denied")).up);
  }
  EXPECT_THAT(warnings_,
              ElementsAre("no energy of cpu from rapl: /sys/x is denied"));
}

TEST_F(EnergyMeterTest, ADeviceThatIsNotInUseYetIsNoWarning) {
  EXPECT_FALSE(Sample(absl::FailedPreconditionError("not open yet")).up);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnergyMeterTest, ASensorThatComesBackGoesOn) {
  Joules(10);
  EXPECT_FALSE(Sample(absl::NotFoundError("gone")).up);
  // A counter has counted on.
  EXPECT_TRUE(Joules(16).up);
  EXPECT_DOUBLE_EQ(meter_.report().joules, 6);
  EXPECT_DOUBLE_EQ(*meter_.report().watts, 3);
}

TEST_F(EnergyMeterTest, WattsAreNotInventedForALongGap) {
  Watts(10);
  Watts(10);
  for (int i = 0; i < 7; ++i) Sample(absl::NotFoundError("gone"));
  EXPECT_DOUBLE_EQ(Watts(10).joules, 10);
  EXPECT_DOUBLE_EQ(Watts(10).joules, 20);
}

TEST_F(EnergyMeterTest, ACounterThatStandsStillWhileTheDeviceIsBusyIsFrozen) {
  Joules(3);
  for (int i = 0; i < 4; ++i) {
    Use("birds", absl::Milliseconds(200));
    EXPECT_TRUE(Joules(3).up);
  }
  Use("birds", absl::Milliseconds(200));
  EXPECT_FALSE(Joules(3).up);
  EXPECT_FALSE(Joules(3).up);  // until it moves
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("has not moved for 5s")));
  EXPECT_TRUE(Joules(4).up);
}

TEST_F(EnergyMeterTest, ACounterOfAnIdleDeviceMayStandStill) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Joules(3).up);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnergyMeterTest, ABusyDevicesEnergyIsDividedByTime) {
  Joules(0);
  Use("birds", absl::Milliseconds(750));
  Use("fish", absl::Milliseconds(250));
  const EnergyReport& report = Joules(40);
  EXPECT_DOUBLE_EQ(report.model_joules.at("birds"), 30);
  EXPECT_DOUBLE_EQ(report.model_joules.at("fish"), 10);
}

TEST_F(EnergyMeterTest, IdleTimeBelongsToNoModel) {
  Joules(0);
  Use("birds", absl::Milliseconds(100));
  EXPECT_DOUBLE_EQ(Joules(40).model_joules.at("birds"), 4);
  EXPECT_DOUBLE_EQ(Joules(80).model_joules.at("birds"), 4);
  EXPECT_DOUBLE_EQ(meter_.report().joules, 80);
}

TEST_F(EnergyMeterTest, LanesSideBySideShareTheEnergy) {
  use_.lanes = 2;
  Joules(0);
  Use("birds", absl::Seconds(1));
  Use("fish", absl::Seconds(1));
  EXPECT_DOUBLE_EQ(Joules(40).model_joules.at("birds"), 20);
}

TEST_F(EnergyMeterTest, TellsTheSensorTheUtilisation) {
  use_.lanes = 2;
  Watts(1);
  EXPECT_EQ(utilisation_, 0);
  Use("birds", absl::Milliseconds(500));
  Watts(1);
  EXPECT_DOUBLE_EQ(utilisation_, 0.25);
  Use("birds", absl::Seconds(3));
  Watts(1);
  EXPECT_DOUBLE_EQ(utilisation_, 1);
}

TEST_F(EnergyMeterTest, AClockThatStandsStillChangesNothing) {
  Watts(10);
  now_ -= absl::Seconds(1);
  EXPECT_EQ(Watts(99).watts, 10);
}

}  // namespace
}  // namespace moevit
