#include "server/metrics.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/machine.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "server/device_metrics.h"
#include "server/energy_metrics.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

using prometheus::Histogram;

// From a tenth of a millisecond, below any useful model, to a minute.
const Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* const buckets = new Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};
  return *buckets;
}

const Histogram::BucketBoundaries& BatchSizeBuckets() {
  static const auto* const buckets =
      new Histogram::BucketBoundaries{1, 2, 4, 8, 16, 32, 64, 128, 256};
  return *buckets;
}

const Histogram::BucketBoundaries& RatioBuckets() {
  static const auto* const buckets = new Histogram::BucketBoundaries{
      0.25, 0.5, 0.75, 0.9, 0.95, 1.05, 1.1, 1.25, 1.5, 2, 4};
  return *buckets;
}

template <typename Builder>
auto& MakeFamily(Builder builder, prometheus::Registry& registry,
                 const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

auto& MakeHistograms(prometheus::Registry& registry, const char* name,
                     const char* help) {
  return MakeFamily(prometheus::BuildHistogram(), registry, name, help);
}

prometheus::Labels With(prometheus::Labels labels, const std::string& name,
                        const std::string& value) {
  labels.emplace(name, value);
  return labels;
}

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

void ModelMetrics::RecordRequest(const absl::Status& status,
                                 absl::Duration duration) {
  requests_->Add(With(labels_, "code", GrpcCodeName(status))).Increment();
  request_duration_->Observe(absl::ToDoubleSeconds(duration));
}

void ModelMetrics::RecordImage(const absl::StatusOr<ImageResult>& result) {
  images_->Add(With(labels_, "code", GrpcCodeName(result.status())))
      .Increment();
  if (!result.ok()) return;
  queue_duration_->Observe(absl::ToDoubleSeconds(result->queue));
  decode_duration_->Observe(absl::ToDoubleSeconds(result->decode));
}

void ModelMetrics::RecordBatch(const BatchReport& report) {
  const prometheus::Labels labels = With(labels_, "device", report.device);
  compute_duration_->Add(labels, DurationBuckets())
      .Observe(absl::ToDoubleSeconds(report.compute));
  batch_size_->Add(labels, BatchSizeBuckets()).Observe(report.images);
  if (!report.status.ok()) return;
  experts_->Add(report.device, report.expert_load);
  if (report.predicted <= absl::ZeroDuration()) return;
  prediction_ratio_->Add(labels, RatioBuckets())
      .Observe(absl::FDivDuration(report.duration, report.predicted));
}

Metrics::Metrics(const BuildInfo& build, absl::Time start,
                 const Sources& sources)
    : registry_(std::make_shared<prometheus::Registry>()),
      live_values_(std::make_shared<LiveValues>(sources)),
      requests_(MakeFamily(
          prometheus::BuildCounter(), *registry_, "moevit_requests_total",
          "Inference requests answered, by model and gRPC code; the model is "
          "empty for requests that named none of this server.")),
      images_(MakeFamily(prometheus::BuildCounter(), *registry_,
                         "moevit_images_total",
                         "Images of accepted requests, by model and outcome.")),
      ready_(MakeFamily(prometheus::BuildGauge(), *registry_,
                        "moevit_model_ready",
                        "Whether a model is served: 1 or 0.")),
      request_duration_(MakeHistograms(
          *registry_, "moevit_request_duration_seconds",
          "From the arrival of an inference request to its answer.")),
      queue_duration_(MakeHistograms(
          *registry_, "moevit_queue_duration_seconds",
          "How long an image waited for its batch and for a device.")),
      compute_duration_(MakeHistograms(*registry_,
                                       "moevit_compute_duration_seconds",
                                       "How long a device executed a batch.")),
      decode_duration_(MakeHistograms(
          *registry_, "moevit_decode_duration_seconds",
          "How long an image was decoded and preprocessed; 0 for pixels.")),
      batch_size_(MakeHistograms(*registry_, "moevit_batch_size_images",
                                 "Images executed together.")),
      prediction_ratio_(MakeHistograms(
          *registry_, "moevit_compute_prediction_ratio",
          "Duration of a batch over what was predicted for it.")),
      expert_families_(*registry_) {
  MakeFamily(prometheus::BuildGauge(), *registry_, "moevit_build_info",
             "Always 1; its labels say what is running.")
      .Add({{"version", build.version}, {"commit", build.commit}})
      .Set(1);
  MakeFamily(prometheus::BuildGauge(), *registry_,
             "moevit_process_start_time_seconds",
             "When the server started, in seconds since 1970.")
      .Add({})
      .Set(absl::ToDoubleSeconds(start - absl::UnixEpoch()));
}

ModelMetrics Metrics::AddModel(const std::string& name,
                               const std::string& version) {
  ModelMetrics model;
  model.labels_ = {{"model", name}, {"version", version}};
  model.requests_ = &requests_;
  model.images_ = &images_;
  model.compute_duration_ = &compute_duration_;
  model.batch_size_ = &batch_size_;
  model.prediction_ratio_ = &prediction_ratio_;
  model.experts_ =
      std::make_shared<ExpertCounters>(&expert_families_, model.labels_);
  model.ready_ = &ready_.Add(model.labels_);
  model.request_duration_ =
      &request_duration_.Add(model.labels_, DurationBuckets());
  model.queue_duration_ =
      &queue_duration_.Add(model.labels_, DurationBuckets());
  model.decode_duration_ =
      &decode_duration_.Add(model.labels_, DurationBuckets());
  requests_.Add(With(model.labels_, "code", "OK"));
  images_.Add(With(model.labels_, "code", "OK"));
  return model;
}

void Metrics::RecordRequestWithoutModel(const absl::Status& status) {
  requests_
      .Add({{"model", ""}, {"version", ""}, {"code", GrpcCodeName(status)}})
      .Increment();
}

}  // namespace moevit
