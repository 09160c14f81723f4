// What would have happened under another batching rule: a queue on paper that
// sees the same arrivals as the real one and answers them by the cost model.

#ifndef MOEVIT_SCHEDULER_SHADOW_QUEUE_H_
#define MOEVIT_SCHEDULER_SHADOW_QUEUE_H_

#include <deque>
#include <vector>

#include "absl/types/span.h"
#include "scheduler/batch_rule.h"
#include "scheduler/latency_tail.h"

namespace moevit {

// Thread-compatible. Times are seconds since any one moment.
class ShadowQueue {
 public:
  // REQUIRES: 1 <= rule.images <= max_batch_size.
  ShadowQueue(const BatchRule& rule, int max_batch_size);

  // An image arrives at `now`, which is not before the last one. `seconds`
  // holds what a batch takes by its size, [max_batch_size + 1]; as many run
  // side by side as there are `lanes`. REQUIRES: lanes >= 1.
  void Arrive(double now, absl::Span<const double> seconds, int lanes);

  const BatchRule& rule() const { return rule_; }
  const LatencyTail& tail() const { return tail_; }
  LatencyTail& tail() { return tail_; }

 private:
  void SetLanes(int lanes);
  void RunUntil(double now, absl::Span<const double> seconds);
  double StartOfNextBatch() const;

  BatchRule rule_;
  double delay_;
  int max_batch_size_;
  std::deque<double> waiting_;     // arrivals
  std::vector<double> lane_free_;  // a heap, the first to be free on top
  LatencyTail tail_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SHADOW_QUEUE_H_
