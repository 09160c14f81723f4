// Threads that share the iterations of one short loop after another.
//
// Unlike base/thread_pool.h its threads spin for a moment between loops: an
// image takes about a hundred loops of a few dozen microseconds each, and
// waking a sleeping thread for every one of them would cost as much as the
// loop. A team that has nothing to do sleeps.
//
// A loop waits for no thread that has not come to it: one that still wakes up,
// or whose processor is busy with something else, joins when it can, and the
// others do its part meanwhile. Unless each is pinned to one processor, the
// threads stay off that on which the caller runs: Linux may wake a thread
// there, and then lets it wait for a tick of the clock, longer than a small
// batch takes. Processors are those that the thread may use that constructs the
// team.

#ifndef MOEVIT_KERNELS_CPU_WORKER_TEAM_H_
#define MOEVIT_KERNELS_CPU_WORKER_TEAM_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace moevit::cpu {

// Thread-compatible: one caller of Run at a time.
class WorkerTeam {
 public:
  using Body = absl::FunctionRef<void(int64_t index, int worker)>;

  // `workers` includes the thread that calls Run. REQUIRES: workers >= 1.
  // With `pin`, each thread that the team starts stays on one processor of
  // those this process may use, in turn from the second one on, where the
  // system lets it; the caller's thread is not the team's to bind.
  explicit WorkerTeam(int workers, bool pin = false);
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;
  ~WorkerTeam();

  int workers() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls body(index, worker) once for each index in [0, count), in any order,
  // and returns when all calls have. `worker` is in [0, workers()) and no two
  // calls with the same worker overlap. What the calls wrote is visible to the
  // caller and to later loops.
  // REQUIRES: body neither throws nor calls Run on this team.
  void Run(int64_t count, Body body);

 private:
  void AvoidCaller();
  void RunIterations(int worker);
  void RunWorker(int worker);
  void Join(uint32_t loop, int worker);

  static constexpr int kNobody = -1;

  // The loop in progress; written while nobody can have joined one.
  const Body* body_ = nullptr;
  int64_t count_ = 0;

  // On cache lines of their own: each is written by one side while the others
  // watch it.
  alignas(64) std::atomic<int64_t> next_{0};   // first index not taken
  alignas(64) std::atomic<uint32_t> loop_{0};  // odd while it may be joined
  alignas(64) std::atomic<int> inside_{0};     // started threads in the loop
  alignas(64) std::atomic<bool> stopping_{false};

  std::vector<std::thread> threads_;
  std::vector<int> processors_;      // that threads may use; empty if pinned
  int callers_processor_ = kNobody;  // which they avoid
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_WORKER_TEAM_H_
