#include "scheduler/device_pool.h"

#include <algorithm>

namespace moevit {

DeviceId DevicePool::Add(const DeviceOptions& options) {
  DeviceState state;
  state.lanes.resize(options.lanes);
  states_.push_back(std::move(state));
  health_.emplace_back(options.health);
  snapshots_.emplace_back();
  snapshots_.back().name = options.name;
  return size() - 1;
}

bool DevicePool::AnyServing() const {
  return std::any_of(states_.begin(), states_.end(),
                     [](const DeviceState& state) { return state.serving; });
}

bool DevicePool::HasIdleLane(DeviceId device) const {
  const DeviceState& state = states_[device];
  return std::any_of(state.lanes.begin(), state.lanes.end(),
                     [](const LaneState& lane) { return !lane.busy; });
}

bool DevicePool::AnyServingIsIdle() const {
  for (DeviceId device = 0; device < size(); ++device) {
    if (states_[device].serving && HasIdleLane(device)) return true;
  }
  return false;
}

int DevicePool::StartBatch(DeviceId device, absl::Time now,
                           absl::Duration predicted, bool retry) {
  if (retry) ++snapshots_[device].retries;
  return OccupyLane(device, now, predicted);
}

int DevicePool::OccupyLane(DeviceId device, absl::Time now,
                           absl::Duration predicted) {
  std::vector<LaneState>& lanes = states_[device].lanes;
  const auto idle =
      std::find_if(lanes.begin(), lanes.end(),
                   [](const LaneState& lane) { return !lane.busy; });
  *idle = {.busy = true, .start = now, .predicted_end = now + predicted};
  ++snapshots_[device].busy_lanes;
  return static_cast<int>(idle - lanes.begin());
}

void DevicePool::FinishBatch(DeviceId device, int lane, bool success,
                             bool fault, absl::Time now) {
  FreeLane(device, lane);
  if (success) {
    ++snapshots_[device].batches;
    health_[device].OnBatchSucceeded();
  } else {
    ++snapshots_[device].failures;
    if (fault) health_[device].OnFault(now);
  }
  ShowHealth(device);
}

bool DevicePool::ProbeIsDue(DeviceId device, absl::Time now) const {
  return health_[device].probe_time() <= now && HasIdleLane(device);
}

int DevicePool::StartProbe(DeviceId device, absl::Time now) {
  const int lane = OccupyLane(device, now, absl::ZeroDuration());
  ++snapshots_[device].probes;
  health_[device].OnProbeStarted();
  ShowHealth(device);
  return lane;
}

void DevicePool::FinishProbe(DeviceId device, int lane, bool success,
                             absl::Time now) {
  FreeLane(device, lane);
  if (!success) ++snapshots_[device].failures;
  health_[device].OnProbeFinished(success, now);
  ShowHealth(device);
}

absl::Time DevicePool::NextProbeTime() const {
  absl::Time next = absl::InfiniteFuture();
  for (DeviceId device = 0; device < size(); ++device) {
    if (!HasIdleLane(device)) continue;
    next = std::min(next, health_[device].probe_time());
  }
  return next;
}

absl::Time DevicePool::NextExpectedEnd(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const DeviceState& state : states_) {
    for (const LaneState& lane : state.lanes) {
      const absl::Time end = lane.ExpectedEnd(now);
      if (lane.busy && end > now) next = std::min(next, end);
    }
  }
  return next;
}

void DevicePool::FreeLane(DeviceId device, int lane) {
  states_[device].lanes[lane] = LaneState();
  --snapshots_[device].busy_lanes;
}

void DevicePool::ShowHealth(DeviceId device) {
  states_[device].serving = health_[device].serving();
  snapshots_[device].state = health_[device].state();
}

}  // namespace moevit
