#include "energy/rapl_sensor.h"

#include <optional>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/energy/fake_sysfs.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

class RaplSensorTest : public ::testing::Test {
 protected:
  double Joules() {
    const auto reading = sensor_.Read(0);
    if (!reading.ok()) ADD_FAILURE() << reading.status();
    return reading.ok() ? reading->value : -1;
  }

  FakeSysfs sysfs_;
  RaplSensor sensor_{sysfs_.root()};
};

TEST_F(RaplSensorTest, AddsUpThePackages) {
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "5000000");
  sysfs_.WriteRapl("intel-rapl:1", "package-1", "100");
  EXPECT_EQ(Joules(), 0);
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "6000000");
  sysfs_.WriteRapl("intel-rapl:1", "package-1", "2000100");
  EXPECT_DOUBLE_EQ(Joules(), 3);
  EXPECT_EQ(sensor_.Read(0)->kind, SensorReading::Kind::kJoules);
}

TEST_F(RaplSensorTest, CountsNothingTwice) {
  for (const char* value : {"0", "1000000"}) {
    sysfs_.WriteRapl("intel-rapl:0", "package-0", value);
    sysfs_.WriteRapl("intel-rapl:0:0", "core", value);
    sysfs_.WriteRapl("intel-rapl:0:1", "dram", value);
    sysfs_.WriteRapl("intel-rapl:1", "psys", value);
    sysfs_.WriteRapl("intel-rapl-mmio:0", "package-0", value);
    Joules();
  }
  EXPECT_DOUBLE_EQ(Joules(), 1);
}

TEST_F(RaplSensorTest, ACounterWrapsAround) {
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "9000000", "10000000");
  Joules();
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "500000", "10000000");
  EXPECT_DOUBLE_EQ(Joules(), 1.5);
}

TEST_F(RaplSensorTest, AMachineWithoutPackagesHasNoSensor) {
  const absl::Status status = sensor_.Read(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("/sys/class/powercap has no"));
}

TEST_F(RaplSensorTest, ADeniedCounterNamesItsPathAndTheWaysAround) {
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "1");
  sysfs_.Deny("/sys/class/powercap/intel-rapl:0/energy_uj");
  std::optional<WithoutPrivileges> unprivileged(std::in_place);
  const absl::Status status = sensor_.Read(0).status();
  unprivileged.reset();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  for (const char* part : {"/intel-rapl:0/energy_uj", "CAP_DAC_READ_SEARCH",
                           "udev", "systemd", "hostPath"}) {
    EXPECT_THAT(status.message(), HasSubstr(part));
  }
  EXPECT_EQ(Joules(), 0);  // no longer denied
}

TEST_F(RaplSensorTest, AnErrorInBetweenLosesNothing) {
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "1000000");
  sysfs_.WriteRapl("intel-rapl:1", "package-1", "1000000");
  Joules();
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "2000000");
  sysfs_.WriteRapl("intel-rapl:1", "package-1", "nonsense");
  EXPECT_EQ(sensor_.Read(0).status().code(), absl::StatusCode::kUnavailable);
  sysfs_.WriteRapl("intel-rapl:1", "package-1", "4000000");
  EXPECT_DOUBLE_EQ(Joules(), 4);
}

TEST_F(RaplSensorTest, PackagesThatVanishAreFoundAgain) {
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "1000000");
  Joules();
  sysfs_.Remove("/sys/class/powercap");
  EXPECT_EQ(sensor_.Read(0).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(sensor_.Read(0).status().code(), absl::StatusCode::kNotFound);
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "7000000");
  EXPECT_EQ(Joules(), 0);
  sysfs_.WriteRapl("intel-rapl:0", "package-0", "8000000");
  EXPECT_DOUBLE_EQ(Joules(), 1);
}

}  // namespace
}  // namespace moevit
