#include "scheduler/latency_tail.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace moevit {
namespace {

constexpr double kFirstBucketSeconds = 0x1p-20;

// The exponent of a positive number and the first three bits behind its leading
// one: these are in the order of the numbers, and there are 8 for every power
// of 2. Cheaper than a logarithm, for what happens in every candidate's queue.
int64_t Magnitude(double number) {
  return std::bit_cast<int64_t>(number) >> 49;
}

}  // namespace

void LatencyTail::Add(double seconds) {
  const int64_t bucket =
      std::min<int64_t>(Magnitude(std::max(seconds, kFirstBucketSeconds)) -
                            Magnitude(kFirstBucketSeconds),
                        kBuckets - 1);
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
