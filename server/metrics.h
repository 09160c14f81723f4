// What Prometheus sees. This class owns every metric's name, help text and
// labels; what is counted when is decided by its callers.
//
// It does not serve HTTP: see metrics_endpoint.h.

#ifndef MOEVIT_SERVER_METRICS_H_
#define MOEVIT_SERVER_METRICS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "energy/energy_meter.h"
#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "scheduler/clock.h"
#include "scheduler/device_pool.h"
#include "scheduler/queue_budget.h"
#include "server/in_flight.h"
#include "server/model_metrics.h"

namespace moevit {

// Thread safe.
class Metrics {
 public:
  // What each scrape reads. The objects must outlive the metrics.
  struct Sources {
    const QueueBudget* queue = nullptr;
    const InFlight* in_flight = nullptr;
    Clock* clock = nullptr;
    std::function<std::vector<DeviceSnapshot>()> devices;
    std::function<std::vector<EnergyReport>()> energy;
  };

  Metrics(const BuildInfo& build, absl::Time start, const Sources& sources);

  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metrics of a version of a model. They leave with the last copy of what
  // this returns: counters of versions that are gone would add up for ever.
  ModelMetrics AddModel(const std::string& name, const std::string& version);

  // Counts a request that named no model of this server. Such names stay out
  // of the labels: they are without limit.
  void RecordRequestWithoutModel(const absl::Status& status);

  // What an endpoint serves; the endpoint must not outlive this.
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables() const;

 private:
  class Counted;

  const std::shared_ptr<Counted> counted_;
  const std::shared_ptr<prometheus::Collectable> live_values_;
  prometheus::Family<prometheus::Counter>& requests_without_model_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_METRICS_H_
