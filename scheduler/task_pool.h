// A fixed set of threads that run submitted functions, first come first
// served: for work that is too long for a thread that serves connections, such
// as decoding an image.

#ifndef MOEVIT_SCHEDULER_TASK_POOL_H_
#define MOEVIT_SCHEDULER_TASK_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/mutex.h"

namespace moevit {

// Thread safe.
class TaskPool {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // REQUIRES: threads >= 1, max_waiting >= 1.
  TaskPool(int threads, size_t max_waiting);

  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // Runs every task that was accepted, then returns.
  ~TaskPool();

  // Has `task` run by one of the threads. Does not block. Returns
  // kResourceExhausted, and has not touched `task`, when max_waiting tasks
  // wait already.
  absl::Status Submit(Task&& task);

 private:
  void RunTasks();

  const size_t max_waiting_;

  Mutex mutex_;
  CondVar changed_;
  std::deque<Task> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_TASK_POOL_H_
