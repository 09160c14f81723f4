// Which device a batch goes to: the one that is predicted to finish it first.

#ifndef MOEVIT_SCHEDULER_DEVICE_CHOICE_H_
#define MOEVIT_SCHEDULER_DEVICE_CHOICE_H_

#include <optional>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/cost_model.h"
#include "scheduler/device_state.h"

namespace moevit {

struct DeviceChoice {
  DeviceId device = 0;  // serves and has an idle lane

  // So many images at the head of the queue are left to faster devices, which
  // are busy now but will have answered them before this one could.
  int skip = 0;
};

// The device for a batch of `images` of `waiting` ones; none when no idle
// device helps. A device whose cost is not known yet counts as the fastest, so
// that it becomes known. `costs` has one model per device, the last ones may be
// missing.
// REQUIRES: 1 <= images <= waiting.
std::optional<DeviceChoice> ChooseDevice(absl::Span<const DeviceState> devices,
                                         absl::Span<const CostModel> costs,
                                         int images, int waiting,
                                         absl::Time now);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DEVICE_CHOICE_H_
