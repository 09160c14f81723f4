// An expert device that computes nothing and takes, on a virtual clock, as
// long as its costs say. Weights come in while it computes, one expert after
// the other.

#ifndef MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXPERT_DEVICE_H_
#define MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXPERT_DEVICE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/expert_device.h"

namespace moevit {

// What experts cost on a device.
struct SimulatedExpertCosts {
  absl::Duration load;    // bringing in one expert's weights
  absl::Duration launch;  // each start of a computation
  absl::Duration row;     // one assignment through both linears
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();
};

// Thread-compatible.
class SimulatedExpertDevice final : public ExpertDevice {
 public:
  // Every call at `fails_at` or later, on the virtual clock, fails.
  SimulatedExpertDevice(std::string name, const SimulatedExpertCosts& costs,
                        int64_t expert_bytes, int experts, absl::Time fails_at);

  // What was begun before has ended: the clock is `now`.
  void BeginLayer(absl::Time now);
  // The clock: when the device has done all it was told to.
  absl::Time now() const { return now_; }

  absl::string_view name() const override { return name_; }
  int64_t memory_bytes() const override { return costs_.memory_bytes; }
  int64_t ExpertBytes(int /*layer*/) const override { return expert_bytes_; }
  absl::Status Load(int layer, int expert) override;
  void Evict(int /*layer*/, int /*expert*/) override {}
  absl::Status Run(const ExpertLayerCall& call,
                   absl::Span<const ExpertPart> parts) override;

 private:
  absl::Status CheckWorks() const;

  const std::string name_;
  const SimulatedExpertCosts costs_;
  const int64_t expert_bytes_;
  const absl::Time fails_at_;
  absl::Time now_ = absl::InfinitePast();
  absl::Time loads_end_ = absl::InfinitePast();  // of all begun
  std::vector<absl::Time> loaded_;  // by expert: when its load ends
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_SIMULATED_EXPERT_DEVICE_H_
