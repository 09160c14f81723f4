// Batches that failed on a device and are to be executed once more.
//
// It has no thread, no lock and no clock, and chooses no device.

#ifndef MOEVIT_SCHEDULER_RETRY_QUEUE_H_
#define MOEVIT_SCHEDULER_RETRY_QUEUE_H_

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "scheduler/device_state.h"
#include "scheduler/image_task.h"

namespace moevit {

// Tasks to be executed together.
struct Retry {
  ModelId model = 0;
  int attempt = 1;                  // that this will be
  std::vector<DeviceId> failed_on;  // attempts before
  // When devices that do not begin are put up with no longer.
  absl::Time give_up = absl::InfiniteFuture();
  std::vector<ImageTask> tasks;
};

// First come, first served. Thread-compatible.
class RetryQueue {
 public:
  void Push(Retry&& retry);
  // Each of its tasks by itself, so that none fails the others again.
  void PushDivided(Retry&& retry);

  // Takes the first for which `choose_device` names one (not -1), and the
  // device.
  std::optional<std::pair<Retry, DeviceId>> Pop(
      absl::FunctionRef<DeviceId(const Retry&)> choose_device);

  // Appends the tasks that need not be executed any more to `dead`.
  void MoveDead(absl::Time now, std::vector<DeadTask>& dead);
  std::vector<ImageTask> TakeAll(ModelId model);

  // When the next of the model's tasks is due; the infinite future if it has
  // none.
  absl::Time NextDeadline(ModelId model) const;
  bool Has(ModelId model) const;
  int images() const;

 private:
  void RemoveEmpty();

  std::deque<Retry> retries_;  // none is empty
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_RETRY_QUEUE_H_
