#include "server/energy_metrics.h"

#include <utility>

#include "prometheus/client_metric.h"
#include "prometheus/metric_type.h"

namespace moevit {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric MetricOfSensor(const EnergyReport& report) {
  ClientMetric metric;
  metric.label.push_back({"device", report.device});
  metric.label.push_back({"source", report.source});
  return metric;
}

void AddGauge(MetricFamily& family, const EnergyReport& report, double value) {
  ClientMetric metric = MetricOfSensor(report);
  metric.gauge.value = value;
  family.metric.push_back(metric);
}

void AddJoules(MetricFamily& family, ClientMetric metric, double joules) {
  metric.counter.value = joules;
  family.metric.push_back(std::move(metric));
}

}  // namespace

std::vector<MetricFamily> EnergyMetrics(
    const std::vector<EnergyReport>& reports, absl::Time now) {
  MetricFamily joules{"moevit_energy_joules_total",
                      "Energy that a device used since its sensor was first "
                      "read; absent without a sensor that works.",
                      MetricType::Counter,
                      {}};
  MetricFamily model_joules{
      "moevit_model_energy_joules_total",
      "The part of moevit_energy_joules_total in which a device worked for a "
      "model.",
      MetricType::Counter,
      {}};
  MetricFamily watts{"moevit_power_watts",
                     "Power that a device draws, averaged over the last second "
                     "where its energy is counted.",
                     MetricType::Gauge,
                     {}};
  MetricFamily up{"moevit_energy_sensor_up",
                  "Whether a device's sensor gives plausible readings: 1 or 0.",
                  MetricType::Gauge,
                  {}};
  MetricFamily age{"moevit_energy_sample_age_seconds",
                   "How old the last plausible reading of a sensor is.",
                   MetricType::Gauge,
                   {}};
  for (const EnergyReport& report : reports) {
    AddGauge(up, report, report.up ? 1 : 0);
    if (report.sampled != absl::InfinitePast()) {
      AddGauge(age, report, absl::ToDoubleSeconds(now - report.sampled));
    }
    if (!report.up) continue;
    AddJoules(joules, MetricOfSensor(report), report.joules);
    if (report.watts.has_value()) AddGauge(watts, report, *report.watts);
    for (const auto& [model, value] : report.model_joules) {
      ClientMetric metric = MetricOfSensor(report);
      metric.label.push_back({"model", model});
      AddJoules(model_joules, std::move(metric), value);
    }
  }
  std::vector<MetricFamily> families;
  for (MetricFamily* family : {&joules, &model_joules, &watts, &up, &age}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
  return families;
}

}  // namespace moevit
