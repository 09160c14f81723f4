#include "energy/energy_sources.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/energy/fake_sysfs.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EnergySourcesTest : public ::testing::Test {
 protected:
  EnergySourcesTest() { options_.root = sysfs_.root(); }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const EnergySource& source : FindEnergySources(options_, devices_)) {
      names.push_back(absl::StrCat(source.device, " by ", source.source));
    }
    return names;
  }

  FakeSysfs sysfs_;
  EnergyOptions options_;
  std::vector<MeteredDevice> devices_ = {{.name = "cpu"}};
};

TEST_F(EnergySourcesTest, TheProcessorsSensorIsThereEvenIfItIsMissing) {
  EXPECT_THAT(Names(), ElementsAre("cpu by rapl"));
}

TEST_F(EnergySourcesTest, ChipsAreThereIfTheMachineHasThem) {
  sysfs_.Write("/sys/class/hwmon/hwmon2/name", "power_meter");
  sysfs_.Write("/sys/class/hwmon/hwmon2/power1_average", "5000000");
  EXPECT_THAT(Names(), ElementsAre("cpu by rapl", "host by hwmon"));
}

TEST_F(EnergySourcesTest, ACardIsReadByItsDriverAndItsChip) {
  sysfs_.Write("/sys/bus/pci/devices/0000:3b:00.1/hwmon/hwmon4/power1_input",
               "30000000");
  devices_ = {{.name = "xrt:0000:3b:00.1",
               .kind = MeteredDevice::Kind::kCard,
               .pci_address = "0000:3b:00.1",
               .watts = [] { return 31.0; }}};
  EXPECT_THAT(Names(), ElementsAre("xrt:0000:3b:00.1 by xrt",
                                   "xrt:0000:3b:00.1 by hwmon"));
  const auto sources = FindEnergySources(options_, devices_);
  EXPECT_EQ(sources[0].sensor->Read(0)->value, 31);
  EXPECT_EQ(sources[1].sensor->Read(0)->value, 30);
}

TEST_F(EnergySourcesTest, AnEmulatedCardSaysThatItIs) {
  devices_ = {{.name = "emulated:0",
               .kind = MeteredDevice::Kind::kEmulatedCard,
               .watts = [] { return 0.0; }}};
  EXPECT_THAT(Names(), ElementsAre("emulated:0 by emulated"));
  EXPECT_EQ(FindEnergySources(options_, devices_)[0].sensor->Read(0).status(),
            absl::UnavailableError("the driver says 0 W"));
}

TEST_F(EnergySourcesTest, AFormulaIsUsedOnlyWhenAsked) {
  options_.models = {{"cpu", 20, 95}};
  EXPECT_THAT(Names(), ElementsAre("cpu by rapl", "cpu by model"));
}

TEST_F(EnergySourcesTest, TheOperatorChooses) {
  sysfs_.Write("/sys/class/hwmon/hwmon2/name", "power_meter");
  sysfs_.Write("/sys/class/hwmon/hwmon2/power1_average", "5000000");
  ASSERT_TRUE(ParseEnergySensors("hwmon", &options_).ok());
  EXPECT_THAT(Names(), ElementsAre("host by hwmon"));
  ASSERT_TRUE(ParseEnergySensors("xrt,rapl", &options_).ok());
  EXPECT_THAT(Names(), ElementsAre("cpu by rapl"));
  ASSERT_TRUE(ParseEnergySensors("none", &options_).ok());
  EXPECT_THAT(Names(), IsEmpty());
  ASSERT_TRUE(ParseEnergySensors("auto", &options_).ok());
  EXPECT_THAT(Names(), ElementsAre("cpu by rapl", "host by hwmon"));
}

TEST_F(EnergySourcesTest, NamesAnUnknownSensor) {
  const absl::Status status = ParseEnergySensors("rapl,nvml", &options_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("'nvml'"));
}

TEST_F(EnergySourcesTest, ReadsWhichChipMeasuresWhat) {
  const auto chips = ParseHwmonChips("ina226=host,amd_energy=cpu");
  ASSERT_TRUE(chips.ok()) << chips.status();
  ASSERT_EQ(chips->size(), 2);
  EXPECT_EQ((*chips)[0].chip, "ina226");
  EXPECT_EQ((*chips)[0].device, "host");
  for (const char* text : {"ina226", "=host", "ina226=", "a=b=c"}) {
    EXPECT_THAT(ParseHwmonChips(text).status().message(), HasSubstr(text));
  }
}

}  // namespace
}  // namespace moevit
