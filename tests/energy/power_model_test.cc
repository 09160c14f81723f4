#include "energy/power_model.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(PowerModelTest, ReadsTheWattsOfEachDevice) {
  const auto models = ParsePowerModels("cpu=20:95.5,xrt:0000:3b:00.1=25:75");
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_EQ(models->size(), 2);
  EXPECT_EQ((*models)[0].device, "cpu");
  EXPECT_EQ((*models)[0].idle_watts, 20);
  EXPECT_EQ((*models)[0].peak_watts, 95.5);
  EXPECT_EQ((*models)[1].device, "xrt:0000:3b:00.1");
  EXPECT_TRUE(ParsePowerModels("")->empty());
}

TEST(PowerModelTest, NamesWhatIsNoModel) {
  for (const char* text :
       {"cpu", "cpu=20", "=1:2", "cpu=a:b", "cpu=-1:5", "cpu=5:4", "cpu=0:0",
        "cpu=1:nan", "cpu=1:1e9", "cpu=1:2:3", "cpu=1:2=3"}) {
    const absl::Status status = ParsePowerModels(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(status.message(), HasSubstr(text));
  }
}

TEST(PowerModelTest, RefusesADeviceTwice) {
  EXPECT_THAT(ParsePowerModels("cpu=1:2,cpu=1:3").status().message(),
              HasSubstr("'cpu' twice"));
}

TEST(PowerModelTest, LiesBetweenIdleAndPeak) {
  PowerModelSensor sensor({"cpu", 20, 100});
  EXPECT_EQ(sensor.Read(0)->value, 20);
  EXPECT_EQ(sensor.Read(0.25)->value, 40);
  EXPECT_EQ(sensor.Read(1)->value, 100);
}

}  // namespace
}  // namespace moevit
