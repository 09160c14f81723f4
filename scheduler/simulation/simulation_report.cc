#include "scheduler/simulation/simulation_report.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace moevit {
namespace {

absl::Duration Quantile(absl::Span<const double> ascending, double fraction) {
  const auto position =
      static_cast<size_t>(fraction * static_cast<double>(ascending.size()));
  return absl::Seconds(ascending[std::min(position, ascending.size() - 1)]);
}

double Ratio(double numerator, double denominator, double otherwise) {
  return denominator > 0 ? numerator / denominator : otherwise;
}

int64_t ImagesInBatches(const std::map<int, int64_t>& batches) {
  int64_t images = 0;
  for (const auto& [size, count] : batches) images += size * count;
  return images;
}

}  // namespace

LatencySummary Summarize(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  return {.mean = absl::Seconds(sum / static_cast<double>(seconds.size())),
          .p50 = Quantile(seconds, 0.5),
          .p90 = Quantile(seconds, 0.9),
          .p99 = Quantile(seconds, 0.99),
          .p999 = Quantile(seconds, 0.999),
          .max = absl::Seconds(seconds.back())};
}

double SimulationReport::DeviceImbalance() const {
  absl::Duration sum;
  absl::Duration busiest;
  for (const DeviceReport& device : devices) {
    const absl::Duration busy = device.busy / device.lanes;
    sum += busy;
    busiest = std::max(busiest, busy);
  }
  if (sum <= absl::ZeroDuration()) return 1;
  return absl::FDivDuration(busiest, sum) * static_cast<double>(devices.size());
}

double SimulationReport::FirstExpertImbalance() const {
  return Ratio(experts.first_imbalance_sum,
               static_cast<double>(experts.first_layers), 1);
}

double SimulationReport::ExpertImbalance() const {
  return Ratio(experts.imbalance_sum - experts.first_imbalance_sum,
               static_cast<double>(experts.layers - experts.first_layers), 1);
}

double SimulationReport::MeanBatch() const {
  int64_t count = 0;
  for (const auto& [size, batches_of_size] : batches) count += batches_of_size;
  return Ratio(static_cast<double>(ImagesInBatches(batches)),
               static_cast<double>(count), 0);
}

double SimulationReport::WeightBytesPerImage() const {
  return Ratio(static_cast<double>(experts.weights.bytes_loaded),
               static_cast<double>(ImagesInBatches(batches)), 0);
}

double SimulationReport::WeightLoadsPerImage() const {
  return Ratio(static_cast<double>(experts.weights.misses),
               static_cast<double>(ImagesInBatches(batches)), 0);
}

double SimulationReport::WeightHitRatio() const {
  return Ratio(
      static_cast<double>(experts.weights.hits),
      static_cast<double>(experts.weights.hits + experts.weights.misses), 0);
}

}  // namespace moevit
