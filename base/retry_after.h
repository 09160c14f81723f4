// When something that was refused is worth trying again, told with its status.
//
// Interfaces turn it into what their clients understand: gRPC into
// google.rpc.RetryInfo.

#ifndef MOEVIT_BASE_RETRY_AFTER_H_
#define MOEVIT_BASE_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace moevit {

// `status` with the advice to try again after `delay`.
// REQUIRES: !status.ok(), delay is finite and not negative.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// The advice that `status` carries, if any.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace moevit

#endif  // MOEVIT_BASE_RETRY_AFTER_H_
