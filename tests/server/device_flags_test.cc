#include "server/device_flags.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> NamesOf(absl::string_view text,
                                 const std::vector<std::string>& cards = {}) {
  const auto devices = ParseDevices(text, cards);
  EXPECT_TRUE(devices.ok()) << devices.status();
  std::vector<std::string> names;
  for (const DeviceSpec& device : *devices) names.push_back(device.name);
  return names;
}

TEST(DeviceFlagsTest, TheProcessor) {
  EXPECT_THAT(NamesOf("cpu"), ElementsAre("cpu"));
}

TEST(DeviceFlagsTest, CardsByAddressWithOrWithoutDomain) {
  EXPECT_THAT(NamesOf("xrt:3B:00.1"), ElementsAre("xrt:0000:3b:00.1"));
  EXPECT_THAT(NamesOf("xrt:0001:3b:00.1, 5e:00.0 ,cpu"),
              ElementsAre("xrt:0001:3b:00.1", "xrt:0000:5e:00.0", "cpu"));
  const DeviceSpec card = ParseDevices("xrt:3b:00.1", {})->front();
  EXPECT_EQ(card.kind, DeviceSpec::Kind::kXrt);
  EXPECT_EQ(card.bdf, "0000:3b:00.1");
}

TEST(DeviceFlagsTest, EmulatedCardsByNumber) {
  EXPECT_THAT(NamesOf("emulated:2,cpu"),
              ElementsAre("emulated:0", "emulated:1", "cpu"));
  EXPECT_EQ(ParseDevices("emulated:2", {})->at(1).index, 1);
}

TEST(DeviceFlagsTest, AutoIsTheCardsOfTheMachineAndTheProcessor) {
  EXPECT_THAT(NamesOf("auto"), ElementsAre("cpu"));
  EXPECT_THAT(NamesOf("auto", {"0000:3b:00.1"}),
              ElementsAre("xrt:0000:3b:00.1", "cpu"));
  EXPECT_THAT(NamesOf("auto,emulated:1"), ElementsAre("cpu", "emulated:0"));
}

TEST(DeviceFlagsTest, AllCardsTogetherAreOneMoreDevice) {
  const auto devices =
      WithSharedCards(*ParseDevices("xrt:3b:00.1,cpu,emulated:2", {}));
  ASSERT_EQ(devices.size(), 5);
  EXPECT_EQ(devices[0].name, "xrt:0000:3b:00.1");
  EXPECT_EQ(devices[4].name, "cards");
  EXPECT_EQ(devices[4].kind, DeviceSpec::Kind::kCards);
  ASSERT_EQ(devices[4].cards.size(), 3);
  EXPECT_EQ(devices[4].cards[2].name, "emulated:1");
  EXPECT_EQ(WithSharedCards(*ParseDevices("cpu", {})).size(), 1);
}

TEST(DeviceFlagsTest, NamesWhatIsNoDevice) {
  for (const char* text :
       {"", "gpu", "cpu,", "CPU", "xrt", "xrt:", "xrt:3b:00", "xrt:3b:00.11",
        "xrt:3b:0g.1", "xrt:1:2:3:4.5", "3b:00.1", "emulated:", "emulated:0",
        "emulated:-1", "emulated:17", "emulated:2x", "cpu,3b:00.1"}) {
    EXPECT_EQ(ParseDevices(text, {}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_THAT(ParseDevices("gpu", {}).status().message(), HasSubstr("'gpu'"));
}

TEST(DeviceFlagsTest, RefusesADeviceThatIsThereTwice) {
  for (const char* text : {"cpu,cpu", "auto,cpu", "emulated:1,emulated:2",
                           "xrt:3b:00.1,xrt:0000:3B:00.1"}) {
    EXPECT_THAT(ParseDevices(text, {}).status().message(),
                HasSubstr("is there twice"))
        << text;
  }
}

}  // namespace
}  // namespace moevit
