// Everything that is decided about images between their arrival and their
// answer: which model's batch goes next, on which device, what happens to it
// when that device fails, and who waits in vain.
//
// It has no thread, no lock and no clock, and executes nothing: BatchScheduler
// puts threads and executors around it, a simulation a virtual clock.

#ifndef MOEVIT_SCHEDULER_DISPATCHER_H_
#define MOEVIT_SCHEDULER_DISPATCHER_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "scheduler/batch_queue.h"
#include "scheduler/device_pool.h"
#include "scheduler/fair_share.h"
#include "scheduler/image_task.h"
#include "scheduler/retry_queue.h"

namespace moevit {

// Something for one lane of one device to do.
struct Dispatch {
  ModelId model = 0;
  DeviceId device = 0;
  int lane = 0;
  bool probe = false;  // any image will do, there are no tasks
  absl::Time start;
  absl::Duration predicted;  // zero while not known
  std::vector<ImageTask> tasks;

  // What happened to the batch before.
  bool retry = false;  // it failed
  int attempt = 1;
  std::vector<DeviceId> failed_on;
  absl::Time give_up = absl::InfiniteFuture();
};

struct DispatcherOptions {
  // An image that failed on so many devices is answered with the error. A
  // batch that failed on two is divided, so that one image does not fail the
  // others. A device that had not begun with it (IsBatchNotBegun) does not
  // count, as long as that has not gone on for max_outage. Default: 3.
  int max_attempts = 3;

  // How long images wait for a device to come back while none that runs their
  // model serves. After that they are answered with kUnavailable. Default: 10
  // s.
  absl::Duration max_outage = absl::Seconds(10);
};

// Thread-compatible. Times must not decrease from call to call.
class Dispatcher {
 public:
  explicit Dispatcher(const DispatcherOptions& options) : options_(options) {}

  // Devices are added before the first image.
  DeviceId AddDevice(const DeviceOptions& options);

  // A model with twice the weight gets twice the device time when devices are
  // short. REQUIRES: batching.Validate().ok(), weight > 0.
  //   runs_on  by device, whether it runs there; empty: on all
  ModelId AddModel(const BatchingOptions& batching, double weight = 1,
                   std::vector<bool> runs_on = {});

  // REQUIRES: each of its images was answered. Its batches may still run.
  void RemoveModel(ModelId model);

  // Takes `task` into the model's queue, or leaves it alone and returns
  //   kDeadlineExceeded  it cannot be answered in time
  //   kUnavailable       no device has served it for options.max_outage
  absl::Status Push(ModelId model, ImageTask&& task, absl::Time now);

  // What is to be started at `now`; call it until there is nothing.
  std::optional<Dispatch> Next(absl::Time now);

  // `dispatch` ended at `now` with the executor's `status`. Returns the tasks
  // that are to be answered with an error. If the status is OK, the others are
  // still in `dispatch`; if not, they were taken for another try. What is
  // learned as a batch's cost is all the time since it was decided on: also
  // what its lane needed to come back from the batch before.
  std::vector<DeadTask> Finish(Dispatch& dispatch, const absl::Status& status,
                               absl::Time now);

  // The tasks that are not to be executed any more.
  std::vector<DeadTask> TakeDead(absl::Time now);

  // When Next or TakeDead may have something if nothing else happens.
  absl::Time NextEventTime(absl::Time now) const;

  // Removes all that wait, and from now on answers instead of trying again.
  std::vector<ImageTask> Close();

  // Images that wait, for the first time or again.
  int waiting() const;
  // Devices that run none of the models do not count while there are any.
  bool AnyDeviceServes() const;
  const DevicePool& pool() const { return pool_; }
  const BatchQueue& queue(ModelId model) const { return *queues_[model]; }

 private:
  struct ModelUse {
    bool served = true;
    int batches = 0;  // that run
    std::vector<bool> runs_on = {};
  };

  // A model that can probe the device; -1 if there is none.
  ModelId AnyModelOn(DeviceId device) const;
  // The devices as the model finds them.
  absl::Span<const DeviceState> DevicesOf(ModelId model) const {
    return pool_.states(uses_[model].runs_on);
  }
  absl::Time NextProbeTime() const;
  std::optional<Dispatch> NextProbe(absl::Time now);
  std::optional<Dispatch> NextRetry(absl::Time now);
  std::optional<std::pair<ModelId, PlannedBatch>> NextDueBatch(
      absl::Time now) const;
  std::optional<Dispatch> NextBatch(absl::Time now);
  DeviceId DeviceForRetry(const Retry& retry) const;
  void Start(Dispatch& dispatch, absl::Time now);
  std::vector<DeadTask> HandleFailure(Dispatch& dispatch,
                                      const absl::Status& status,
                                      absl::Time now);
  std::vector<ImageTask> TakeAll(ModelId model);
  // When the model's images give up waiting for a device; the infinite future
  // while one serves.
  absl::Time OutageEnd(ModelId model) const {
    return pool_.ServedUntil(uses_[model].runs_on) + options_.max_outage;
  }

  const DispatcherOptions options_;
  DevicePool pool_;
  std::vector<std::unique_ptr<BatchQueue>> queues_;  // [model]
  std::vector<ModelUse> uses_;                       // [model]
  FairShare shares_;
  RetryQueue retries_;
  std::vector<DeadTask> dead_;  // left their queue, for the next TakeDead
  bool closed_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_DISPATCHER_H_
