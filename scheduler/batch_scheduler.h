// Brings images and executors together: a Dispatcher that decides, a thread
// for each lane of each device that executes, and a thread that starts batches
// when their time has come and answers expired and cancelled images even while
// every device is busy.
//
// It does not bound its queues: each task carries its place from a QueueBudget,
// which does. It does not decode images and knows nothing of requests.

#ifndef MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_
#define MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/executor.h"
#include "scheduler/batch_queue.h"
#include "scheduler/batch_runner.h"
#include "scheduler/clock.h"
#include "scheduler/device_pool.h"
#include "scheduler/dispatcher.h"
#include "scheduler/image_task.h"

namespace moevit {

struct BatchSchedulerOptions {
  // Default: one device that executes one batch at a time, for executors that
  // use several processors themselves.
  std::vector<DeviceOptions> devices = {{.name = "cpu"}};

  DispatcherOptions dispatcher;

  // Called when the first device serves again or the last one stopped, with
  // whether one serves; on any thread, one call at a time. May be empty.
  std::function<void(bool serving)> on_serving_change;

  // Called when a device stopped serving, with why, or serves again, with OK;
  // on any thread. As often as devices fail and are probed, so that a device
  // that stays broken says so ever more rarely. May be empty.
  std::function<void(const std::string& device, const absl::Status& status)>
      on_device_change;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// What the scheduler has to know of a model.
struct ScheduledModelOptions {
  ImageShape shape;
  BatchingOptions batching;

  // Its share of the devices when they are short, against other models'.
  double weight = 1;

  // Called in AddModel, once per lane. `device` is a position in
  // BatchSchedulerOptions::devices. Returns null, for all lanes of a device, if
  // the model does not run there; it does somewhere.
  std::function<absl::StatusOr<std::unique_ptr<Executor>>(DeviceId device)>
      new_executor;

  // Called after each batch, on its lane's thread; may be empty.
  std::function<void(const BatchReport&)> on_batch;
};

// Thread safe. An image that was submitted is answered exactly once: by a
// batch, or, if its deadline passes or it is cancelled before that, without
// having reached an executor. A batch whose device fails is executed again
// elsewhere, and its answers are the same bits. Models share the devices by
// weight, so none starves another.
class BatchScheduler {
 public:
  // `clock` must outlive the scheduler. REQUIRES: options.Validate().ok().
  BatchScheduler(const BatchSchedulerOptions& options, Clock* clock);

  BatchScheduler(const BatchScheduler&) = delete;
  BatchScheduler& operator=(const BatchScheduler&) = delete;

  // Answers what still waits with kUnavailable, and waits for the batches that
  // are being executed.
  ~BatchScheduler();

  // Returns the error of options.new_executor.
  // REQUIRES: options.batching.Validate().ok(), options.weight > 0.
  absl::StatusOr<ModelId> AddModel(ScheduledModelOptions options);

  // Destroys the model's executors and options, in this call or when the last
  // batch that needs them has ended, and gives its number to others. REQUIRES:
  // `model` came from AddModel, and all images submitted to it were answered.
  void RemoveModel(ModelId model);

  // Takes responsibility for `task`. Does not block. Done is called on another
  // thread, or in this call when the scheduler is draining (kUnavailable), the
  // task's pixels do not fit the model (kInvalidArgument), its deadline cannot
  // be met (kDeadlineExceeded) or no device serves for long (kUnavailable).
  // REQUIRES: `model` came from AddModel.
  void Submit(ModelId model, ImageTask task);

  // Has cancelled images answered now rather than when their turn comes. Call
  // it after Cancellation::Cancel. Does not block.
  void RemoveCancelled();

  // Refuses new images, lets those accepted be executed, and returns true once
  // all are answered. At `deadline` answers what still waits with kUnavailable
  // and returns false.
  bool Drain(absl::Time deadline);

  // The state of each device.
  std::vector<DeviceSnapshot> devices() const;

 private:
  struct Model {
    ScheduledModelOptions options;  // may own what the executors use
    std::vector<std::vector<std::unique_ptr<Executor>>> executors;
  };
  // Where a lane's thread finds its work.
  struct Lane {
    CondVar changed;
    std::optional<Dispatch> work;
    std::shared_ptr<const Model> model;  // of the work
  };

  ModelId AddToDispatcher(std::shared_ptr<const Model> model,
                          std::vector<bool> runs_on);
  void RunLane(Lane* lane);
  void RunTimer();
  void Execute(Dispatch& dispatch, const Model& model);
  void AnswerDead(std::vector<DeadTask>& dead);
  void TellServing();
  std::vector<DeadTask> FinishDispatch(Dispatch& dispatch,
                                       const BatchReport& report);
  absl::Status Accept(ModelId model, ImageTask& task)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartWork(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatchSchedulerOptions options_;
  Clock* const clock_;

  mutable Mutex mutex_;
  CondVar timer_changed_;
  CondVar became_idle_;  // for Drain
  Dispatcher dispatcher_ ABSL_GUARDED_BY(mutex_);
  // By number; null where a model was removed.
  std::vector<std::shared_ptr<const Model>> models_ ABSL_GUARDED_BY(mutex_);
  // [device][lane]; the vectors are constant after construction.
  std::vector<std::vector<std::unique_ptr<Lane>>> lanes_
      ABSL_GUARDED_BY(mutex_);
  // Pieces of work taken from the dispatcher and not yet answered.
  int active_ ABSL_GUARDED_BY(mutex_) = 0;
  // When the timer's thread looks again if nobody wakes it.
  absl::Time timer_wake_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  Mutex serving_mutex_;  // taken before mutex_
  bool told_serving_ ABSL_GUARDED_BY(serving_mutex_) = true;

  std::vector<std::thread> threads_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_BATCH_SCHEDULER_H_
