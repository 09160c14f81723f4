#include "kernels/cpu/worker_team.h"

#include <pthread.h>
#include <sched.h>

#include "base/thread_affinity.h"

namespace moevit::cpu {
namespace {

// About 50 microseconds: longer than the single-threaded steps between two
// loops, short enough that an idle team is off the processor at once.
constexpr int kSpins = 1000;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns when `value` is no longer `old`.
template <typename T>
void AwaitChange(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

// Best effort: a thread that cannot be bound computes as well.
void Bind(std::thread& thread, int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  pthread_setaffinity_np(thread.native_handle(), sizeof(one), &one);
}

}  // namespace

WorkerTeam::WorkerTeam(int workers, bool pin) {
  threads_.reserve(workers - 1);
  for (int worker = 1; worker < workers; ++worker) {
    threads_.emplace_back([this, worker] { RunWorker(worker); });
  }
  if (!pin) return;
  const std::vector<int> processors = AllowedProcessors();
  for (size_t i = 0; i < threads_.size() && !processors.empty(); ++i) {
    Bind(threads_[i], processors[(i + 1) % processors.size()]);
  }
}

WorkerTeam::~WorkerTeam() {
  stopping_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Run(int64_t count, Body body) {
  if (threads_.empty() || count <= 1) {
    for (int64_t index = 0; index < count; ++index) body(index, /*worker=*/0);
    return;
  }
  body_ = &body;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  RunIterations(/*worker=*/0);
  // Bounded by the iterations that the other threads have begun.
  for (int busy; (busy = busy_.load(std::memory_order_acquire)) != 0;) {
    AwaitChange(busy_, busy);
  }
}

void WorkerTeam::RunIterations(int worker) {
  for (int64_t index;
       (index = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
    (*body_)(index, worker);
  }
}

void WorkerTeam::RunWorker(int worker) {
  uint32_t seen = 0;  // generation of the last loop this thread worked on
  while (true) {
    AwaitChange(generation_, seen);
    // No loop can start before this one ended, so there is exactly one more.
    ++seen;
    if (stopping_.load(std::memory_order_relaxed)) return;
    RunIterations(worker);
    busy_.fetch_sub(1, std::memory_order_release);
    busy_.notify_one();
  }
}

}  // namespace moevit::cpu
