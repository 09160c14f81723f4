// Who goes first in a queue, and how long an image may stay in it: what an
// operator sets, with Triton's names where the meaning is Triton's.

#ifndef MOEVIT_SCHEDULER_QUEUE_POLICY_H_
#define MOEVIT_SCHEDULER_QUEUE_POLICY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace moevit {

struct QueuePolicy {
  // Levels from 1, which goes first, to this one. Default: 1, all are equal.
  int priority_levels = 1;

  // The level of requests that name none, or one that does not exist.
  // Default: 1.
  int default_priority_level = 1;

  // An image that waited so long goes before higher levels; such images fill
  // at most a quarter of a batch, so that those levels stay ahead under any
  // load. Default: 1 s.
  absl::Duration starvation_limit = absl::Seconds(1);

  // How long an image may wait if its request does not say. Default: for ever.
  absl::Duration default_timeout = absl::InfiniteDuration();

  // Whether a request may ask for a shorter timeout than the default. Default:
  // yes, unlike Triton's: who sends a timeout means it.
  bool allow_timeout_override = true;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;

  // The level of a request that asks for `requested`; 0 means the default.
  int LevelFor(uint64_t requested) const;

  // The timeout of a request that asks for `requested`; not positive means
  // the default.
  absl::Duration TimeoutFor(absl::Duration requested) const;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_QUEUE_POLICY_H_
