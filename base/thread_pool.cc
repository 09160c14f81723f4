#include "base/thread_pool.h"

#include "base/cpu_count.h"

namespace moevit {

ThreadPool::ThreadPool() : ThreadPool(AvailableCpuCount()) {}

ThreadPool::ThreadPool(int workers) : workers_(workers) {
  threads_.reserve(workers - 1);
  for (int worker = 1; worker < workers; ++worker) {
    threads_.emplace_back([this, worker] { RunWorker(worker); });
  }
}

ThreadPool::~ThreadPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::ParallelFor(int64_t count, Body body) {
  absl::MutexLock caller_lock(&caller_mutex_);
  Loop loop{body, count};
  if (threads_.empty() || count <= 1) {
    RunIterations(loop, /*worker=*/0);
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    loop_ = &loop;
    busy_ = static_cast<int>(threads_.size());
    ++generation_;
  }
  RunIterations(loop, /*worker=*/0);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](int* busy) { return *busy == 0; }, &busy_));
  loop_ = nullptr;
}

void ThreadPool::RunIterations(Loop& loop, int worker) {
  // The mutex orders the loop's memory; the counter only hands out indices.
  for (int64_t index; (index = loop.next.fetch_add(
                           1, std::memory_order_relaxed)) < loop.count;) {
    loop.body(index, worker);
  }
}

void ThreadPool::RunWorker(int worker) {
  int64_t seen = 0;  // generation of the last loop this thread worked on
  while (true) {
    Loop* loop = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      const auto has_work = [this, seen]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || generation_ != seen;
      };
      mutex_.Await(absl::Condition(&has_work));
      if (stopping_) return;
      seen = generation_;
      loop = loop_;
    }
    RunIterations(*loop, worker);
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
}

}  // namespace moevit
