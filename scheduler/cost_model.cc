#include "scheduler/cost_model.h"

#include <algorithm>
#include <cmath>

namespace moevit {
namespace {

// A size's own median loses half of its weight against the line for every so
// many batches of other sizes.
constexpr double kHalfLifeBatches = 256;
// With fewer runs than this a median is no better than the line.
constexpr double kTrustedRuns = 3;
constexpr double kErrorDecay = 0.95;
// Disturbances are rare: of 1 in 50 batches, these hold 20, whose number chance
// changes by a quarter.
constexpr size_t kDisturbances = 1024;
constexpr double kMostOptimism = 0.5;
// Keeps ratios finite for clocks that stand still.
constexpr double kLeastSeconds = 1e-9;

}  // namespace

void CostModel::Size::Add(double duration, int64_t observation) {
  const int capacity = static_cast<int>(seconds.size());
  seconds[runs % capacity] = duration;
  ++runs;
  last_observation = observation;
  std::array<double, 9> sorted = seconds;
  const auto count = std::min<int64_t>(runs, capacity);
  std::nth_element(sorted.begin(), sorted.begin() + (count - 1) / 2,
                   sorted.begin() + count);
  median = sorted[(count - 1) / 2];
  least = *std::min_element(seconds.begin(), seconds.begin() + count);
}

void CostModel::Observe(int images, absl::Duration duration) {
  const double seconds = std::max(absl::ToDoubleSeconds(duration), 0.0);
  if (known()) NoteError(images, seconds);
  ++observations_;
  sizes_[images].Add(seconds, observations_);
  FitLine();
}

void CostModel::NoteError(int images, double seconds) {
  const double beyond = seconds - PredictSeconds(images);
  const double error =
      std::min(std::abs(beyond) / std::max(seconds, kLeastSeconds), 1.0);
  relative_error_ = kErrorDecay * relative_error_ + (1 - kErrorDecay) * error;

  const auto size = sizes_.find(images);
  if (size == sizes_.end() || size->second.runs < kTrustedRuns) return;
  if (disturbances_.size() < kDisturbances) disturbances_.push_back(0);
  disturbances_[disturbances_seen_++ % kDisturbances] = beyond;
}

double CostModel::Freshness(const Size& size) const {
  const double trust = std::min(size.runs / kTrustedRuns, 1.0);
  return trust *
         std::exp2((size.last_observation - observations_) / kHalfLifeBatches);
}

// Weighted least squares through the medians, from which outliers are gone
// already. Neither part of a cost can be negative.
void CostModel::FitLine() {
  double weights = 0;
  double mean_seconds = 0;
  mean_images_ = 0;
  for (const auto& [images, size] : sizes_) {
    const double weight = Freshness(size);
    weights += weight;
    mean_images_ += weight * images;
    mean_seconds += weight * size.median;
  }
  mean_images_ /= weights;
  mean_seconds /= weights;
  double covariance = 0;
  double variance = 0;
  for (const auto& [images, size] : sizes_) {
    const double weight = Freshness(size);
    covariance +=
        weight * (images - mean_images_) * (size.median - mean_seconds);
    variance += weight * (images - mean_images_) * (images - mean_images_);
  }
  seconds_per_image_ = sizes_.size() == 1 ? mean_seconds / mean_images_ / 2
                                          : std::max(covariance / variance, 0.);
  seconds_per_image_ =
      std::min(seconds_per_image_, mean_seconds / mean_images_);
  fixed_seconds_ = mean_seconds - seconds_per_image_ * mean_images_;
}

double CostModel::PredictSeconds(int images) const {
  const double line = fixed_seconds_ + seconds_per_image_ * images;
  const auto size = sizes_.find(images);
  if (size == sizes_.end()) return line;
  const double weight = Freshness(size->second);
  return weight * size->second.median + (1 - weight) * line;
}

int CostModel::usual_images() const {
  return static_cast<int>(std::lround(mean_images_));
}

absl::Duration CostModel::Predict(int images) const {
  return absl::Seconds(PredictSeconds(images));
}

absl::Duration CostModel::PredictLeast(int images) const {
  const double optimism = std::min(2 * relative_error_, kMostOptimism);
  double least = PredictSeconds(images) * (1 - optimism);
  for (auto size = sizes_.lower_bound(images); size != sizes_.end(); ++size) {
    least = std::min(least, size->second.least);
  }
  return absl::Seconds(least);
}

}  // namespace moevit
