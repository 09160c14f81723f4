#include "base/progress.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProgressMeterTest : public ::testing::Test {
 protected:
  ProgressOptions Options() {
    ProgressOptions options;
    options.label = "working";
    options.total = 400;
    options.redraw_interval = absl::Seconds(1);
    options.clock = [this] { return now_; };
    options.sink = [this](absl::string_view text) {
      shown_.append(text.data(), text.size());
      ++draws_;
    };
    return options;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::string shown_;
  int draws_ = 0;
};

TEST_F(ProgressMeterTest, ShowsPercentRateAndTimeLeft) {
  ProgressMeter meter(Options());
  now_ += absl::Seconds(2);
  meter.Advance(100);
  EXPECT_EQ(shown_, "\rworking: 100/400 images (25%), 50 images/s, 6s left");
}

TEST_F(ProgressMeterTest, RedrawsNoMoreOftenThanAsked) {
  ProgressMeter meter(Options());
  for (int i = 0; i < 10; ++i) meter.Advance();
  EXPECT_EQ(draws_, 1);
  now_ += absl::Milliseconds(999);
  meter.Advance();
  EXPECT_EQ(draws_, 1);
  now_ += absl::Milliseconds(1);
  meter.Advance();
  EXPECT_EQ(draws_, 2);
}

TEST_F(ProgressMeterTest, EndsTheLineWithTheFinalCount) {
  {
    ProgressMeter meter(Options());
    meter.Advance(399);
    meter.Advance(1);
    now_ += absl::Seconds(10);
  }
  EXPECT_THAT(shown_, HasSubstr("400/400 images (100%), 40 images/s"));
  EXPECT_THAT(shown_, EndsWith("\n"));
}

TEST_F(ProgressMeterTest, WipesOutALongerLine) {
  ProgressMeter meter(Options());
  now_ += absl::Seconds(1);
  meter.Advance(1);  // has a time left
  const size_t width = shown_.size();
  shown_.clear();
  now_ += absl::Seconds(1);
  meter.Advance(399);  // has none
  EXPECT_EQ(shown_.size(), width);
  EXPECT_THAT(shown_, EndsWith("  "));
}

TEST_F(ProgressMeterTest, CountsWithoutAKnownTotal) {
  ProgressOptions options = Options();
  options.total = 0;
  ProgressMeter meter(options);
  now_ += absl::Seconds(1);
  meter.Advance(3);
  EXPECT_EQ(shown_, "\rworking: 3 images, 3 images/s");
}

TEST_F(ProgressMeterTest, ShowsNoRateBeforeTimeHasPassed) {
  ProgressMeter meter(Options());
  meter.Advance(1);
  EXPECT_THAT(shown_, StartsWith("\rworking: 1/400 images (0%)"));
  EXPECT_THAT(shown_, ::testing::Not(HasSubstr("left")));
}

}  // namespace
}  // namespace moevit
