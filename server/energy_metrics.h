// The metrics of energy, read when Prometheus asks.

#ifndef MOEVIT_SERVER_ENERGY_METRICS_H_
#define MOEVIT_SERVER_ENERGY_METRICS_H_

#include <vector>

#include "absl/time/time.h"
#include "energy/energy_meter.h"
#include "prometheus/metric_family.h"

namespace moevit {

// One family for each metric, one value in it for each sensor that has one:
// one that is not up has no joules and no watts, rather than none of them.
// Empty without reports.
std::vector<prometheus::MetricFamily> EnergyMetrics(
    const std::vector<EnergyReport>& reports, absl::Time now);

}  // namespace moevit

#endif  // MOEVIT_SERVER_ENERGY_METRICS_H_
