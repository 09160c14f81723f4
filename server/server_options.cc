#include "server/server_options.h"

#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

absl::Status CheckPort(absl::string_view name, int port, int min) {
  if (port >= min && port <= 65535) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %d, it must be in [%d, 65535]", name, port, min));
}

absl::Status CheckDistinct(absl::string_view name, int port,
                           absl::string_view other_name, int other_port) {
  if (port <= 0 || port != other_port) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s and %s are both %d, they must differ", name, other_name, port));
}

absl::Status CheckRange(absl::string_view name, int64_t value, int64_t max,
                        int64_t min = 1) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s is %d, it must be in [%d, %d]", name, value, min, max));
}

// gRPC takes these durations as an int of milliseconds.
absl::Status CheckDuration(absl::string_view name, absl::Duration value,
                           absl::Duration min) {
  constexpr absl::Duration kMax = absl::Hours(24);
  if (value >= min && value <= kMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s is %s, it must be in [%s, %s]", name, absl::FormatDuration(value),
      absl::FormatDuration(min), absl::FormatDuration(kMax)));
}

absl::Status CheckQueueAdmitsRequests(const ServerOptions& options) {
  if (options.pipeline.max_images_per_request <= options.queue.max_images) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "max_images_per_request is %d, it must not be more than "
      "max_queue_images, which is %d",
      options.pipeline.max_images_per_request, options.queue.max_images));
}

absl::Status CheckPowerModels(const ServerOptions& options) {
  for (const PowerModel& model : options.energy.models) {
    if (absl::c_none_of(options.devices, [&](const DeviceSpec& device) {
          return device.name == model.device;
        })) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "energy_model names '%s', which is no device of this server",
          model.device));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  constexpr int kMaxInt = std::numeric_limits<int>::max();
  if (model_repository.empty()) {
    return absl::InvalidArgumentError("model_repository must be given");
  }
  if (host.empty()) {
    return absl::InvalidArgumentError("host must not be empty");
  }
  MOEVIT_RETURN_IF_ERROR(CheckPort("port", port, /*min=*/0));
  MOEVIT_RETURN_IF_ERROR(CheckPort("metrics_port", metrics_port, /*min=*/-1));
  MOEVIT_RETURN_IF_ERROR(CheckPort("rest_port", rest_port, /*min=*/-1));
  MOEVIT_RETURN_IF_ERROR(
      CheckDistinct("port", port, "metrics_port", metrics_port));
  MOEVIT_RETURN_IF_ERROR(CheckDistinct("port", port, "rest_port", rest_port));
  MOEVIT_RETURN_IF_ERROR(
      CheckDistinct("metrics_port", metrics_port, "rest_port", rest_port));
  MOEVIT_RETURN_IF_ERROR(tls.Validate());
  if (!(access_log >= 0 && access_log <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("access_log is %g, it must be in [0, 1]", access_log));
  }
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("max_message_bytes", max_message_bytes, kMaxInt));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("max_image_bytes",
                 static_cast<int64_t>(image.max_encoded_bytes), kMaxInt));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("max_image_pixels", image.max_pixels, kMaxInt));
  MOEVIT_RETURN_IF_ERROR(model_control.Validate());
  MOEVIT_RETURN_IF_ERROR(pipeline.Validate());
  MOEVIT_RETURN_IF_ERROR(queue.Validate());
  MOEVIT_RETURN_IF_ERROR(batching.Validate());
  MOEVIT_RETURN_IF_ERROR(cards.Validate());
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("concurrent_batches", concurrent_batches, /*max=*/1024));
  MOEVIT_RETURN_IF_ERROR(scheduler().Validate());
  MOEVIT_RETURN_IF_ERROR(CheckPowerModels(*this));
  MOEVIT_RETURN_IF_ERROR(CheckRange("threads_per_batch", threads_per_batch,
                                    /*max=*/1024, /*min=*/0));
  const int nodes =
      batches_stay_on_nodes() ? static_cast<int>(memory_nodes.size()) : 1;
  if (pin_threads && concurrent_batches > nodes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("pin_threads is set with %d concurrent_batches, which "
                        "would share the same processors; it needs %d",
                        concurrent_batches, nodes));
  }
  MOEVIT_RETURN_IF_ERROR(CheckRange("expert_memory", expert_memory,
                                    std::numeric_limits<int64_t>::max(),
                                    /*min=*/0));
  MOEVIT_RETURN_IF_ERROR(CheckQueueAdmitsRequests(*this));
  MOEVIT_RETURN_IF_ERROR(
      CheckDuration("drain_grace", drain_grace, absl::ZeroDuration()));
  MOEVIT_RETURN_IF_ERROR(CheckDuration("max_request_time", max_request_time,
                                       absl::Milliseconds(1)));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("max_stream_requests", max_stream_requests, /*max=*/1 << 16));
  const absl::Duration second = absl::Seconds(1);
  MOEVIT_RETURN_IF_ERROR(
      CheckDuration("keepalive_time", keepalive_time, second));
  MOEVIT_RETURN_IF_ERROR(
      CheckDuration("keepalive_timeout", keepalive_timeout, second));
  return CheckDuration("min_ping_interval", min_ping_interval,
                       absl::ZeroDuration());
}

BatchSchedulerOptions ServerOptions::scheduler() const {
  BatchSchedulerOptions scheduler;
  scheduler.dispatcher = dispatcher;
  scheduler.devices.clear();
  for (const DeviceSpec& spec : all_devices()) {
    DeviceOptions device;
    device.name = spec.name;
    device.lanes =
        spec.kind == DeviceSpec::Kind::kCpu ? concurrent_batches : spec.lanes;
    scheduler.devices.push_back(std::move(device));
  }
  return scheduler;
}

bool ServerOptions::batches_stay_on_nodes() const {
  const auto nodes = static_cast<int>(memory_nodes.size());
  return nodes > 1 && concurrent_batches >= nodes;
}

std::vector<DeviceSpec> ServerOptions::all_devices() const {
  return cards.memory > 0 ? WithSharedCards(devices) : devices;
}

int ServerOptions::lanes() const {
  int lanes = 0;
  for (const DeviceOptions& device : scheduler().devices) lanes += device.lanes;
  return lanes;
}

}  // namespace moevit
