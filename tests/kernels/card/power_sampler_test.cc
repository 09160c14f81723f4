#include "kernels/card/power_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace moevit {
namespace {

TEST(PowerSamplerTest, GivesWhatTheSensorSaidLast) {
  double watts = 20;
  PowerSampler sampler([&watts] { return watts; }, absl::InfiniteDuration());
  EXPECT_EQ(sampler.Latest().status().code(), absl::StatusCode::kUnavailable);
  sampler.Sample();
  watts = 30;
  EXPECT_EQ(*sampler.Latest(), 20);
  sampler.Sample();
  EXPECT_EQ(*sampler.Latest(), 30);
}

TEST(PowerSamplerTest, GivesTheSensorsErrorUntilItWorksAgain) {
  absl::StatusOr<double> sensor = absl::InternalError("broken");
  PowerSampler sampler([&sensor] { return sensor; }, absl::InfiniteDuration());
  sampler.Sample();
  EXPECT_EQ(sampler.Latest().status(), absl::InternalError("broken"));
  sensor = 12.5;
  sampler.Sample();
  EXPECT_EQ(*sampler.Latest(), 12.5);
}

TEST(PowerSamplerTest, ItsThreadSamplesAndStops) {
  std::atomic<int> samples{0};
  PowerSampler sampler(
      [&samples]() -> absl::StatusOr<double> { return ++samples; },
      absl::ZeroDuration());
  while (samples < 3) {
  }
}

TEST(BoardWattsTest, ReadsTheBoardsPower) {
  EXPECT_EQ(*BoardWatts(R"({"power_consumption_watts": "24.993700"})"),
            24.9937);
}

TEST(BoardWattsTest, ReadsMicrowattsOfCardsWithAVmr) {
  EXPECT_EQ(*BoardWatts(R"({"power_consumption_watts": "31000000"})"), 31);
}

TEST(BoardWattsTest, ABoardMayHaveNoSensor) {
  for (const char* electrical : {"{}", R"({"power_consumption_watts": "N/A"})",
                                 R"({"power_consumption_watts": "N\/A"})"}) {
    EXPECT_EQ(BoardWatts(electrical).status().code(),
              absl::StatusCode::kUnavailable)
        << electrical;
  }
}

TEST(BoardWattsTest, RefusesWhatIsNoPower) {
  for (const char* electrical :
       {"", "[]", "{", R"({"power_consumption_watts": 7})",
        R"({"power_consumption_watts": "-1"})",
        R"({"power_consumption_watts": "nan"})",
        R"({"power_consumption_watts": "1e99"})"}) {
    EXPECT_EQ(BoardWatts(electrical).status().code(),
              absl::StatusCode::kInvalidArgument)
        << electrical;
  }
}

}  // namespace
}  // namespace moevit
