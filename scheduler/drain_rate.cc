#include "scheduler/drain_rate.h"

#include <algorithm>

namespace moevit {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(1);
constexpr absl::Duration kForgetAfter = absl::Seconds(5);
// Less says little about a queue that empties batch by batch.
constexpr absl::Duration kLeastMeasured = absl::Milliseconds(100);

constexpr absl::Duration kUnknown = absl::Seconds(1);
constexpr absl::Duration kShortest = absl::Milliseconds(10);
constexpr absl::Duration kLongest = absl::Seconds(30);

}  // namespace

void DrainRate::Update(absl::Time now, int64_t total) {
  const Mark mark = {now, total};
  if (now - last_.time > kForgetAfter) {
    older_ = newer_ = mark;
  } else if (now - newer_.time >= kWindow) {
    older_ = newer_;
    newer_ = mark;
  }
  last_ = mark;
}

absl::Duration DrainRate::TimeFor(double units) const {
  const absl::Duration measured = last_.time - older_.time;
  if (last_.time == absl::InfinitePast() || measured < kLeastMeasured) {
    return kUnknown;
  }
  const auto left = static_cast<double>(last_.total - older_.total);
  if (left <= 0) return kLongest;
  return std::clamp(measured * (units / left), kShortest, kLongest);
}

}  // namespace moevit
