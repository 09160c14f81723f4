#include "scheduler/batch_planner.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moevit {
namespace {

// Arrivals between two looks at costs and tails.
constexpr int64_t kPeriod = 64;
// Latencies lose half of their weight over so many arrivals.
constexpr double kHalfLife = 4096;
// Arrivals after which everything so far is forgotten: the first predictions
// rest on a few batches, and a tail remembers the worst of them for long.
constexpr int64_t kFirstTries = 512;
static_assert(kFirstTries % kPeriod == 0);
// Tails of fewer latencies than this say little.
constexpr double kLeastWeight = 256;
// A rule must be better by so much to take over.
constexpr double kImprovement = 0.01;
// How much the mean of all latencies counts beside that of the slowest.
constexpr double kWeightOfMean = 0.25;
// Smaller batches may cost some of the capacity that the largest leave spare,
// but must leave this share of it: tails near saturation are long, and known
// only after they happened.
constexpr double kLeastSpare = 0.75;

// 1, 2, 3, 4, 6, 8, 12, 16, ... and `max`, descending.
std::vector<int> CandidateSizes(int max) {
  std::vector<int> sizes;
  for (int power = 1; power < max; power *= 2) {
    sizes.push_back(power);
    const int between = power + power / 2;
    if (between > power && between < max) sizes.push_back(between);
  }
  sizes.push_back(max);
  std::reverse(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace

BatchPlanner::BatchPlanner(int max_batch_size, absl::Duration max_delay)
    : max_batch_size_(max_batch_size), chosen_(0) {
  for (const int images : CandidateSizes(max_batch_size)) {
    for (const double part : {0., 0.125, 0.5, 1.}) {
      const bool same_as_no_delay =
          images == 1 || max_delay == absl::ZeroDuration();
      if (part > 0 && same_as_no_delay) break;
      candidates_.emplace_back(
          BatchRule{.images = images, .delay = part * max_delay},
          max_batch_size);
    }
  }
}

void BatchPlanner::RecordArrival(absl::Time now, const CostModel& cost,
                                 int lanes) {
  if (!cost.known() || lanes < 1) return;
  if (arrivals_ == 0) start_ = period_start_ = now;
  if (arrivals_ % kPeriod == 0) StartPeriod(now, cost, lanes);
  ++arrivals_;
  const double seconds = absl::ToDoubleSeconds(now - start_);
  for (ShadowQueue& candidate : candidates_) {
    candidate.Arrive(seconds, seconds_, lanes);
  }
}

void BatchPlanner::StartPeriod(absl::Time now, const CostModel& cost,
                               int lanes) {
  if (arrivals_ == kFirstTries) ForgetTails();
  const double decay = std::exp2(-kPeriod / kHalfLife);
  for (ShadowQueue& candidate : candidates_) candidate.tail().Decay(decay);
  if (arrivals_ > 0) recent_arrivals_ = decay * recent_arrivals_ + kPeriod;
  recent_seconds_ =
      decay * recent_seconds_ + absl::ToDoubleSeconds(now - period_start_);
  period_start_ = now;

  seconds_.assign(max_batch_size_ + 1, 0);
  for (int images = 1; images <= max_batch_size_; ++images) {
    seconds_[images] = absl::ToDoubleSeconds(cost.Predict(images));
  }
  ChooseRule(lanes);
}

void BatchPlanner::ForgetTails() {
  for (ShadowQueue& candidate : candidates_) {
    candidate = ShadowQueue(candidate.rule(), max_batch_size_);
  }
}

// The share of the time that no lane is busy if all batches have this size.
double BatchPlanner::SpareCapacity(int images, int lanes) const {
  const double work = recent_arrivals_ * seconds_[images] / images;
  return 1 - work / (recent_seconds_ * lanes);
}

void BatchPlanner::ChooseRule(int lanes) {
  const double least_spare =
      kLeastSpare * std::max(SpareCapacity(max_batch_size_, lanes), 0.0);
  size_t best = 0;  // admits the largest batches
  std::vector<double> scores(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const LatencyTail& tail = candidates_[i].tail();
    if (tail.weight() < kLeastWeight) return;
    const int images = candidates_[i].rule().images;
    const bool stable =
        images == max_batch_size_ || SpareCapacity(images, lanes) > least_spare;
    scores[i] = stable ? tail.TailMean() + kWeightOfMean * tail.Mean()
                       : std::numeric_limits<double>::infinity();
    if (scores[i] < scores[best]) best = i;
  }
  if (scores[best] < (1 - kImprovement) * scores[chosen_]) chosen_ = best;
}

}  // namespace moevit
