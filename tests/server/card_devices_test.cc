#include "server/card_devices.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

DeviceSpec AbsentCard() {
  DeviceSpec spec;
  spec.kind = DeviceSpec::Kind::kXrt;
  spec.name = "xrt:0000:3b:00.1";
  spec.bdf = "0000:3b:00.1";
  return spec;
}

TEST(CardDevicesTest, SensorsAreAskedWhileACardIsBeingOpened) {
  absl::Status meanwhile;
  CardDevices* devices = nullptr;
  const auto open = [&](const XrtCardOptions& /*options*/) {
    meanwhile = devices->PowerWatts(AbsentCard().name).status();
    return absl::UnavailableError("busy");
  };
  CardDevices cards({.image = "u280.xclbin"}, open);
  devices = &cards;
  EXPECT_EQ(cards.NewExecutor(AbsentCard(), nullptr, 1).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(meanwhile.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(CardDevicesTest, ACardWithoutAnImageIsNamed) {
  CardDevices cards(CardOptions{});
  const absl::Status error =
      cards.NewExecutor(AbsentCard(), nullptr, 1).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr(AbsentCard().name));
}

}  // namespace
}  // namespace moevit
