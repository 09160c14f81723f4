// What Prometheus sees of one version of one model.

#ifndef MOEVIT_SERVER_MODEL_METRICS_H_
#define MOEVIT_SERVER_MODEL_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prometheus/client_metric.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "scheduler/batch_runner.h"
#include "scheduler/image_task.h"
#include "server/expert_counters.h"

namespace moevit {

// The metrics that have a model and a version among their labels, each version
// with its own registry: what was counted of it is forgotten with it. Thread
// safe.
struct ModelFamilies {
  ModelFamilies();

  ModelFamilies(const ModelFamilies&) = delete;
  ModelFamilies& operator=(const ModelFamilies&) = delete;

  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<prometheus::Counter>& images;
  prometheus::Family<prometheus::Gauge>& ready;
  prometheus::Family<prometheus::Histogram>& request_duration;
  prometheus::Family<prometheus::Histogram>& queue_duration;
  prometheus::Family<prometheus::Histogram>& compute_duration;
  prometheus::Family<prometheus::Histogram>& decode_duration;
  prometheus::Family<prometheus::Histogram>& batch_size;
  prometheus::Family<prometheus::Histogram>& prediction_ratio;
  ExpertFamilies experts;
};

// Requests by code, in a registry of models or of requests that named none.
prometheus::Family<prometheus::Counter>& RegisterRequests(
    prometheus::Registry& registry);

// Counts for one version of one model; copies count the same. Thread safe.
class ModelMetrics {
 public:
  // Only to be assigned to.
  ModelMetrics() = default;

  // Everything is there at zero, so that a scrape before the first request
  // finds it, or at what `families` have counted already.
  ModelMetrics(std::shared_ptr<ModelFamilies> families, const std::string& name,
               const std::string& version);

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
  using Counters = prometheus::Family<prometheus::Counter>;

  // Of what ended with `status`: `ok`, or the one of `all` with its code.
  prometheus::Counter& CounterOf(const absl::Status& status,
                                 prometheus::Counter* ok, Counters& all) const;

  prometheus::Labels labels_;
  std::shared_ptr<ModelFamilies> families_;
  std::shared_ptr<ExpertCounters> experts_;
  prometheus::Gauge* ready_ = nullptr;
  // To look these up by label takes longer than all else that is counted of an
  // image.
  prometheus::Counter* requests_ok_ = nullptr;
  prometheus::Counter* images_ok_ = nullptr;
  prometheus::Histogram* request_duration_ = nullptr;
  prometheus::Histogram* queue_duration_ = nullptr;
  prometheus::Histogram* decode_duration_ = nullptr;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_METRICS_H_
