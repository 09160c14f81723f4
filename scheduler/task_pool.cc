#include "scheduler/task_pool.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace moevit {

TaskPool::TaskPool(int threads, size_t max_waiting)
    : max_waiting_(max_waiting) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { RunTasks(); });
  }
}

TaskPool::~TaskPool() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status TaskPool::Submit(Task&& task) {
  MutexLock lock(&mutex_);
  if (waiting_.size() >= max_waiting_) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("%d tasks wait for a thread, the limit is %d",
                        waiting_.size(), max_waiting_));
  }
  waiting_.push_back(std::move(task));
  changed_.Signal();
  return absl::OkStatus();
}

void TaskPool::RunTasks() {
  while (true) {
    Task task;
    {
      MutexLock lock(&mutex_);
      while (waiting_.empty() && !stopping_) changed_.Wait(&mutex_);
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    std::move(task)();
  }
}

}  // namespace moevit
