// Chooses the batching rule of one model: when waiting for more images costs
// more than it gains, and which batch size pays.
//
// There is no formula for the slowest answers of a queue that serves batches,
// and arrivals follow no known law. So every candidate rule runs along on
// paper (ShadowQueue) with the images that really arrive and the costs that
// were really learned, and the one with the shortest tail of latencies is
// used. That takes less than a microsecond per image.

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
  // Until something is learned the rule is to run whatever waits, in batches
  // of up to `max_batch_size`. No rule delays longer than `max_delay`.
  BatchPlanner(int max_batch_size, absl::Duration max_delay);

  // An image arrived. Does nothing while `cost` is not known. As many batches
  // run side by side as there are `lanes`, all at this cost.
  void RecordArrival(absl::Time now, const CostModel& cost, int lanes);

  const BatchRule& rule() const { return candidates_[chosen_].rule(); }

 private:
  void StartPeriod(absl::Time now, const CostModel& cost, int lanes);
  void ForgetTails();
  void ChooseRule(int lanes);
  double SpareCapacity(int images, int lanes) const;

  const int max_batch_size_;
  std::vector<ShadowQueue> candidates_;
  size_t chosen_;
  std::vector<double> seconds_;  // by batch size
  absl::Time start_ = absl::InfinitePast();
  absl::Time period_start_ = absl::InfinitePast();
  int64_t arrivals_ = 0;
  // Arrivals and the time that they took, the older ones counting less.
  double recent_arrivals_ = 0;
  double recent_seconds_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_PLANNER_H_
