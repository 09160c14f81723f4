// Chooses the batching rule of one model: when waiting for more images costs
// more than it gains, and which batch size pays.
//
// The plain rule is to run whatever waits as soon as a device is free. On one
// device little beats it; where batches save nothing smaller ones do, and on
// several devices a short wait does. There is no formula for the slowest
// answers of a queue that serves batches, and arrivals follow no known law. So
// every candidate rule runs along on paper (ShadowQueue) with the images that
// really arrive and the costs that were really learned, and one with a clearly
// shorter tail of latencies replaces the plain rule. That takes 1.5 to 3.3
// microseconds per image.
//
// What was learned of arrivals holds for their rate: once that has doubled or
// halved, the plain rule is back until enough is known again.

#ifndef MOEVIT_SCHEDULER_BATCH_PLANNER_H_
#define MOEVIT_SCHEDULER_BATCH_PLANNER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/batch_rule.h"
#include "scheduler/cost_model.h"
#include "scheduler/shadow_queue.h"

namespace moevit {

// Thread-compatible. Times must not decrease from call to call.
class BatchPlanner {
 public:
  // The plain rule is for batches of up to `max_batch_size`. No rule delays
  // longer than `max_delay`.
  BatchPlanner(int max_batch_size, absl::Duration max_delay);

  // An image arrived. Does nothing while `cost` knows too few batches. As many
  // batches run side by side as there are `lanes`, all at this cost; if not
  // `alike`, only in the sum.
  void RecordArrival(absl::Time now, const CostModel& cost, int lanes,
                     bool alike = true);

  const BatchRule& rule() const { return candidates_[chosen_].rule(); }

 private:
  void AddCandidate(int images, absl::Duration delay);
  bool RateChanged(absl::Time now) const;
  void Forget(absl::Time now);
  void StartPeriod(absl::Time now, const CostModel& cost, int lanes,
                   bool alike);
  void LearnCosts(const CostModel& cost);
  void ChooseRule(int lanes, bool alike);
  double SpareCapacity(int images, int lanes) const;

  const int max_batch_size_;
  std::vector<ShadowQueue> candidates_;  // the plain rule is the first
  size_t chosen_ = 0;
  BatchCosts costs_;
  double mean_disturbance_ = 0;
  absl::Time start_;  // of what is remembered
  absl::Time period_start_;
  int64_t arrivals_ = 0;  // since start_
  // Arrivals and the time that they took, the older ones counting less.
  double recent_arrivals_ = 0;
  double recent_seconds_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_PLANNER_H_
