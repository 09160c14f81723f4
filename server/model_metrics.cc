#include "server/model_metrics.h"

#include <utility>

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

}  // namespace

prometheus::Family<prometheus::Counter>& RegisterRequests(
    prometheus::Registry& registry) {
  return MakeFamily(
      prometheus::BuildCounter(), registry, "moevit_requests_total",
      "Inference requests answered, by model and gRPC code; the model is "
      "empty for requests that named none of this server.");
}

ModelFamilies::ModelFamilies()
    : requests(RegisterRequests(registry)),
      images(MakeFamily(prometheus::BuildCounter(), registry,
                        "moevit_images_total",
                        "Images of accepted requests, by model and outcome.")),
      ready(MakeFamily(prometheus::BuildGauge(), registry, "moevit_model_ready",
                       "Whether a model is served: 1 or 0.")),
      request_duration(MakeHistograms(
          registry, "moevit_request_duration_seconds",
          "From the arrival of an inference request to its answer.")),
      queue_duration(MakeHistograms(
          registry, "moevit_queue_duration_seconds",
          "How long an image waited for its batch and for a device.")),
      compute_duration(MakeHistograms(registry,
                                      "moevit_compute_duration_seconds",
                                      "How long a device executed a batch.")),
      decode_duration(MakeHistograms(
          registry, "moevit_decode_duration_seconds",
          "How long an image was decoded and preprocessed; 0 for pixels.")),
      batch_size(MakeHistograms(registry, "moevit_batch_size_images",
                                "Images executed together.")),
      prediction_ratio(MakeHistograms(
          registry, "moevit_compute_prediction_ratio",
          "Duration of a batch over what was predicted for it.")),
      experts(registry) {}

ModelMetrics::ModelMetrics(std::shared_ptr<ModelFamilies> families,
                           const std::string& name, const std::string& version)
    : labels_({{"model", name}, {"version", version}}),
      families_(std::move(families)),
      experts_(std::make_shared<ExpertCounters>(&families_->experts, labels_)),
      ready_(&families_->ready.Add(labels_)),
      requests_ok_(&families_->requests.Add(With(labels_, "code", "OK"))),
      images_ok_(&families_->images.Add(With(labels_, "code", "OK"))),
      request_duration_(
          &families_->request_duration.Add(labels_, DurationBuckets())),
      queue_duration_(
          &families_->queue_duration.Add(labels_, DurationBuckets())),
      decode_duration_(
          &families_->decode_duration.Add(labels_, DurationBuckets())) {}

prometheus::Counter& ModelMetrics::CounterOf(const absl::Status& status,
                                             prometheus::Counter* ok,
                                             Counters& all) const {
  return status.ok() ? *ok
                     : all.Add(With(labels_, "code", GrpcCodeName(status)));
}

void ModelMetrics::RecordRequest(const absl::Status& status,
                                 absl::Duration duration) {
  CounterOf(status, requests_ok_, families_->requests).Increment();
  request_duration_->Observe(absl::ToDoubleSeconds(duration));
}

void ModelMetrics::RecordImage(const absl::StatusOr<ImageResult>& result) {
  CounterOf(result.status(), images_ok_, families_->images).Increment();
  if (!result.ok()) return;
  queue_duration_->Observe(absl::ToDoubleSeconds(result->queue));
  decode_duration_->Observe(absl::ToDoubleSeconds(result->decode));
}

void ModelMetrics::RecordBatch(const BatchReport& report) {
  const prometheus::Labels labels = With(labels_, "device", report.device);
  families_->compute_duration.Add(labels, DurationBuckets())
      .Observe(absl::ToDoubleSeconds(report.compute));
  families_->batch_size.Add(labels, BatchSizeBuckets()).Observe(report.images);
  if (!report.status.ok()) return;
  experts_->Add(report.device, report.expert_load);
  if (report.predicted <= absl::ZeroDuration()) return;
  families_->prediction_ratio.Add(labels, RatioBuckets())
      .Observe(absl::FDivDuration(report.duration, report.predicted));
}

}  // namespace moevit
