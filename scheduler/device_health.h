// Whether a device may be given work: a device that failed is quarantined,
// probed after a while, and serves again once a probe succeeds.

#ifndef MOEVIT_SCHEDULER_DEVICE_HEALTH_H_
#define MOEVIT_SCHEDULER_DEVICE_HEALTH_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace moevit {

struct DeviceHealthOptions {
  // From a failure to the first probe; doubles with each further failure.
  // Default: 100 ms.
  absl::Duration first_probe_delay = absl::Milliseconds(100);

  // Default: 1 minute.
  absl::Duration max_probe_delay = absl::Minutes(1);

  // A device that executed so many batches since its last failure is trusted
  // as if it had never failed. Default: 16.
  int batches_to_trust = 16;
};

// Whether an executor's error means that its device cannot be relied on, and
// that the batch may well succeed elsewhere. Other errors are the batch's own.
bool IsDeviceFault(const absl::Status& status);

// Thread-compatible. Times must not decrease from call to call.
class DeviceHealth {
 public:
  enum class State { kServing, kQuarantined, kProbing };

  explicit DeviceHealth(const DeviceHealthOptions& options)
      : options_(options) {}

  State state() const { return state_; }
  bool serving() const { return state_ == State::kServing; }

  // When the next probe is due; the infinite future unless quarantined.
  absl::Time probe_time() const;

  void OnBatchSucceeded();
  void OnFault(absl::Time now);

  // A failure turned out not to be the device's: it leaves no distrust.
  void Forgive() { probe_delay_ = absl::ZeroDuration(); }

  // REQUIRES: state() is kQuarantined, respectively kProbing.
  void OnProbeStarted() { state_ = State::kProbing; }
  void OnProbeFinished(bool success, absl::Time now);

 private:
  void Quarantine(absl::Time now);

  const DeviceHealthOptions options_;
  State state_ = State::kServing;
  absl::Time probe_time_ = absl::InfiniteFuture();
  absl::Duration probe_delay_;  // of the last failure; zero while trusted
  int batches_since_failure_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DEVICE_HEALTH_H_
