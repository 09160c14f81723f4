#include "server/device_metrics.h"

#include <utility>

#include "absl/functional/function_ref.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_type.h"

namespace moevit {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric MetricOf(const DeviceSnapshot& device, MetricType type,
                      double value) {
  ClientMetric metric;
  metric.label.push_back({"device", device.name});
  (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) =
      value;
  return metric;
}

MetricFamily FamilyOf(const char* name, const char* help, MetricType type,
                      const std::vector<DeviceSnapshot>& devices,
                      absl::FunctionRef<double(const DeviceSnapshot&)> value) {
  MetricFamily family{name, help, type, {}};
  for (const DeviceSnapshot& device : devices) {
    family.metric.push_back(MetricOf(device, type, value(device)));
  }
  return family;
}

// One value for each device and state, 1 for the state that it is in.
MetricFamily StateFamily(const std::vector<DeviceSnapshot>& devices) {
  using State = DeviceHealth::State;
  MetricFamily family{
      "moevit_device_state",
      "Whether a device is in this state: 1 or 0. One that failed is "
      "quarantined and probed until it serves again.",
      MetricType::Gauge,
      {}};
  for (const DeviceSnapshot& device : devices) {
    for (const State state :
         {State::kServing, State::kQuarantined, State::kProbing}) {
      ClientMetric metric =
          MetricOf(device, MetricType::Gauge, device.state == state ? 1 : 0);
      metric.label.push_back({"state", DeviceStateName(state)});
      family.metric.push_back(std::move(metric));
    }
  }
  return family;
}

}  // namespace

const char* DeviceStateName(DeviceHealth::State state) {
  switch (state) {
    case DeviceHealth::State::kServing:
      return "serving";
    case DeviceHealth::State::kQuarantined:
      return "quarantined";
    case DeviceHealth::State::kProbing:
      return "probing";
  }
  return "unknown";
}

std::vector<MetricFamily> DeviceMetrics(
    const std::vector<DeviceSnapshot>& devices) {
  const auto counter = [&](const char* name, const char* help,
                           int64_t DeviceSnapshot::*count) {
    return FamilyOf(
        name, help, MetricType::Counter, devices,
        [count](const DeviceSnapshot& device) { return device.*count; });
  };
  return {
      StateFamily(devices),
      counter("moevit_device_batches_total",
              "Batches that a device executed successfully.",
              &DeviceSnapshot::batches),
      counter("moevit_device_failures_total",
              "Batches and probes that failed on a device.",
              &DeviceSnapshot::failures),
      counter("moevit_device_retries_total",
              "Batches that a device executed because they had failed before.",
              &DeviceSnapshot::retries),
      counter("moevit_device_probes_total",
              "Probes of a device after a failure.", &DeviceSnapshot::probes),
      FamilyOf("moevit_device_busy_seconds_total",
               "How long batches ran on a device, summed over its lanes.",
               MetricType::Counter, devices,
               [](const DeviceSnapshot& device) {
                 return absl::ToDoubleSeconds(device.busy);
               }),
      FamilyOf("moevit_device_lanes",
               "Batches that a device can execute side by side.",
               MetricType::Gauge, devices,
               [](const DeviceSnapshot& device) { return device.lanes; }),
      FamilyOf("moevit_device_busy_lanes",
               "Batches that a device is executing now.", MetricType::Gauge,
               devices,
               [](const DeviceSnapshot& device) { return device.busy_lanes; }),
  };
}

}  // namespace moevit
