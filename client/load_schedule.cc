#include "client/load_schedule.h"

#include <cmath>

namespace moevit {

LoadSchedule::LoadSchedule(double rate, const LoadWindow& window, uint64_t seed)
    : rate_(rate), end_(window.end()), random_(seed) {}

std::optional<absl::Duration> LoadSchedule::Next() {
  // In [0, 1), of 53 random bits. Not std::exponential_distribution, which
  // libraries implement differently.
  const double uniform = static_cast<double>(random_() >> 11) * 0x1p-53;
  seconds_ += -std::log1p(-uniform) / rate_;
  const absl::Duration due = absl::Seconds(seconds_);
  if (due >= end_) return std::nullopt;
  return due;
}

}  // namespace moevit
