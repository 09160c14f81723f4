// Dataflow regions in simulation.
//
// By default the functions of a region run one after the other, in the order in
// which they are called: fast, and exact for the feed-forward regions that the
// kernels consist of, but with streams of any length.
// While a ScopedThreads lives, each function of a region is a thread and a
// stream holds no more than its depth: what the card does. A deadlock is then
// found at the moment it happens, without any time limit: no process of the
// region can take another step.
//
// Regions do not nest.

#ifndef MOEVIT_KERNELS_HLS_SIM_DATAFLOW_H_
#define MOEVIT_KERNELS_HLS_SIM_DATAFLOW_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "kernels/hls/sim/stream.h"

namespace moevit {
namespace hls {
namespace sim {

// Makes processes threads, in the whole program, while it lives. One at a time,
// created while no kernel runs.
class ScopedThreads {
 public:
  // No stream holds more than `max_depth` elements, whatever it declares.
  explicit ScopedThreads(int max_depth = kAsDeclared);
  ~ScopedThreads();
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

  static constexpr int kAsDeclared = 1 << 30;
  static bool active();
  static int max_depth();
};

// The processes of one region that runs as threads, and what they wait for.
// One mutex guards all streams between them: a kernel in threads is for finding
// deadlocks, not for speed.
class Network {
 public:
  // That of the process that this thread runs, or null.
  static Network* Current();

  // Runs each function in a thread of its own, until all have returned.
  void Run(const std::vector<std::function<void()>>& functions,
           const std::vector<const char*>& names);

  // Waits until the calling process may access `channel`, and keeps every other
  // process from its channels until Release.
  void Acquire(const Channel& channel, Access access);
  void Release();

 private:
  struct Waiting {
    const char* process;
    const Channel* channel;
    Access access;
  };

  void RunProcess(const std::function<void()>& function, const char* name);
  // Ends the simulation if every process that still runs waits in vain.
  void CheckForDeadlock() const;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  size_t running_ = 0;
  std::vector<const Waiting*> waiting_;
};

// One region: runs its functions at once, or keeps them to run as threads when
// the region ends.
class Dataflow {
 public:
  Dataflow() = default;
  ~Dataflow();
  Dataflow(const Dataflow&) = delete;
  Dataflow& operator=(const Dataflow&) = delete;

  // What `function` refers to must outlive the region.
  void Run(const char* name, std::function<void()> function);

 private:
  std::vector<const char*> names_;
  std::vector<std::function<void()>> functions_;
};

}  // namespace sim
}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_SIM_DATAFLOW_H_
