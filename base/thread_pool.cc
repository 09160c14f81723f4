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
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  loop_started_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::ParallelFor(int64_t count, Body body) {
  const std::lock_guard<std::mutex> caller_lock(caller_mutex_);
  Loop loop{body, count};
  if (threads_.empty() || count <= 1) {
    RunIterations(loop, /*worker=*/0);
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    loop_ = &loop;
    busy_ = static_cast<int>(threads_.size());
    ++generation_;
  }
  loop_started_.notify_all();
  RunIterations(loop, /*worker=*/0);
  std::unique_lock<std::mutex> lock(mutex_);
  loop_ended_.wait(lock, [this] { return busy_ == 0; });
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
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    loop_started_.wait(
        lock, [this, &seen] { return stopping_ || generation_ != seen; });
    if (stopping_) return;
    seen = generation_;
    Loop* const loop = loop_;
    lock.unlock();
    RunIterations(*loop, worker);
    lock.lock();
    if (--busy_ == 0) loop_ended_.notify_one();
  }
}

}  // namespace moevit
