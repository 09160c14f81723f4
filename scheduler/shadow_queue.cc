#include "scheduler/shadow_queue.h"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace moevit {
namespace {

// Beyond this the rule has lost; more would only cost memory.
constexpr size_t kMostWaiting = 4096;

// Spreads numbers that follow one another, or are multiples of the same.
uint64_t Mixed(uint64_t number) { return (number * 0x9E3779B97F4A7C15) >> 32; }

}  // namespace

ShadowQueue::ShadowQueue(const BatchRule& rule, int max_batch_size)
    : rule_(rule),
      delay_(absl::ToDoubleSeconds(rule.delay)),
      max_batch_size_(max_batch_size) {}

void ShadowQueue::Arrive(double now, const BatchCosts& costs, int lanes,
                         LatencyTail& tail) {
  SetLanes(lanes);
  RunUntil(now, costs, tail);
  if (waiting_.size() >= kMostWaiting) {
    tail.Add(now - waiting_.front());
    waiting_.pop_front();
  }
  waiting_.push_back(now);
  ++arrivals_;
}

void ShadowQueue::SetLanes(int lanes) {
  if (static_cast<int>(lane_free_.size()) == lanes) return;
  std::sort(lane_free_.begin(), lane_free_.end());
  lane_free_.resize(lanes, 0);
  std::make_heap(lane_free_.begin(), lane_free_.end(), std::greater<>());
}

double ShadowQueue::StartOfNextBatch() const {
  const double lane_free = lane_free_.front();
  const size_t images = rule_.images;
  const double due =
      waiting_.size() >= images
          ? std::min(waiting_[images - 1], waiting_.front() + delay_)
          : waiting_.front() + delay_;
  return std::max(lane_free, due);
}

double ShadowQueue::SecondsOfNextBatch(int images,
                                       const BatchCosts& costs) const {
  double seconds = costs.by_size[images];
  if (!costs.disturbances.empty()) {
    const uint64_t first_image = arrivals_ - waiting_.size();
    seconds +=
        costs.disturbances[Mixed(first_image) % costs.disturbances.size()];
  }
  return std::max(seconds, 0.0);
}

// Starts the batches that are due before `now`. They hold all that wait, since
// every one of those arrived before.
void ShadowQueue::RunUntil(double now, const BatchCosts& costs,
                           LatencyTail& tail) {
  while (!waiting_.empty()) {
    const double start = StartOfNextBatch();
    if (start >= now) return;
    const auto arrived =
        std::upper_bound(waiting_.begin(), waiting_.end(), start);
    const int taken = ImagesToTake(
        rule_, static_cast<int>(arrived - waiting_.begin()), max_batch_size_);
    const double end = start + SecondsOfNextBatch(taken, costs);
    for (int i = 0; i < taken; ++i) tail.Add(end - waiting_[i]);
    waiting_.erase(waiting_.begin(), waiting_.begin() + taken);
    std::pop_heap(lane_free_.begin(), lane_free_.end(), std::greater<>());
    lane_free_.back() = end;
    std::push_heap(lane_free_.begin(), lane_free_.end(), std::greater<>());
  }
}

}  // namespace moevit
