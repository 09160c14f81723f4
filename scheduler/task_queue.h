// The images that wait for one model, by priority and then by arrival.

#ifndef MOEVIT_SCHEDULER_TASK_QUEUE_H_
#define MOEVIT_SCHEDULER_TASK_QUEUE_H_

#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "scheduler/image_task.h"
#include "scheduler/queue_policy.h"

namespace moevit {

// Each task leaves exactly once. Thread-compatible.
class TaskQueue {
 public:
  // REQUIRES: policy.Validate().ok().
  explicit TaskQueue(const QueuePolicy& policy);

  // REQUIRES: 1 <= task.priority <= policy.priority_levels; arrivals do not
  // decrease from call to call.
  void Push(ImageTask task);

  // The next `count` tasks behind the first `skip`, or fewer if there are not
  // so many.
  std::vector<ImageTask> Take(int count, int skip, absl::Time now);

  // Removes the tasks that are cancelled or too late: those whose deadline
  // leaves less than `least_execution` from `now` on.
  std::vector<DeadTask> TakeDead(absl::Time now,
                                 absl::Duration least_execution);

  std::vector<ImageTask> TakeAll();

  int size() const { return size_; }

  // How many tasks go before a new one of level `priority`.
  int SizeAhead(int priority) const;

  // The infinite future when there is none. The earliest deadline may be
  // given too early after its task has left.
  absl::Time OldestArrival() const;
  absl::Time EarliestDeadline() const { return earliest_deadline_; }
  absl::Time EarliestQueueDeadline() const { return earliest_queue_deadline_; }

 private:
  std::deque<ImageTask>* NextLevel(absl::Time now, int& starved_quota);
  void FindEarliest();

  const QueuePolicy policy_;
  std::vector<std::deque<ImageTask>> levels_;  // [priority - 1]
  int size_ = 0;
  absl::Time earliest_deadline_ = absl::InfiniteFuture();
  absl::Time earliest_queue_deadline_ = absl::InfiniteFuture();
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_TASK_QUEUE_H_
