// An ExpertStation on a thread of its own, so that several compute their parts
// of a layer at the same time; or, for a simulation, on the caller's.

#ifndef MOEVIT_SCHEDULER_STATION_THREAD_H_
#define MOEVIT_SCHEDULER_STATION_THREAD_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "scheduler/expert_station.h"

namespace moevit {

// Used by one thread.
class StationThread {
 public:
  // own_thread: if not, Start is the one that takes the time.
  StationThread(std::unique_ptr<ExpertStation> station, bool own_thread);
  StationThread(const StationThread&) = delete;
  StationThread& operator=(const StationThread&) = delete;
  // Waits for a Restore that runs. REQUIRES: nothing else is running.
  ~StationThread();

  // Begins ExpertStation::Run. What the arguments point to must stay until
  // Finish, which must be called before anything else.
  void Start(const ExpertLayerCall& call, bool reverse,
             absl::Span<ExpertPart> parts);

  // Waits, for as long as the device's calls take, which are bounded. Returns
  // the result of Run.
  size_t Finish();

  // Begins to bring a lost device back. Until PollRestore has said how that
  // went, the station may be used in every other way, but not started.
  void StartRestore();
  // The result of ExpertDevice::Restore; none while it runs. Does not wait.
  std::optional<absl::Status> PollRestore();

  // REQUIRES: nothing is running but Restore.
  ExpertStation& station() { return *station_; }
  const ExpertStation& station() const { return *station_; }

 private:
  void RunThread();
  void RunCall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunRestore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<ExpertStation> station_;

  Mutex mutex_;
  CondVar changed_;
  // The work in progress, or null.
  const ExpertLayerCall* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool reverse_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Span<ExpertPart> parts_ ABSL_GUARDED_BY(mutex_);
  size_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  bool restoring_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> restored_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: started when all else is there
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_STATION_THREAD_H_
