#include "scheduler/queue_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

constexpr int kMostLevels = 100;

}  // namespace

absl::Status QueuePolicy::Validate() const {
  if (priority_levels < 1 || priority_levels > kMostLevels) {
    return absl::InvalidArgumentError(
        absl::StrFormat("priority_levels is %d, it must be in [1, %d]",
                        priority_levels, kMostLevels));
  }
  if (default_priority_level < 1 || default_priority_level > priority_levels) {
    return absl::InvalidArgumentError(
        absl::StrFormat("default_priority_level is %d, it must be in [1, %d]",
                        default_priority_level, priority_levels));
  }
  if (starvation_limit < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the starvation limit must not be negative, not ",
                     absl::FormatDuration(starvation_limit)));
  }
  if (default_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the default timeout must be positive, not ",
                     absl::FormatDuration(default_timeout)));
  }
  return absl::OkStatus();
}

int QueuePolicy::LevelFor(uint64_t requested) const {
  const bool exists =
      requested >= 1 && requested <= static_cast<uint64_t>(priority_levels);
  return exists ? static_cast<int>(requested) : default_priority_level;
}

absl::Duration QueuePolicy::TimeoutFor(absl::Duration requested) const {
  const bool counts =
      allow_timeout_override && requested > absl::ZeroDuration();
  return counts ? std::min(requested, default_timeout) : default_timeout;
}

}  // namespace moevit
