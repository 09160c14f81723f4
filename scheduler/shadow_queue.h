// What would have happened under another batching rule: a queue on paper that
// sees the same arrivals as the real one and answers them by the cost model,
// disturbed now and then as real batches were. What disturbs a batch depends on
// the image that it begins with: so rules differ by what they do, and less by
// their luck.

#ifndef MOEVIT_SCHEDULER_SHADOW_QUEUE_H_
#define MOEVIT_SCHEDULER_SHADOW_QUEUE_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "scheduler/batch_rule.h"
#include "scheduler/latency_tail.h"

namespace moevit {

// What batches take, in seconds.
struct BatchCosts {
  std::vector<double> by_size;  // [max_batch_size + 1]

  // What batches take beyond that, whatever their size: each one of these. May
  // be empty.
  std::vector<double> disturbances;
};

// Thread-compatible. Times are seconds since any one moment.
class ShadowQueue {
 public:
  // REQUIRES: 1 <= rule.images <= max_batch_size.
  ShadowQueue(const BatchRule& rule, int max_batch_size);

  // An image arrives at `now`, which is not before the last one. As many
  // batches run side by side as there are `lanes`. Adds to `tail` the latencies
  // of what was started since the last arrival. REQUIRES: lanes >= 1.
  void Arrive(double now, const BatchCosts& costs, int lanes,
              LatencyTail& tail);

  const BatchRule& rule() const { return rule_; }
  void set_overload_images(int images) { rule_.overload_images = images; }

 private:
  void SetLanes(int lanes);
  void RunUntil(double now, const BatchCosts& costs, LatencyTail& tail);
  double StartOfNextBatch() const;
  double SecondsOfNextBatch(int images, const BatchCosts& costs) const;

  BatchRule rule_;
  double delay_;
  int max_batch_size_;
  std::deque<double> waiting_;     // arrivals
  std::vector<double> lane_free_;  // a heap, the first to be free on top
  uint64_t arrivals_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SHADOW_QUEUE_H_
