// The metrics of the devices, read when Prometheus asks.

#ifndef MOEVIT_SERVER_DEVICE_METRICS_H_
#define MOEVIT_SERVER_DEVICE_METRICS_H_

#include <vector>

#include "prometheus/metric_family.h"
#include "scheduler/device_pool.h"

namespace moevit {

// What a state is called, in metrics and elsewhere.
const char* DeviceStateName(DeviceHealth::State state);

// One family for each metric, one value in it for each device.
std::vector<prometheus::MetricFamily> DeviceMetrics(
    const std::vector<DeviceSnapshot>& devices);

}  // namespace moevit

#endif  // MOEVIT_SERVER_DEVICE_METRICS_H_
