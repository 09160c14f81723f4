// Wakes requests when their time has come, and ends them when they are
// cancelled, wherever they are: also while every decoder and every device is
// blocked.

#ifndef MOEVIT_SERVER_REQUEST_WATCH_H_
#define MOEVIT_SERVER_REQUEST_WATCH_H_

#include <map>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "scheduler/clock.h"

namespace moevit {

// A request that has a time limit and can be cancelled. Thread safe.
class WatchedRequest {
 public:
  virtual ~WatchedRequest() = default;

  virtual bool cancelled() const = 0;

  // The time has come that it was watched for. Must get it removed from its
  // watch, or moved to a later time.
  virtual void OnTime() = 0;

  // Answers the request with `reason` if it has no answer yet. Must get it
  // removed from its watch.
  virtual void End(const absl::Status& reason) = 0;
};

// Owns the requests it watches. Thread safe. What it calls must not throw.
class RequestWatch {
 private:
  using Requests = std::multimap<absl::Time, std::shared_ptr<WatchedRequest>>;

 public:
  // A request's place in the watch.
  using Ticket = Requests::iterator;

  // `clock` must outlive the watch.
  explicit RequestWatch(Clock* clock);

  RequestWatch(const RequestWatch&) = delete;
  RequestWatch& operator=(const RequestWatch&) = delete;

  // Ends the requests that are left with kUnavailable.
  ~RequestWatch();

  // From `time` on, `request` is told so.
  Ticket Add(absl::Time time, std::shared_ptr<WatchedRequest> request);

  // Watches for another time instead; the old ticket is void. Not for a request
  // that Remove was called for. Does not throw.
  Ticket Move(Ticket ticket, absl::Time time);

  // Call it once for each ticket, when the request has its answer. The caller
  // must hold the request by other means until this has returned.
  void Remove(Ticket ticket);

  // Ends the requests that are cancelled with kCancelled, before it returns.
  void EndCancelled();

 private:
  void Watch();
  std::shared_ptr<WatchedRequest> First();  // null when there is none

  Clock* const clock_;

  Mutex mutex_;
  CondVar changed_;
  Requests requests_ ABSL_GUARDED_BY(mutex_);
  // The thread looks at the requests not later than this. It is not woken when
  // the first one goes, so that requests that are answered in time cost no
  // switch to it.
  absl::Time wake_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REQUEST_WATCH_H_
