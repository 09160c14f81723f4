#include "energy/hwmon_sensor.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/energy/fake_sysfs.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

class HwmonSensorTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& text) {
    sysfs_.Write("/sys/class/hwmon/" + file, text);
  }
  HwmonSensor Sensor(const std::string& chip) const {
    return HwmonSensor(sysfs_.root() + "/sys/class/hwmon", chip);
  }

  FakeSysfs sysfs_;
};

TEST_F(HwmonSensorTest, ReadsThePowerOfTheChipThatIsNamed) {
  Write("hwmon0/name", "nvme");
  Write("hwmon0/power1_input", "1");
  Write("hwmon1/name", "power_meter");
  Write("hwmon1/power1_input", "71500000");
  const auto reading = Sensor("power_meter").Read(0);
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->kind, SensorReading::Kind::kWatts);
  EXPECT_DOUBLE_EQ(reading->value, 71.5);
}

TEST_F(HwmonSensorTest, PrefersTheAverageToTheMoment) {
  Write("hwmon0/power1_average", "50000000");
  Write("hwmon0/power1_input", "90000000");
  EXPECT_DOUBLE_EQ(Sensor("").Read(0)->value, 50);
}

TEST_F(HwmonSensorTest, OfAProcessorsCountersItAddsUpTheSockets) {
  Write("hwmon0/name", "amd_energy");
  auto sensor = Sensor("amd_energy");
  for (const char* value : {"1000000", "3000000"}) {
    Write("hwmon0/energy1_input", value);
    Write("hwmon0/energy1_label", "Ecore000");
    Write("hwmon0/energy2_input", value);
    Write("hwmon0/energy2_label", "Esocket0");
    Write("hwmon0/energy3_input", value);
    Write("hwmon0/energy3_label", "Esocket1");
    ASSERT_TRUE(sensor.Read(0).ok());
  }
  EXPECT_EQ(sensor.Read(0)->kind, SensorReading::Kind::kJoules);
  EXPECT_DOUBLE_EQ(sensor.Read(0)->value, 4);
}

TEST_F(HwmonSensorTest, AChipWithoutPowerIsNoSensor) {
  Write("hwmon0/name", "coretemp");
  Write("hwmon0/temp1_input", "40000");
  const absl::Status status = Sensor("coretemp").Read(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no chip 'coretemp'"));
}

TEST_F(HwmonSensorTest, ZeroWattsAreNoReading) {
  Write("hwmon0/power1_input", "0");
  const absl::Status status = Sensor("").Read(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("power1_input says 0 W"));
}

TEST_F(HwmonSensorTest, WhatIsNoNumberIsNamed) {
  Write("hwmon0/power1_input", "-5");
  EXPECT_THAT(Sensor("").Read(0).status().message(), HasSubstr("'-5'"));
}

TEST_F(HwmonSensorTest, AChipThatReturnsUnderAnotherNumberIsFound) {
  Write("hwmon0/name", "board");
  Write("hwmon0/power1_input", "20000000");
  auto sensor = Sensor("board");
  ASSERT_TRUE(sensor.Read(0).ok());
  sysfs_.Remove("/sys/class/hwmon/hwmon0");
  EXPECT_EQ(sensor.Read(0).status().code(), absl::StatusCode::kNotFound);
  Write("hwmon7/name", "board");
  Write("hwmon7/power1_input", "30000000");
  EXPECT_DOUBLE_EQ(sensor.Read(0)->value, 30);
}

}  // namespace
}  // namespace moevit
