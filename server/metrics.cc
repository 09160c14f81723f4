#include "server/metrics.h"

#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "base/machine.h"
#include "base/mutex.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "prometheus/registry.h"
#include "server/device_metrics.h"
#include "server/energy_metrics.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

prometheus::MetricFamily CounterNow(const char* name, const char* help,
                                    double value) {
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  return {name, help, prometheus::MetricType::Counter, {metric}};
}

prometheus::MetricFamily GaugeNow(const char* name, const char* help,
                                  double value) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  return {name, help, prometheus::MetricType::Gauge, {metric}};
}

// Gauges that are read when Prometheus asks instead of being kept up to date.
class LiveValues final : public prometheus::Collectable {
 public:
  explicit LiveValues(const Metrics::Sources& sources) : sources_(sources) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const QueueBudget::Usage usage = sources_.queue->usage();
    const QueueLimits& limits = sources_.queue->limits();
    std::vector<prometheus::MetricFamily> all = {
        GaugeNow("moevit_queue_images",
                 "Images accepted that have not reached a device yet.",
                 static_cast<double>(usage.images)),
        GaugeNow("moevit_queue_bytes",
                 "Bytes of the requests that are not answered yet.",
                 static_cast<double>(usage.bytes)),
        GaugeNow("moevit_queue_limit_images",
                 "The most images that may be in the queue.",
                 static_cast<double>(limits.max_images)),
        GaugeNow("moevit_queue_limit_bytes",
                 "The most bytes that requests may hold.",
                 static_cast<double>(limits.max_bytes)),
        GaugeNow("moevit_requests_in_flight",
                 "Inference requests that have not been answered yet.",
                 sources_.in_flight->calls()),
        GaugeNow("moevit_process_resident_memory_bytes",
                 "Memory of the server that is in RAM.",
                 static_cast<double>(ResidentBytes())),
        CounterNow("moevit_process_cpu_seconds_total",
                   "Processor time that the server used.",
                   absl::ToDoubleSeconds(ProcessorTime())),
    };
    Append(DeviceMetrics(sources_.devices()), all);
    Append(EnergyMetrics(sources_.energy(), sources_.clock->Now()), all);
    return all;
  }

 private:
  static void Append(std::vector<prometheus::MetricFamily> more,
                     std::vector<prometheus::MetricFamily>& all) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }

  const Metrics::Sources sources_;
};

}  // namespace

// Registries are read as one: a metric has one name and help text, and samples
// of many models.
class Metrics::Counted final : public prometheus::Collectable {
 public:
  prometheus::Registry& of_server() { return of_server_; }

  // What a version of a model counts with, as long as it is used.
  std::shared_ptr<ModelFamilies> OfModel(const std::string& name,
                                         const std::string& version) {
    MutexLock lock(&mutex_);
    std::erase_if(models_, [](const auto& m) { return m.second.expired(); });
    std::weak_ptr<ModelFamilies>& known = models_[{name, version}];
    std::shared_ptr<ModelFamilies> families = known.lock();
    if (families == nullptr) {
      families = std::make_shared<ModelFamilies>();
      known = families;
    }
    return families;
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> all = of_server_.Collect();
    absl::flat_hash_map<std::string, size_t> places;
    for (size_t i = 0; i < all.size(); ++i) places[all[i].name] = i;
    for (const std::shared_ptr<ModelFamilies>& model : Models()) {
      for (prometheus::MetricFamily& family : model->registry.Collect()) {
        const auto [place, is_new] = places.emplace(family.name, all.size());
        if (is_new) {
          all.push_back(std::move(family));
        } else {
          absl::c_move(family.metric,
                       std::back_inserter(all[place->second].metric));
        }
      }
    }
    return all;
  }

 private:
  std::vector<std::shared_ptr<ModelFamilies>> Models() const {
    MutexLock lock(&mutex_);
    std::vector<std::shared_ptr<ModelFamilies>> models;
    for (const auto& [key, families] : models_) {
      if (auto model = families.lock()) models.push_back(std::move(model));
    }
    return models;
  }

  prometheus::Registry of_server_;
  mutable Mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<ModelFamilies>>
      models_ ABSL_GUARDED_BY(mutex_);
};

Metrics::Metrics(const BuildInfo& build, absl::Time start,
                 const Sources& sources)
    : counted_(std::make_shared<Counted>()),
      live_values_(std::make_shared<LiveValues>(sources)),
      requests_without_model_(RegisterRequests(counted_->of_server())) {
  prometheus::BuildGauge()
      .Name("moevit_build_info")
      .Help("Always 1; its labels say what is running.")
      .Register(counted_->of_server())
      .Add({{"version", build.version}, {"commit", build.commit}})
      .Set(1);
  prometheus::BuildGauge()
      .Name("moevit_process_start_time_seconds")
      .Help("When the server started, in seconds since 1970.")
      .Register(counted_->of_server())
      .Add({})
      .Set(absl::ToDoubleSeconds(start - absl::UnixEpoch()));
}

ModelMetrics Metrics::AddModel(const std::string& name,
                               const std::string& version) {
  return {counted_->OfModel(name, version), name, version};
}

std::vector<std::shared_ptr<prometheus::Collectable>> Metrics::collectables()
    const {
  return {counted_, live_values_};
}

void Metrics::RecordRequestWithoutModel(const absl::Status& status) {
  requests_without_model_
      .Add({{"model", ""}, {"version", ""}, {"code", GrpcCodeName(status)}})
      .Increment();
}

}  // namespace moevit
