// How much may wait, and how much memory requests may hold: bounds on the
// images that were accepted and have not reached a device yet, and on the bytes
// of all requests that were accepted and not answered yet.
//
// A request makes its claims before any work is spent on it, and each claim is
// given back as soon as what it stands for is gone, for whatever reason. So
// overload is answered at once and memory stays bounded.
//
// Nobody can fill it alone. One client holds no more than a constant times what
// is free, so that the more clients there are, the less each may hold, and
// there is room for the next one. The same goes for models. (This is what
// switches do with packet memory: Choudhury and Hahne's dynamic thresholds.)
// Who holds nothing yet is admitted whenever there is room.

#ifndef MOEVIT_SCHEDULER_QUEUE_BUDGET_H_
#define MOEVIT_SCHEDULER_QUEUE_BUDGET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "scheduler/drain_rate.h"

namespace moevit {

struct QueueLimits {
  // Images that wait. Default: some seconds of work for a small model on a few
  // cores.
  int64_t max_images = 1024;
  // Encoded and preprocessed images of the requests not yet answered. Default:
  // 256 MiB.
  int64_t max_bytes = int64_t{256} << 20;

  // The part of either that a client, or a model, may hold while it is the only
  // one, in (0, 1]; with others it is less. 1: no such bound. Default: 3/4 for
  // a client, 9/10 for a model.
  double max_client_share = 0.75;
  double max_model_share = 0.9;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// Thread safe. Must outlive every claim on it.
class QueueBudget {
 public:
  struct Usage {
    int64_t images = 0;
    int64_t bytes = 0;
  };

  // What a request needs, and for whom.
  struct Demand {
    absl::string_view client;
    absl::string_view model;
    int64_t images = 0;
    int64_t bytes = 0;
  };

 private:
  using Holders = std::map<std::string, Usage, std::less<>>;

 public:
  // A part of the budget that is in use. Movable; gives it back when destroyed
  // or released. Thread-compatible.
  class Claim {
   public:
    Claim() = default;
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&& other) noexcept;
    ~Claim() { Release(); }

    // Does nothing when there is nothing to give back.
    void Release();

   private:
    friend class QueueBudget;

    QueueBudget* budget_ = nullptr;
    Usage amount_;
    Holders::iterator client_;
    Holders::iterator model_;
  };

  // The claims of one request.
  struct Claims {
    std::vector<Claim> places;  // one for each image, while it waits
    Claim memory;               // all of the bytes
  };

  // REQUIRES: limits.Validate().ok().
  explicit QueueBudget(const QueueLimits& limits) : limits_(limits) {}

  QueueBudget(const QueueBudget&) = delete;
  QueueBudget& operator=(const QueueBudget&) = delete;

  // Claims what a request needs: all of it or nothing. Returns
  // kResourceExhausted naming the usage and the limit, and, unless the request
  // can never fit, when to try again (base/retry_after.h), predicted from how
  // fast the queue drains. `now` is what time it is.
  // REQUIRES: demand.images >= 0, demand.bytes >= 0.
  absl::StatusOr<Claims> Reserve(const Demand& demand, absl::Time now);

  Usage usage() const;
  const QueueLimits& limits() const { return limits_; }

 private:
  absl::Status CheckWhole(const Demand& demand) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckShare(const Demand& demand, absl::string_view who,
                          const Usage& held, double share) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Claim Take(Usage amount, Holders::iterator client, Holders::iterator model)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(const Claim& claim);

  const QueueLimits limits_;

  mutable Mutex mutex_;
  Usage usage_ ABSL_GUARDED_BY(mutex_);
  Usage given_back_ ABSL_GUARDED_BY(mutex_);  // ever
  Holders clients_ ABSL_GUARDED_BY(mutex_);   // of those that hold something
  Holders models_ ABSL_GUARDED_BY(mutex_);
  DrainRate image_rate_ ABSL_GUARDED_BY(mutex_);
  DrainRate byte_rate_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_QUEUE_BUDGET_H_
