#include "scheduler/device_choice.h"

#include <algorithm>
#include <cstdint>

namespace moevit {
namespace {

// Zero while it is not known.
absl::Duration Predict(absl::Span<const CostModel> costs, size_t device,
                       int images) {
  if (device >= costs.size()) return absl::ZeroDuration();
  return costs[device].Predict(images);
}

bool HasIdleLane(const DeviceState& device) {
  return std::any_of(device.lanes.begin(), device.lanes.end(),
                     [](const LaneState& lane) { return !lane.busy; });
}

// How many images, in batches of `images` that take `duration`, the busy lanes
// of `device` will have answered before `end`.
int64_t AnsweredBefore(const DeviceState& device, absl::Duration duration,
                       int images, absl::Time now, absl::Time end) {
  if (!device.serving || duration <= absl::ZeroDuration()) return 0;
  int64_t answered = 0;
  for (const LaneState& lane : device.lanes) {
    const absl::Duration left = end - lane.ExpectedEnd(now);
    if (!lane.busy || left <= duration) continue;
    answered +=
        images * static_cast<int64_t>(absl::FDivDuration(left, duration));
  }
  return answered;
}

}  // namespace

std::optional<DeviceChoice> ChooseDevice(absl::Span<const DeviceState> devices,
                                         absl::Span<const CostModel> costs,
                                         int images, int waiting,
                                         absl::Time now) {
  std::optional<DeviceChoice> choice;
  absl::Duration shortest = absl::InfiniteDuration();
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].serving || !HasIdleLane(devices[i])) continue;
    const absl::Duration duration = Predict(costs, i, images);
    if (duration >= shortest) continue;
    shortest = duration;
    choice = DeviceChoice{.device = static_cast<DeviceId>(i)};
  }
  if (!choice.has_value()) return choice;
  int64_t skip = 0;
  for (size_t i = 0; i < devices.size(); ++i) {
    skip += AnsweredBefore(devices[i], Predict(costs, i, images), images, now,
                           now + shortest);
  }
  if (skip >= waiting) return std::nullopt;
  choice->skip = static_cast<int>(skip);
  return choice;
}

}  // namespace moevit
