// One image on its way to an executor, and what comes back.

#ifndef MOEVIT_SCHEDULER_IMAGE_TASK_H_
#define MOEVIT_SCHEDULER_IMAGE_TASK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "scheduler/queue_budget.h"

namespace moevit {

// Set once when the answer is no longer wanted; shared by the images of a
// request. Thread safe.
class Cancellation {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_release); }
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> cancelled_{false};
};

// What an executor computed for one image.
struct ImageResult {
  std::vector<int32_t> logits;  // [classes]
  std::string device;           // the executor's name
  int batch_size = 0;           // images executed together
  absl::Duration decode;        // filled in by who decoded the image
  absl::Duration queue;         // from Submit to the start of the execution
  absl::Duration compute;       // of the whole batch
};

struct ImageTask {
  using Done = absl::AnyInvocable<void(absl::StatusOr<ImageResult>) &&>;

  std::vector<uint8_t> pixels;  // [image_size, image_size, channels]
  absl::Time deadline = absl::InfiniteFuture();        // of the answer
  absl::Time queue_deadline = absl::InfiniteFuture();  // of leaving the queue
  int priority = 1;                                    // 1 is the highest
  std::shared_ptr<const Cancellation> cancellation;    // may be null
  QueueBudget::Claim place;                            // in the queue
  absl::Time arrival;  // set when the task enters the queue

  // Called exactly once: with the result, or with kCancelled,
  // kDeadlineExceeded, kUnavailable (shutting down, or no device serves), or
  // the executor's error.
  Done done;
};

// Why `task` need not be executed any more; OK if it should be.
absl::Status StatusOfWaitingTask(const ImageTask& task, absl::Time now);

// A task that is not to be executed any more.
struct DeadTask {
  ImageTask task;
  absl::Status reason;  // not OK
};

// Moves those of `tasks` that need not be executed any more to the end of
// `dead`.
void MoveDead(std::vector<ImageTask>& tasks, absl::Time now,
              std::vector<DeadTask>& dead);

// Whether nobody waits for the answer of `task`, which left the queue in time.
bool IsUnwanted(const ImageTask& task, absl::Time now);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_IMAGE_TASK_H_
