// How much may wait at once: a bound on the images that were accepted and have
// not reached a device yet, by count and by bytes.
//
// A request reserves its places before any work is spent on it, and each
// place is given back when its image leaves the queue, for whatever reason.
// So overload is answered at once and memory stays bounded.

#ifndef MOEVIT_SCHEDULER_QUEUE_BUDGET_H_
#define MOEVIT_SCHEDULER_QUEUE_BUDGET_H_

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"

namespace moevit {

struct QueueLimits {
  // Default: some seconds of work for a small model on a few cores.
  int64_t max_images = 1024;
  // Encoded and preprocessed images together. Default: 256 MiB.
  int64_t max_bytes = int64_t{256} << 20;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// Thread safe. Must outlive every place reserved from it.
class QueueBudget {
 public:
  struct Usage {
    int64_t images = 0;
    int64_t bytes = 0;
  };

  // The right of one image to be in the queue. Movable; gives the place back
  // when destroyed or released. Thread-compatible.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place() { Release(); }

    // Does nothing when there is nothing to give back.
    void Release();

   private:
    friend class QueueBudget;
    Place(QueueBudget* budget, int64_t bytes)
        : budget_(budget), bytes_(bytes) {}

    QueueBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  // REQUIRES: limits.Validate().ok().
  explicit QueueBudget(const QueueLimits& limits) : limits_(limits) {}

  QueueBudget(const QueueBudget&) = delete;
  QueueBudget& operator=(const QueueBudget&) = delete;

  // Reserves a place for each image of a request, by its bytes: all of them or
  // none. Returns kResourceExhausted naming the usage and the limit.
  // REQUIRES: every element of `image_bytes` >= 0.
  absl::StatusOr<std::vector<Place>> Reserve(
      absl::Span<const int64_t> image_bytes);

  Usage usage() const;
  const QueueLimits& limits() const { return limits_; }

 private:
  void GiveBack(int64_t bytes);

  const QueueLimits limits_;

  mutable Mutex mutex_;
  Usage usage_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_QUEUE_BUDGET_H_
