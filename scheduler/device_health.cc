#include "scheduler/device_health.h"

#include <algorithm>

namespace moevit {

bool IsDeviceFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

absl::Time DeviceHealth::probe_time() const {
  return state_ == State::kQuarantined ? probe_time_ : absl::InfiniteFuture();
}

void DeviceHealth::OnBatchSucceeded() {
  if (++batches_since_failure_ >= options_.batches_to_trust) Forgive();
}

void DeviceHealth::OnFault(absl::Time now) {
  // Batches that were running side by side may fail one after the other.
  if (state_ == State::kServing) Quarantine(now);
}

void DeviceHealth::OnProbeFinished(bool success, absl::Time now) {
  if (!success) return Quarantine(now);
  state_ = State::kServing;
}

void DeviceHealth::Quarantine(absl::Time now) {
  state_ = State::kQuarantined;
  batches_since_failure_ = 0;
  probe_delay_ = std::clamp(2 * probe_delay_, options_.first_probe_delay,
                            options_.max_probe_delay);
  probe_time_ = now + probe_delay_;
}

}  // namespace moevit
