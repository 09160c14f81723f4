#include "quantize/report_axis.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace moevit {
namespace {

// The smallest 1, 2 or 5 times a power of ten that is at least `step`.
double RoundStep(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (double factor : {1.0, 2.0, 5.0}) {
    // The margin is for a step that is round already, but for its last bit.
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(double low, double high, int ticks, double position_of_low,
           double position_of_high)
    : position_of_low_(position_of_low), position_of_high_(position_of_high) {
  // Equal ends, and ends that only rounding tells apart, get room to be drawn.
  const double smallest =
      std::max(1e-6, 1e-6 * std::max(std::abs(low), std::abs(high)));
  step_ = RoundStep(std::max(high - low, smallest) / ticks);
  const int64_t first = static_cast<int64_t>(std::floor(low / step_));
  const int64_t last =
      std::max(static_cast<int64_t>(std::ceil(high / step_)), first + 1);
  for (int64_t i = first; i <= last; ++i) {
    ticks_.push_back(static_cast<double>(i) * step_);
  }
}

double Axis::At(double value) const {
  const double share =
      (value - ticks_.front()) / (ticks_.back() - ticks_.front());
  return position_of_low_ + share * (position_of_high_ - position_of_low_);
}

std::string Axis::Label(double tick) const {
  const int decimals =
      std::max(0, -static_cast<int>(std::floor(std::log10(step_) + 1e-9)));
  return absl::StrFormat("%.*f", decimals, tick);
}

}  // namespace moevit
