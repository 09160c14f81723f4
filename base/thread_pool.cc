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
    const MutexLock lock(&mutex_);
    stopping_ = true;
  }
  loop_started_.SignalAll();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::ParallelFor(int64_t count, Body body) {
  const MutexLock caller_lock(&caller_mutex_);
  Loop loop{body, count};
  if (threads_.empty() || count <= 1) {
    RunIterations(loop, /*worker=*/0);
    return;
  }
  {
    const MutexLock lock(&mutex_);
    loop_ = &loop;
    busy_ = static_cast<int>(threads_.size());
    ++generation_;
  }
  loop_started_.SignalAll();
  RunIterations(loop, /*worker=*/0);
  const MutexLock lock(&mutex_);
  while (busy_ > 0) loop_ended_.Wait(&mutex_);
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
      const MutexLock lock(&mutex_);
      while (!stopping_ && generation_ == seen) loop_started_.Wait(&mutex_);
      if (stopping_) return;
      seen = generation_;
      loop = loop_;
    }
    RunIterations(*loop, worker);
    const MutexLock lock(&mutex_);
    if (--busy_ == 0) loop_ended_.Signal();
  }
}

}  // namespace moevit
