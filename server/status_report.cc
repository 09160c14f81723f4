#include "server/status_report.h"

#include <cmath>

#include "base/json.h"
#include "prometheus/client_metric.h"
#include "server/device_metrics.h"

namespace moevit {
namespace {

double Seconds(absl::Duration duration) {
  return absl::ToDoubleSeconds(duration);
}

// Upper bounds in seconds and the requests that took no longer.
Json LatencyJson(const prometheus::ClientMetric::Histogram& histogram) {
  Json buckets = Json::array();
  for (const auto& bucket : histogram.bucket) {
    // The last one has no bound.
    buckets.push_back({std::isinf(bucket.upper_bound)
                           ? Json(nullptr)
                           : Json(bucket.upper_bound),
                       bucket.cumulative_count});
  }
  return {{"count", histogram.sample_count},
          {"sum_s", histogram.sample_sum},
          {"buckets", buckets}};
}

Json ModelJson(const ServedModel& model) {
  const ModelStatistics::Snapshot totals = model.statistics.snapshot();
  return {{"name", model.name},
          {"version", model.version},
          {"requests", totals.success.count},
          {"failures", totals.failure.count},
          {"images", totals.images},
          {"batches", totals.batches},
          {"latency", LatencyJson(model.metrics.request_duration())},
          {"expert_tokens", model.metrics.expert_tokens()}};
}

Json DeviceJson(const DeviceSnapshot& device) {
  return {{"name", device.name},
          {"state", DeviceStateName(device.state)},
          {"lanes", device.lanes},
          {"busy_lanes", device.busy_lanes},
          {"busy_s", Seconds(device.busy)},
          {"batches", device.batches},
          {"failures", device.failures},
          {"retries", device.retries}};
}

// A sensor that is not up has no values.
Json EnergyJson(const EnergyReport& report) {
  Json json = {{"device", report.device},
               {"source", report.source},
               {"up", report.up},
               {"watts", nullptr},
               {"joules", nullptr}};
  if (!report.up) return json;
  json["joules"] = report.joules;
  if (report.watts.has_value()) json["watts"] = *report.watts;
  return json;
}

}  // namespace

std::string StatusJson(const StatusReport& report) {
  Json json = {{"version", report.build.version},
               {"commit", report.build.commit},
               {"uptime_s", Seconds(report.now - report.start)},
               {"requests_in_flight", report.requests_in_flight},
               {"queue",
                {{"images", report.queue.images},
                 {"bytes", report.queue.bytes},
                 {"max_images", report.queue_limits.max_images},
                 {"max_bytes", report.queue_limits.max_bytes}}},
               {"models", Json::array()},
               {"devices", Json::array()},
               {"energy", Json::array()}};
  for (const auto& model : report.models) {
    json["models"].push_back(ModelJson(*model));
  }
  for (const DeviceSnapshot& device : report.devices) {
    json["devices"].push_back(DeviceJson(device));
  }
  for (const EnergyReport& sensor : report.energy) {
    json["energy"].push_back(EnergyJson(sensor));
  }
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/true,
                   Json::error_handler_t::replace);
}

}  // namespace moevit
