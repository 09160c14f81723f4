#include "scheduler/device_pool.h"

#include <algorithm>
#include <utility>

namespace moevit {
namespace {

// Probes are no use of a device.
void AddBusy(const LaneState& lane, absl::Time now, DeviceSnapshot& snapshot) {
  if (!lane.model.has_value()) return;
  snapshot.busy += now - lane.start;
  snapshot.model_busy[*lane.model] += now - lane.start;
}

}  // namespace

DeviceId DevicePool::Add(const DeviceOptions& options) {
  DeviceState state;
  state.lanes.resize(options.lanes);
  states_.push_back(std::move(state));
  health_.emplace_back(options.health);
  served_until_.push_back(absl::InfiniteFuture());
  snapshots_.emplace_back();
  snapshots_.back().name = options.name;
  snapshots_.back().lanes = options.lanes;
  return size() - 1;
}

absl::Span<const DeviceState> DevicePool::states(
    const std::vector<bool>& usable) const {
  if (usable.empty()) return states_;
  usable_states_ = states_;
  for (DeviceId device = 0; device < size(); ++device) {
    if (!usable[device]) usable_states_[device].serving = false;
  }
  return usable_states_;
}

absl::Time DevicePool::ServedUntil(const std::vector<bool>& usable) const {
  absl::Time last = absl::InfinitePast();
  for (DeviceId device = 0; device < size(); ++device) {
    if (!usable.empty() && !usable[device]) continue;
    last = std::max(last, served_until_[device]);
  }
  return last;
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

DeviceSnapshot DevicePool::snapshot(DeviceId device, absl::Time now) const {
  DeviceSnapshot snapshot = snapshots_[device];
  for (const LaneState& lane : states_[device].lanes) {
    AddBusy(lane, now, snapshot);
  }
  return snapshot;
}

void DevicePool::ForgetModel(ModelId model) {
  for (DeviceSnapshot& snapshot : snapshots_) snapshot.model_busy.erase(model);
}

int DevicePool::StartBatch(DeviceId device, ModelId model, absl::Time now,
                           absl::Duration predicted, bool retry) {
  if (retry) ++snapshots_[device].retries;
  return OccupyLane(device, {.busy = true,
                             .start = now,
                             .predicted_end = now + predicted,
                             .model = model});
}

int DevicePool::OccupyLane(DeviceId device, const LaneState& work) {
  std::vector<LaneState>& lanes = states_[device].lanes;
  const auto idle =
      std::find_if(lanes.begin(), lanes.end(),
                   [](const LaneState& lane) { return !lane.busy; });
  *idle = work;
  ++snapshots_[device].busy_lanes;
  return static_cast<int>(idle - lanes.begin());
}

void DevicePool::FinishBatch(DeviceId device, int lane, bool success,
                             bool fault, absl::Time now) {
  FreeLane(device, lane, now);
  if (success) {
    ++snapshots_[device].batches;
    health_[device].OnBatchSucceeded();
  } else {
    ++snapshots_[device].failures;
    if (fault) health_[device].OnFault(now);
  }
  ShowHealth(device, now);
}

bool DevicePool::ProbeIsDue(DeviceId device, absl::Time now) const {
  return health_[device].probe_time() <= now && HasIdleLane(device);
}

int DevicePool::StartProbe(DeviceId device, absl::Time now) {
  const int lane =
      OccupyLane(device, {.busy = true, .start = now, .predicted_end = now});
  ++snapshots_[device].probes;
  health_[device].OnProbeStarted();
  ShowHealth(device, now);
  return lane;
}

void DevicePool::FinishProbe(DeviceId device, int lane, bool success,
                             absl::Time now) {
  FreeLane(device, lane, now);
  if (!success) ++snapshots_[device].failures;
  health_[device].OnProbeFinished(success, now);
  ShowHealth(device, now);
}

absl::Time DevicePool::NextProbeTime(DeviceId device) const {
  return HasIdleLane(device) ? health_[device].probe_time()
                             : absl::InfiniteFuture();
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

void DevicePool::FreeLane(DeviceId device, int lane, absl::Time now) {
  LaneState& state = states_[device].lanes[lane];
  AddBusy(state, now, snapshots_[device]);
  state = LaneState();
  --snapshots_[device].busy_lanes;
}

void DevicePool::ShowHealth(DeviceId device, absl::Time now) {
  const bool serves = health_[device].serving();
  const bool served = std::exchange(states_[device].serving, serves);
  if (serves) {
    served_until_[device] = absl::InfiniteFuture();
  } else if (served) {
    served_until_[device] = now;
  }
  snapshots_[device].state = health_[device].state();
}

}  // namespace moevit
