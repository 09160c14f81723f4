#include "scheduler/simulation/simulated_expert_device.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {

SimulatedExpertDevice::SimulatedExpertDevice(std::string name,
                                             const SimulatedExpertCosts& costs,
                                             int64_t expert_bytes, int experts,
                                             absl::Time fails_at)
    : name_(std::move(name)),
      costs_(costs),
      expert_bytes_(expert_bytes),
      fails_at_(fails_at),
      loaded_(experts, absl::InfinitePast()) {}

void SimulatedExpertDevice::BeginLayer(absl::Time now) {
  now_ = loads_end_ = now;
  std::fill(loaded_.begin(), loaded_.end(), absl::InfinitePast());
}

absl::Status SimulatedExpertDevice::CheckWorks() const {
  if (now_ < fails_at_) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(name_, " is lost"));
}

absl::Status SimulatedExpertDevice::Load(int /*layer*/, int expert) {
  MOEVIT_RETURN_IF_ERROR(CheckWorks());
  loads_end_ = std::max(loads_end_, now_) + costs_.load;
  loaded_[expert] = loads_end_;
  return absl::OkStatus();
}

absl::Status SimulatedExpertDevice::Run(const ExpertLayerCall& /*call*/,
                                        absl::Span<const ExpertPart> parts) {
  MOEVIT_RETURN_IF_ERROR(CheckWorks());
  absl::Time start = now_;
  int64_t rows = 0;
  for (const ExpertPart& part : parts) {
    start = std::max(start, loaded_[part.expert]);
    rows += part.rows;
  }
  now_ = start + costs_.launch + rows * costs_.row;
  return absl::OkStatus();
}

}  // namespace moevit
