#include "scheduler/batch_planner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace moevit {
namespace {

// With fewer batches than this, predictions of their costs are guesses.
constexpr int64_t kLeastBatches = 32;
// Arrivals between two looks at costs and tails.
constexpr int64_t kPeriod = 128;
// Latencies lose half of their weight over so many arrivals.
constexpr double kHalfLife = 4096;
// Tails of fewer latencies than this say little.
constexpr double kLeastWeight = 256;
// A rule must be better by so much to take over from another.
constexpr double kImprovement = 0.01;
// And from the plain rule, which loses least where paper and practice differ.
constexpr double kImprovementOverPlain = 0.02;
// They differ more where devices do, and where a wait seems to pay on a single
// lane: images that come while it is busy go together without any. With smaller
// batches a mistake of paper's costs the more, the less capacity these leave
// spare and the less regular a device is.
constexpr double kImprovementInDoubt = 0.15;
// A device whose batches take what was predicted but for this share.
constexpr double kRegular = 0.01;
// Of the capacity.
constexpr double kNothing = 0.001;
// How much the mean of all latencies counts beside that of the slowest.
constexpr double kWeightOfMean = 0.1;
// Delays are the longest by powers of the square root of 2: where it pays to
// wait at all, one that is half as long or twice as long as the best costs
// several percent.
constexpr int kDelays = 13;
// Smaller batches may cost some of the capacity that the largest leave spare,
// but must leave this share of it: tails near saturation are long, and known
// only after they happened.
constexpr double kLeastSpare = 0.67;

// 1, 2, 3, 4, 6, 8, 12, 16, ... and `max`, descending.
std::vector<int> CandidateSizes(int max) {
  std::vector<int> sizes;
  for (int power = 1; power < max; power *= 2) {
    sizes.push_back(power);
    const int next = power + power / 2;
    if (next > power && next < max) sizes.push_back(next);
  }
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
    for (int step = 0; step < kDelays; ++step) {
      AddCandidate(images, std::exp2(-step / 2.0) * max_delay);
    }
  }
}

void BatchPlanner::AtRate::Decay(double factor) {
  for (LatencyTail& tail : tails) tail.Decay(factor);
  arrivals *= factor;
  seconds *= factor;
}

void BatchPlanner::AddCandidate(int images, absl::Duration delay) {
  candidates_.emplace_back(BatchRule{.images = images, .delay = delay},
                           max_batch_size_);
}

void BatchPlanner::RecordArrival(absl::Time now, const CostModel& cost,
                                 int lanes, bool alike) {
  if (!start_.has_value()) start_ = now;
  const double seconds = absl::ToDoubleSeconds(now - *start_);
  const double interval = seconds - std::exchange(last_arrival_, seconds);
  rate_.RecordArrival(seconds);
  if (!rate_.known() || cost.observations() < kLeastBatches || lanes < 1) {
    return;
  }
  const bool new_period = arrivals_++ % kPeriod == 0;
  if (new_period) LearnCosts(cost);
  AtRate& learned = learned_[rate_.level()];
  learned.tails.resize(candidates_.size());
  learned.arrivals += 1;
  learned.seconds += interval;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i].Arrive(seconds, costs_, lanes, learned.tails[i]);
  }
  if (new_period) {
    learned.Decay(std::exp2(-kPeriod / kHalfLife));
    ChooseRule(learned, lanes, alike);
  }
  chosen_ = learned.chosen;
}

void BatchPlanner::LearnCosts(const CostModel& cost) {
  costs_.by_size.assign(max_batch_size_ + 1, 0);
  for (int images = 1; images <= max_batch_size_; ++images) {
    costs_.by_size[images] = absl::ToDoubleSeconds(cost.Predict(images));
  }
  const auto disturbances = cost.disturbances();
  costs_.disturbances.assign(disturbances.begin(), disturbances.end());
  double sum = 0;
  double error = 0;
  for (const double disturbance : disturbances) {
    sum += disturbance;
    error += std::abs(disturbance);
  }
  const auto count = std::max<size_t>(disturbances.size(), 1);
  mean_disturbance_ = sum / count;
  mean_error_ = error / count;
  int lossless = 1;
  while (lossless < max_batch_size_ && !LosesNothing(lossless)) ++lossless;
  // The first one stays the plain rule.
  for (size_t i = 1; i < candidates_.size(); ++i) {
    candidates_[i].set_overload_images(
        std::max(lossless, candidates_[i].rule().images));
  }
}

// Whether a device that is regular enough to tell answers as many images in
// batches of this size as in the largest ones.
bool BatchPlanner::LosesNothing(int images) const {
  const double seconds = costs_.by_size[images] + mean_disturbance_;
  const double largest = costs_.by_size[max_batch_size_] + mean_disturbance_;
  return !costs_.disturbances.empty() &&
         mean_error_ <= kRegular * costs_.by_size[images] &&
         seconds * max_batch_size_ <= (1 + kNothing) * largest * images;
}

// The share of the time that no lane is busy if all batches have this size.
double BatchPlanner::SpareCapacity(const AtRate& learned, int images,
                                   int lanes) const {
  const double seconds = costs_.by_size[images] + mean_disturbance_;
  const double work = learned.arrivals * seconds / images;
  return 1 - work / (learned.seconds * lanes);
}

// From 0 to 1: what the errors of predictions may take of the capacity that
// batches of this size leave spare.
double BatchPlanner::DoubtInSmallerBatches(int images, double spare) const {
  if (costs_.disturbances.empty()) return 1;
  const double error = mean_error_ / costs_.by_size[images];
  return (1 - spare) * std::min(1.0, error / spare);
}

void BatchPlanner::ChooseRule(AtRate& learned, int lanes, bool alike) const {
  const double least_spare =
      kLeastSpare *
      std::max(SpareCapacity(learned, max_batch_size_, lanes), 0.0);
  size_t best = 0;
  std::vector<double> scores(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const LatencyTail& tail = learned.tails[i];
    if (tail.weight() < kLeastWeight) return;
    const bool smaller = candidates_[i].rule().images < max_batch_size_;
    const double spare =
        SpareCapacity(learned, candidates_[i].rule().images, lanes);
    if (smaller && spare <= least_spare) {
      scores[i] = std::numeric_limits<double>::infinity();
      continue;
    }
    scores[i] = tail.TailMean() + kWeightOfMean * tail.Mean();
    if (i > 0) {
      const bool waits = candidates_[i].rule().delay > absl::ZeroDuration();
      const double doubt =
          !alike || (waits && lanes == 1) ? 1
          : smaller ? DoubtInSmallerBatches(candidates_[i].rule().images, spare)
                    : 0;
      scores[i] /=
          1 - std::max(kImprovementOverPlain, doubt * kImprovementInDoubt);
    }
    if (scores[i] < scores[best]) best = i;
  }
  if (scores[best] < (1 - kImprovement) * scores[learned.chosen]) {
    learned.chosen = best;
  }
}

}  // namespace moevit
