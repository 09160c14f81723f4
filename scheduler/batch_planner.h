// Chooses the batching rule of one model: when waiting for more images costs
// more than it gains, and which batch size pays.
//
// The plain rule is to run whatever waits as soon as a device is free. On one
// device little beats it; where batches save nothing smaller ones do, and on
// several devices a short wait does. There is no formula for the slowest
// answers of a queue that serves batches, and arrivals follow no known law. So
// every candidate rule runs along on paper (ShadowQueue) with the images that
// really arrive and the costs that were really learned, and one with a clearly
// shorter tail of latencies replaces the plain rule. That takes 2.4 to 3.8
// microseconds per image.
//
// What was learned of arrivals holds for their rate, and is kept for when it
// comes again, as in bursts. At a new rate the plain rule is back until enough
// is known.

#ifndef MOEVIT_SCHEDULER_BATCH_PLANNER_H_
#define MOEVIT_SCHEDULER_BATCH_PLANNER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/batch_rule.h"
#include "scheduler/cost_model.h"
#include "scheduler/latency_tail.h"
#include "scheduler/rate_level.h"
#include "scheduler/shadow_queue.h"

namespace moevit {

// Thread-compatible. Times must not decrease from call to call.
class BatchPlanner {
 public:
  // The plain rule is for batches of up to `max_batch_size`. No rule delays
  // longer than `max_delay`.
  BatchPlanner(int max_batch_size, absl::Duration max_delay);

  // An image arrived. Learns nothing while `cost` knows too few batches. As
  // many batches run side by side as there are `lanes`, all at this cost; if
  // not `alike`, only in the sum.
  void RecordArrival(absl::Time now, const CostModel& cost, int lanes,
                     bool alike = true);

  const BatchRule& rule() const { return candidates_[chosen_].rule(); }

 private:
  // What was learned while images came at one rate, the older of it counting
  // less. 200 KB for batches of up to 16.
  struct AtRate {
    std::vector<LatencyTail> tails;  // [candidate]
    double arrivals = 0;
    double seconds = 0;  // that these took
    size_t chosen = 0;   // candidate

    void Decay(double factor);
  };

  void AddCandidate(int images, absl::Duration delay);
  void LearnCosts(const CostModel& cost);
  bool LosesNothing(int images) const;
  void ChooseRule(AtRate& learned, int lanes, bool alike) const;
  double SpareCapacity(const AtRate& learned, int images, int lanes) const;
  double DoubtInSmallerBatches(int images, double spare) const;

  const int max_batch_size_;
  std::vector<ShadowQueue> candidates_;  // the plain rule is the first
  size_t chosen_ = 0;
  RateLevel rate_;
  std::map<int, AtRate> learned_;  // by the rate's level
  BatchCosts costs_;
  double mean_disturbance_ = 0;
  double mean_error_ = 0;  // of the costs, in seconds, whatever its sign
  std::optional<absl::Time> start_;  // the first arrival
  double last_arrival_ = 0;          // seconds since then
  int64_t arrivals_ = 0;             // that were learned from
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_PLANNER_H_
