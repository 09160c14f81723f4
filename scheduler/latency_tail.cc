#include "scheduler/latency_tail.h"

#include <algorithm>
#include <cmath>

namespace moevit {
namespace {

constexpr double kFirstBucketSeconds = 1e-6;
constexpr double kBucketsPerOctave = 7.2725;  // a step of 10 %

}  // namespace

void LatencyTail::Add(double seconds) {
  const double octaves =
      std::log2(std::max(seconds, kFirstBucketSeconds) / kFirstBucketSeconds);
  const int bucket =
      std::min(static_cast<int>(octaves * kBucketsPerOctave), kBuckets - 1);
  counts_[bucket] += 1;
  sums_[bucket] += static_cast<float>(seconds);
  total_ += 1;
  sum_ += seconds;
}

double LatencyTail::Mean() const { return total_ > 0 ? sum_ / total_ : 0; }

double LatencyTail::TailMean() const {
  if (total_ <= 0) return 0;
  const double wanted = kShare * total_;
  double count = 0;
  double sum = 0;
  for (int i = kBuckets - 1; i >= 0 && count < wanted; --i) {
    if (counts_[i] <= 0) continue;
    // Of the last bucket only as much as is still wanted.
    const double part = std::min<double>(1, (wanted - count) / counts_[i]);
    count += part * counts_[i];
    sum += part * sums_[i];
  }
  return sum / count;
}

void LatencyTail::Decay(double factor) {
  for (float& count : counts_) count *= static_cast<float>(factor);
  for (float& sum : sums_) sum *= static_cast<float>(factor);
  total_ *= factor;
  sum_ *= factor;
}

}  // namespace moevit
