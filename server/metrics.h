// What Prometheus sees. This class owns every metric's name, help text and
// labels; what is counted when is decided by its callers.
//
// It does not serve HTTP: see metrics_endpoint.h.

#ifndef MOEVIT_SERVER_METRICS_H_
#define MOEVIT_SERVER_METRICS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "energy/energy_meter.h"
#include "prometheus/client_metric.h"
#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "scheduler/batch_runner.h"
#include "scheduler/clock.h"
#include "scheduler/device_pool.h"
#include "scheduler/image_task.h"
#include "scheduler/queue_budget.h"
#include "server/expert_counters.h"
#include "server/in_flight.h"

namespace moevit {

// The metrics of one version of one model. Thread safe.
class ModelMetrics {
 public:
  void SetReady(bool ready) { ready_->Set(ready ? 1 : 0); }
  void RecordRequest(const absl::Status& status, absl::Duration duration);
  void RecordImage(const absl::StatusOr<ImageResult>& result);
  void RecordBatch(const BatchReport& report);

  prometheus::ClientMetric::Histogram request_duration() const {
    return request_duration_->Collect().histogram;
  }
  std::vector<std::vector<int64_t>> expert_tokens() const {
    return experts_->tokens();
  }

 private:
  friend class Metrics;

  prometheus::Labels labels_;
  prometheus::Family<prometheus::Counter>* requests_;
  prometheus::Family<prometheus::Counter>* images_;
  prometheus::Family<prometheus::Histogram>* compute_duration_;
  prometheus::Family<prometheus::Histogram>* batch_size_;
  prometheus::Family<prometheus::Histogram>* prediction_ratio_;
  std::shared_ptr<ExpertCounters> experts_;
  prometheus::Gauge* ready_;
  prometheus::Histogram* request_duration_;
  prometheus::Histogram* queue_duration_;
  prometheus::Histogram* decode_duration_;
};

// Thread safe. Must outlive its ModelMetrics.
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

  // Creates the metrics of a model, at zero, so that a scrape before the first
  // request finds them.
  ModelMetrics AddModel(const std::string& name, const std::string& version);

  // Counts a request that named no model of this server. Such names stay out
  // of the labels: they are without limit.
  void RecordRequestWithoutModel(const absl::Status& status);

  // What an endpoint serves; the endpoint must not outlive this.
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables() const {
    return {registry_, live_values_};
  }

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  const std::shared_ptr<prometheus::Collectable> live_values_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& images_;
  prometheus::Family<prometheus::Gauge>& ready_;
  prometheus::Family<prometheus::Histogram>& request_duration_;
  prometheus::Family<prometheus::Histogram>& queue_duration_;
  prometheus::Family<prometheus::Histogram>& compute_duration_;
  prometheus::Family<prometheus::Histogram>& decode_duration_;
  prometheus::Family<prometheus::Histogram>& batch_size_;
  prometheus::Family<prometheus::Histogram>& prediction_ratio_;
  ExpertFamilies expert_families_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_METRICS_H_
