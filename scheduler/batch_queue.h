// The images that wait for one model, and the decision which of them run
// together.
//
// It has no thread, no lock and no clock: time is an argument, so that tests
// and simulations can drive it through any history. Who calls it when is the
// business of BatchScheduler.

#ifndef MOEVIT_SCHEDULER_BATCH_QUEUE_H_
#define MOEVIT_SCHEDULER_BATCH_QUEUE_H_

#include <deque>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "scheduler/image_task.h"

namespace moevit {

struct BatchingOptions {
  // The most images executed together. Default: 16.
  int max_batch_size = 16;

  // How long the oldest image waits for others to fill a batch. Default: 2 ms.
  // Zero executes whatever is there as soon as an executor is free.
  absl::Duration max_queue_delay = absl::Milliseconds(2);

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// A task that is not to be executed any more.
struct DeadTask {
  ImageTask task;
  absl::Status reason;  // not OK
};

// Images leave in order of arrival, each exactly once, by TakeBatch or by
// TakeDead. Thread-compatible. Times must not decrease from call to call.
class BatchQueue {
 public:
  // REQUIRES: options.Validate().ok().
  explicit BatchQueue(const BatchingOptions& options) : options_(options) {}

  // Sets the task's arrival to `now`.
  void Push(ImageTask task, absl::Time now);

  // The next batch, if one is due at `now`: it is full, or its oldest image
  // has waited max_queue_delay. Empty otherwise.
  // Call TakeDead first so that no dead image takes part.
  std::vector<ImageTask> TakeBatch(absl::Time now);

  // Removes the cancelled and the expired, in order of arrival.
  std::vector<DeadTask> TakeDead(absl::Time now);

  // Removes everything.
  std::vector<ImageTask> TakeAll();

  // When TakeBatch will give something if nothing else happens: the past when
  // a batch is full, the infinite future when the queue is empty.
  absl::Time NextBatchTime() const;

  // The earliest deadline among the waiting images.
  absl::Time NextExpiry() const;

  // When the oldest image came; the infinite future when there is none.
  absl::Time OldestArrival() const;

  int size() const { return static_cast<int>(tasks_.size()); }

 private:
  const BatchingOptions options_;
  std::deque<ImageTask> tasks_;  // in order of arrival
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_QUEUE_H_
