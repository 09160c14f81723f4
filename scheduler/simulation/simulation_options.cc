#include "scheduler/simulation/simulation_options.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxDevices = 1000;
constexpr int64_t kMaxImages = 10'000'000;

absl::Status CheckRequests(const SimulatedRequests& requests,
                           const QueuePolicy& policy) {
  if (!(requests.weight > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the weight of requests ", requests.name, " is ",
                     requests.weight, "; it must be positive"));
  }
  if (requests.priority < 1 || requests.priority > policy.priority_levels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the priority of requests ", requests.name, " is ", requests.priority,
        "; it must be in [1, ", policy.priority_levels, "]"));
  }
  if (requests.deadline <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the deadline of requests ", requests.name, " is ",
        absl::FormatDuration(requests.deadline), "; it must be positive"));
  }
  return absl::OkStatus();
}

absl::Status CheckDevices(const SimulationOptions& options) {
  const size_t count = options.devices.size();
  if (count < 1 || count > kMaxDevices) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", count, " devices; it must be 1 to ", kMaxDevices));
  }
  for (const SimulatedDevice& device : options.devices) {
    absl::Status status = device.Validate();
    if (status.ok() && options.sharded && device.lanes > 1) {
      status = absl::InvalidArgumentError(absl::StrCat(
          "lanes is ", device.lanes, "; sharded devices have one"));
    }
    if (status.ok() && options.sharded &&
        device.back_at != absl::InfiniteDuration()) {
      status = absl::InvalidArgumentError(
          "sharded devices do not come back once they are lost");
    }
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("device ", device.name, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SimulationOptions::Validate() const {
  MOEVIT_RETURN_IF_ERROR(CheckDevices(*this));
  MOEVIT_RETURN_IF_ERROR(experts.Validate());
  MOEVIT_RETURN_IF_ERROR(batching.Validate());
  MOEVIT_RETURN_IF_ERROR(queue.Validate());
  for (const SimulatedRequests& one : requests) {
    MOEVIT_RETURN_IF_ERROR(CheckRequests(one, batching.policy));
  }
  if (sharded && experts.routing.layers == 0) {
    return absl::InvalidArgumentError(
        "a model without experts has nothing to shard; layers is 0");
  }
  if (requests.empty()) {
    return absl::InvalidArgumentError("there are no requests");
  }
  if (batching.max_batch_size > RandomRouting::kMaxImages) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_batch_size is ", batching.max_batch_size,
                     "; it must be at most ", RandomRouting::kMaxImages));
  }
  if (images < 1 || images > kMaxImages) {
    return absl::InvalidArgumentError(absl::StrCat(
        "images is ", images, "; it must be in [1, ", kMaxImages, "]"));
  }
  if (duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("duration is ", absl::FormatDuration(duration),
                     "; it must be positive"));
  }
  if (!(warmup >= 0 && warmup < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("warmup is ", warmup, "; it must be in [0, 1)"));
  }
  return absl::OkStatus();
}

std::vector<absl::Span<const SimulatedDevice>> SimulationOptions::Executors()
    const {
  if (sharded) return {devices};
  std::vector<absl::Span<const SimulatedDevice>> executors;
  for (const SimulatedDevice& device : devices) {
    executors.emplace_back(&device, 1);
  }
  return executors;
}

double SimulationOptions::Capacity() const {
  const int batch = batching.max_batch_size;
  double images_per_second = 0;
  for (const auto shared : Executors()) {
    images_per_second +=
        shared[0].lanes * batch /
        absl::ToDoubleSeconds(LeastDuration(shared, experts.routing, batch));
  }
  return images_per_second;
}

}  // namespace moevit
