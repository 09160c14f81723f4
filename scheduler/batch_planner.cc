#include "scheduler/batch_planner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moevit {
namespace {

// With fewer batches than this, predictions of their costs are guesses.
constexpr int64_t kLeastBatches = 32;
// Arrivals between two looks at costs and tails. Enough for chance to keep
// within a factor of 2, if images come alone or a few at a time.
constexpr int64_t kPeriod = 128;
// The rate of a period by which it is another one than before.
constexpr double kRateChange = 2;
// Latencies lose half of their weight over so many arrivals.
constexpr double kHalfLife = 4096;
// Tails of fewer latencies than this say little.
constexpr double kLeastWeight = 256;
// A rule must be better by so much to take over from another.
constexpr double kImprovement = 0.01;
// And from the plain rule, which loses least where paper and practice differ.
constexpr double kImprovementOverPlain = 0.02;
// They differ more where devices do. With smaller batches a mistake of paper's
// costs the more, the less capacity these leave spare.
constexpr double kImprovementInDoubt = 0.15;
// How much the mean of all latencies counts beside that of the slowest.
constexpr double kWeightOfMean = 0.1;
// Delays are the longest by powers of the square root of 2: where it pays to
// wait at all, one that is half as long or twice as long as the best costs
// several percent. Those of smaller batches are powers of 2.
constexpr int kDelays = 13;

// Smaller batches may cost some of the capacity that the largest leave spare,
// but must leave this share of it: tails near saturation are long, and known
// only after they happened.
constexpr double kLeastSpare = 0.75;

// 1, 2, 4, 8, ... and `max`, descending.
std::vector<int> CandidateSizes(int max) {
  std::vector<int> sizes;
  for (int power = 1; power < max; power *= 2) sizes.push_back(power);
  sizes.push_back(max);
  std::reverse(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace

BatchPlanner::BatchPlanner(int max_batch_size, absl::Duration max_delay)
    : max_batch_size_(max_batch_size) {
  for (const int images : CandidateSizes(max_batch_size)) {
    AddCandidate(images, absl::ZeroDuration());
    if (images == 1 || max_delay == absl::ZeroDuration()) continue;
    const int stride = images == max_batch_size ? 1 : 2;
    for (int step = 0; step < kDelays; step += stride) {
      AddCandidate(images, std::exp2(-step / 2.0) * max_delay);
    }
  }
}

void BatchPlanner::AddCandidate(int images, absl::Duration delay) {
  candidates_.emplace_back(BatchRule{.images = images, .delay = delay},
                           max_batch_size_);
}

void BatchPlanner::RecordArrival(absl::Time now, const CostModel& cost,
                                 int lanes, bool alike) {
  if (cost.observations() < kLeastBatches || lanes < 1) return;
  if (arrivals_ == 0 || RateChanged(now)) Forget(now);
  if (arrivals_ % kPeriod == 0) StartPeriod(now, cost, lanes, alike);
  ++arrivals_;
  const double seconds = absl::ToDoubleSeconds(now - start_);
  for (ShadowQueue& candidate : candidates_) {
    candidate.Arrive(seconds, costs_, lanes);
  }
}

// A period that takes too long tells so before its end.
bool BatchPlanner::RateChanged(absl::Time now) const {
  if (recent_arrivals_ == 0) return false;
  const double usual = kPeriod * recent_seconds_ / recent_arrivals_;
  const double seconds = absl::ToDoubleSeconds(now - period_start_);
  const bool whole = arrivals_ % kPeriod == 0;
  return seconds > kRateChange * usual ||
         (whole && seconds * kRateChange < usual);
}

void BatchPlanner::Forget(absl::Time now) {
  for (ShadowQueue& candidate : candidates_) {
    candidate = ShadowQueue(candidate.rule(), max_batch_size_);
  }
  chosen_ = 0;
  start_ = period_start_ = now;
  arrivals_ = 0;
  recent_arrivals_ = recent_seconds_ = 0;
}

void BatchPlanner::StartPeriod(absl::Time now, const CostModel& cost, int lanes,
                               bool alike) {
  LearnCosts(cost);
  if (arrivals_ == 0) return;
  const double decay = std::exp2(-kPeriod / kHalfLife);
  for (ShadowQueue& candidate : candidates_) candidate.tail().Decay(decay);
  recent_arrivals_ = decay * recent_arrivals_ + kPeriod;
  recent_seconds_ =
      decay * recent_seconds_ + absl::ToDoubleSeconds(now - period_start_);
  period_start_ = now;
  ChooseRule(lanes, alike);
}

void BatchPlanner::LearnCosts(const CostModel& cost) {
  costs_.by_size.assign(max_batch_size_ + 1, 0);
  for (int images = 1; images <= max_batch_size_; ++images) {
    costs_.by_size[images] = absl::ToDoubleSeconds(cost.Predict(images));
  }
  const auto disturbances = cost.disturbances();
  costs_.disturbances.assign(disturbances.begin(), disturbances.end());
  const double sum =
      std::accumulate(disturbances.begin(), disturbances.end(), 0.0);
  mean_disturbance_ = disturbances.empty() ? 0 : sum / disturbances.size();
}

// The share of the time that no lane is busy if all batches have this size.
double BatchPlanner::SpareCapacity(int images, int lanes) const {
  const double seconds = costs_.by_size[images] + mean_disturbance_;
  const double work = recent_arrivals_ * seconds / images;
  return 1 - work / (recent_seconds_ * lanes);
}

void BatchPlanner::ChooseRule(int lanes, bool alike) {
  const double least_spare =
      kLeastSpare * std::max(SpareCapacity(max_batch_size_, lanes), 0.0);
  size_t best = 0;
  std::vector<double> scores(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const LatencyTail& tail = candidates_[i].tail();
    if (tail.weight() < kLeastWeight) return;
    const bool smaller = candidates_[i].rule().images < max_batch_size_;
    const double spare = SpareCapacity(candidates_[i].rule().images, lanes);
    if (smaller && spare <= least_spare) {
      scores[i] = std::numeric_limits<double>::infinity();
      continue;
    }
    scores[i] = tail.TailMean() + kWeightOfMean * tail.Mean();
    if (i > 0) {
      const double doubt = !alike ? 1 : smaller ? 1 - spare : 0;
      scores[i] /=
          1 - std::max(kImprovementOverPlain, doubt * kImprovementInDoubt);
    }
    if (scores[i] < scores[best]) best = i;
  }
  if (scores[best] < (1 - kImprovement) * scores[chosen_]) chosen_ = best;
}

}  // namespace moevit
