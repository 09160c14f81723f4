// Brings images and executors together: one queue per model, a fixed set of
// worker threads that every model shares, and a thread that answers expired
// and cancelled images even while every executor is busy.
//
// It does not bound its queues: each task carries its place from a QueueBudget,
// which does. It does not decode images and knows nothing of requests.

#ifndef MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_
#define MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/executor.h"
#include "scheduler/batch_queue.h"
#include "scheduler/batch_runner.h"
#include "scheduler/clock.h"
#include "scheduler/image_task.h"

namespace moevit {

struct BatchSchedulerOptions {
  // Batches executed side by side, each on a thread of its own. Default: 1,
  // for executors that use several processors themselves.
  int executor_threads = 1;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// What the scheduler has to know of a model.
struct ScheduledModelOptions {
  ImageShape shape;
  BatchingOptions batching;

  // Called in AddModel, once per executor thread; the executors are destroyed
  // with the scheduler.
  std::function<std::unique_ptr<Executor>()> new_executor;

  // Called after each batch, on the worker's thread; may be empty.
  std::function<void(const BatchReport&)> on_batch;
};

// Thread safe. An image that was submitted is answered exactly once: by a
// batch, or, if its deadline passes or it is cancelled before that, without
// having reached an executor. Among the models whose next batch is due, the
// one whose oldest image came first goes first, so none starves another.
class BatchScheduler {
 public:
  using ModelId = int;

  // `clock` must outlive the scheduler. REQUIRES: options.Validate().ok().
  BatchScheduler(const BatchSchedulerOptions& options, Clock* clock);

  BatchScheduler(const BatchScheduler&) = delete;
  BatchScheduler& operator=(const BatchScheduler&) = delete;

  // Answers what still waits with kUnavailable, and waits for the batches that
  // are being executed.
  ~BatchScheduler();

  // REQUIRES: options.batching.Validate().ok().
  ModelId AddModel(ScheduledModelOptions options);

  // Takes responsibility for `task`. Does not block. Done is called on another
  // thread, or in this call when the scheduler is draining (kUnavailable) or
  // the task's pixels do not fit the model (kInvalidArgument).
  // REQUIRES: `model` came from AddModel.
  void Submit(ModelId model, ImageTask task);

  // Has cancelled images answered now rather than when their turn comes. Call
  // it after Cancellation::Cancel. Does not block.
  void RemoveCancelled();

  // Refuses new images, lets those accepted be executed, and returns true once
  // all are answered. At `deadline` answers what still waits with kUnavailable
  // and returns false.
  bool Drain(absl::Time deadline);

 private:
  struct Model {
    ScheduledModelOptions options;
    std::vector<std::unique_ptr<Executor>> executors;  // one per worker
  };
  struct Entry {
    std::shared_ptr<const Model> model;
    BatchQueue queue;
  };
  // What one look at the queues gave a thread to do, outside of the lock.
  struct Work {
    std::shared_ptr<const Model> model;
    std::vector<ImageTask> batch;
    std::vector<DeadTask> dead;
  };

  void RunWorker(int worker);
  void RunReaper();
  bool WaitForWork(Work& work);
  bool WaitForDead(std::vector<DeadTask>& dead);
  void Execute(int worker, Work& work);
  void AnswerDead(std::vector<DeadTask>& dead);
  void FinishWork();

  Entry* NextDueEntry(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<DeadTask> TakeAllDead(absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatchSchedulerOptions options_;
  Clock* const clock_;

  Mutex mutex_;
  CondVar work_changed_;  // for workers
  CondVar dead_changed_;  // for the reaper
  CondVar became_idle_;   // for Drain
  std::map<ModelId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Pieces of work taken from the queues and not yet answered.
  int active_ ABSL_GUARDED_BY(mutex_) = 0;
  // When the reaper looks at the queues next if nobody wakes it.
  absl::Time reaper_wake_time_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool cancellation_pending_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_
