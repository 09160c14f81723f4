// The devices: which of their lanes execute what until when, and which of them
// can be relied on.
//
// It has no thread, no lock and no clock, and executes nothing.

#ifndef MOEVIT_SCHEDULER_DEVICE_POOL_H_
#define MOEVIT_SCHEDULER_DEVICE_POOL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/device_health.h"
#include "scheduler/device_state.h"

namespace moevit {

struct DeviceOptions {
  std::string name;  // for metrics and messages, unique
  int lanes = 1;     // batches executed side by side
  DeviceHealthOptions health = {};
};

// What is shown of a device.
struct DeviceSnapshot {
  std::string name;
  DeviceHealth::State state = DeviceHealth::State::kServing;
  int64_t batches = 0;   // that succeeded
  int64_t failures = 0;  // batches and probes
  int64_t retries = 0;   // batches that had failed before
  int64_t probes = 0;
  int lanes = 0;
  int busy_lanes = 0;

  // How long batches ran, those that still run up to now included, summed over
  // the lanes; and by model, of those that were not removed.
  absl::Duration busy = {};
  std::map<ModelId, absl::Duration> model_busy = {};
};

// Thread-compatible. Times must not decrease from call to call.
class DevicePool {
 public:
  DeviceId Add(const DeviceOptions& options);

  int size() const { return static_cast<int>(states_.size()); }
  absl::Span<const DeviceState> states() const { return states_; }
  // As somebody finds them who may use only some: the others do not serve.
  // Valid until the next call.
  //   usable  by device; empty: all
  absl::Span<const DeviceState> states(const std::vector<bool>& usable) const;
  DeviceSnapshot snapshot(DeviceId device, absl::Time now) const;
  // When the last of these devices stopped serving; the infinite future while
  // one serves.
  absl::Time ServedUntil(const std::vector<bool>& usable) const;
  bool HasIdleLane(DeviceId device) const;
  bool AnyServingIsIdle() const;

  // Makes an idle lane busy and returns it. REQUIRES: HasIdleLane(device).
  int StartBatch(DeviceId device, ModelId model, absl::Time now,
                 absl::Duration predicted, bool retry);

  // The model's number goes to another.
  void ForgetModel(ModelId model);

  // The lane is idle again; `fault` when its batch speaks against the device.
  void FinishBatch(DeviceId device, int lane, bool success, bool fault,
                   absl::Time now);
  void Forgive(DeviceId device) { health_[device].Forgive(); }

  // Probes occupy a lane as batches do.
  bool ProbeIsDue(DeviceId device, absl::Time now) const;
  int StartProbe(DeviceId device, absl::Time now);
  void FinishProbe(DeviceId device, int lane, bool success, absl::Time now);

  // When ProbeIsDue can become true by time alone.
  absl::Time NextProbeTime(DeviceId device) const;

  // When a lane is next expected to be free; later than `now`.
  absl::Time NextExpectedEnd(absl::Time now) const;

 private:
  int OccupyLane(DeviceId device, const LaneState& work);
  void FreeLane(DeviceId device, int lane, absl::Time now);
  void ShowHealth(DeviceId device, absl::Time now);

  std::vector<DeviceState> states_;
  std::vector<DeviceHealth> health_;
  std::vector<absl::Time> served_until_;  // the infinite future: serves
  std::vector<DeviceSnapshot> snapshots_;
  mutable std::vector<DeviceState> usable_states_;  // of states(usable)
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DEVICE_POOL_H_
