// The images that wait for one model, and the decision which of them run
// together, when, and on which device.
//
// It has no thread, no lock and no clock: time is an argument, so that tests
// and simulations can drive it through any history. Who calls it when is the
// business of Dispatcher.

#ifndef MOEVIT_SCHEDULER_BATCH_QUEUE_H_
#define MOEVIT_SCHEDULER_BATCH_QUEUE_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/batch_planner.h"
#include "scheduler/batch_rule.h"
#include "scheduler/cost_model.h"
#include "scheduler/device_state.h"
#include "scheduler/image_task.h"
#include "scheduler/queue_policy.h"
#include "scheduler/task_queue.h"

namespace moevit {

enum class BatchingMethod {
  // Batch size and delay are those that give the shortest latencies by what
  // was learned of arrivals and devices; deadlines close a batch early.
  kCostModel,
  // A batch starts when it is full or its oldest image has waited for
  // max_queue_delay.
  kFixedDelay,
};

struct BatchingOptions {
  // The most images executed together. Default: 16.
  int max_batch_size = 16;

  // How long an image may wait, while a device is free, for others to fill a
  // batch. Default: 2 ms. Zero executes whatever is there as soon as a device
  // is free.
  absl::Duration max_queue_delay = absl::Milliseconds(2);

  // Default: by the cost model, with the two above as bounds.
  BatchingMethod method = BatchingMethod::kCostModel;

  QueuePolicy policy = {};

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// A batch that is to be taken at `start`.
struct PlannedBatch {
  absl::Time start;
  DeviceId device = 0;
  int images = 0;
  int skip = 0;  // images at the head that are left to other devices
};

// Images leave by priority, then in order of arrival, each exactly once, by
// TakeBatch or by TakeDead. Thread-compatible. Times must not decrease from
// call to call. `devices` is always the list of the same devices.
class BatchQueue {
 public:
  using Devices = absl::Span<const DeviceState>;

  // REQUIRES: options.Validate().ok().
  explicit BatchQueue(const BatchingOptions& options);

  // Returns kDeadlineExceeded, with the predicted time in the message, when
  // even a favourable course of events answers `task` after its deadline.
  absl::Status CheckDeadline(const ImageTask& task, absl::Time now,
                             Devices devices) const;

  // Sets the task's arrival to `now`.
  // REQUIRES: 1 <= task.priority <= options.policy.priority_levels.
  void Push(ImageTask task, absl::Time now, Devices devices);

  // The next batch if nothing else happens; none when the queue is empty or
  // has to wait for a device.
  std::optional<PlannedBatch> NextBatch(absl::Time now, Devices devices) const;

  // Call TakeDead first so that no dead image takes part.
  std::vector<ImageTask> TakeBatch(const PlannedBatch& batch, absl::Time now);

  // Removes the cancelled, the expired, and those that no device can answer
  // in time any more.
  std::vector<DeadTask> TakeDead(absl::Time now, Devices devices);

  // Removes everything.
  std::vector<ImageTask> TakeAll() { return tasks_.TakeAll(); }

  // When TakeDead should be called next; may be too early.
  absl::Time NextExpiry(absl::Time now, Devices devices) const;

  // What a batch is predicted to take; zero while that is not known.
  absl::Duration PredictBatch(DeviceId device, int images) const;

  // A batch was executed in `duration`.
  void OnBatchFinished(DeviceId device, int images, absl::Duration duration);

  int size() const { return tasks_.size(); }
  const BatchRule& rule() const;
  const BatchingOptions& options() const { return options_; }

 private:
  bool learns() const { return options_.method == BatchingMethod::kCostModel; }
  absl::Duration LeastExecution(absl::Time now, Devices devices) const;
  absl::Duration PredictWait(int images_ahead, absl::Time now,
                             Devices devices) const;
  absl::Time DueTime(int images, DeviceId device) const;
  void RecordArrival(absl::Time now, Devices devices);

  const BatchingOptions options_;
  const BatchRule fixed_rule_;
  TaskQueue tasks_;
  std::vector<CostModel> costs_;  // [device]
  BatchPlanner planner_;
  // Of the last batch; before there is one, nothing is known either.
  absl::Time last_start_ = absl::InfiniteFuture();
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_QUEUE_H_
