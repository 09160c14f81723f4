// What a queue has to know of a device: whether it serves, and when it is free.

#ifndef MOEVIT_SCHEDULER_DEVICE_STATE_H_
#define MOEVIT_SCHEDULER_DEVICE_STATE_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace moevit {

// Position in the list of all devices.
using DeviceId = int;

// The number of a model; that of one that was removed goes to another.
using ModelId = int;

// A lane executes one batch at a time; a device has at least one.
struct LaneState {
  bool busy = false;
  // Of the batch that it executes.
  absl::Time start;
  absl::Time predicted_end;
  std::optional<ModelId> model = {};  // none for a probe

  // When the lane will probably be free. A batch that is late already is
  // expected to take as long again.
  absl::Time ExpectedEnd(absl::Time now) const {
    if (!busy) return now;
    return predicted_end > now ? predicted_end : now + (now - start);
  }
};

struct DeviceState {
  bool serving = true;
  std::vector<LaneState> lanes;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DEVICE_STATE_H_
