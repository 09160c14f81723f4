// A fixed set of threads that share the iterations of one loop at a time.
//
// Not a task queue: there is no way to submit work and return.

#ifndef MOEVIT_BASE_THREAD_POOL_H_
#define MOEVIT_BASE_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "base/mutex.h"

namespace moevit {

// Thread safe; loops of several callers run one after the other.
class ThreadPool {
 public:
  using Body = absl::FunctionRef<void(int64_t index, int worker)>;

  // Default: one worker per processor this process may use.
  ThreadPool();

  // `workers` includes the calling thread of ParallelFor: one starts no thread
  // at all. REQUIRES: workers >= 1.
  explicit ThreadPool(int workers);

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // REQUIRES: no ParallelFor is running.
  ~ThreadPool();

  int workers() const { return workers_; }

  // Calls body(index, worker) once for each index in [0, count), in any order,
  // and returns when all calls have. `worker` is in [0, workers()) and no two
  // calls with the same worker overlap, so it can index scratch memory. What
  // the calls wrote is visible to the caller.
  // REQUIRES: body neither throws nor calls ParallelFor on this pool.
  void ParallelFor(int64_t count, Body body);

 private:
  // One loop in progress; lives on the stack of its ParallelFor.
  struct Loop {
    Body body;
    int64_t count;
    std::atomic<int64_t> next{0};
  };

  static void RunIterations(Loop& loop, int worker);
  void RunWorker(int worker);

  const int workers_;

  Mutex caller_mutex_;  // held for the duration of a loop
  Mutex mutex_ ABSL_ACQUIRED_AFTER(caller_mutex_);
  CondVar loop_started_;
  CondVar loop_ended_;
  Loop* loop_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;  // loops started
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;  // threads not yet done with loop_
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_THREAD_POOL_H_
