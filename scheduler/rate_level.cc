#include "scheduler/rate_level.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace moevit {
namespace {

constexpr double kRateChange = 2;
// Arrivals lose half of their weight over so many.
constexpr double kRateHalfLife = 4096;
// A level is left a little beyond the middle between it and the next, so that a
// rate there does not change it all the time.
constexpr double kFarFromLevel = 0.6;
// Keeps the rate finite for clocks that stand still.
constexpr double kShortestWindowSeconds = 1e-9;

}  // namespace

void RateLevel::RecordArrival(double seconds) {
  const double before =
      arrivals_ == 0 ? seconds : latest_[(arrivals_ - 1) % kWindow];
  const double oldest = std::exchange(latest_[arrivals_ % kWindow], seconds);
  if (++arrivals_ <= kWindow) return;

  const double elapsed = std::max(seconds - oldest, kShortestWindowSeconds);
  const double usual = kWindow / usual_arrivals_ * usual_seconds_;
  if (elapsed * kRateChange < usual || usual * kRateChange < elapsed) {
    usual_arrivals_ = kWindow;
    usual_seconds_ = elapsed;
  } else {
    const double decay = std::exp2(-1 / kRateHalfLife);
    usual_arrivals_ = decay * usual_arrivals_ + 1;
    usual_seconds_ = decay * usual_seconds_ + seconds - before;
  }
  const double rate = std::clamp<double>(
      std::log2(usual_arrivals_ / usual_seconds_), kLowest, kHighest);
  if (std::abs(rate - level_) > kFarFromLevel) {
    level_ = static_cast<int>(std::lround(rate));
  }
}

}  // namespace moevit
