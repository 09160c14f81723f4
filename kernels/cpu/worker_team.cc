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
void Bind(std::thread& thread, const cpu_set_t& processors) {
  pthread_setaffinity_np(thread.native_handle(), sizeof(processors),
                         &processors);
}

}  // namespace

WorkerTeam::WorkerTeam(int workers, bool pin) {
  threads_.reserve(workers - 1);
  for (int worker = 1; worker < workers; ++worker) {
    threads_.emplace_back([this, worker] { RunWorker(worker); });
  }
  const std::vector<int> processors = AllowedProcessors();
  if (!pin) {
    processors_ = processors;
    return;
  }
  for (size_t i = 0; i < threads_.size() && !processors.empty(); ++i) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors[(i + 1) % processors.size()], &one);
    Bind(threads_[i], one);
  }
}

WorkerTeam::~WorkerTeam() {
  stopping_.store(true, std::memory_order_relaxed);
  loop_.fetch_add(2, std::memory_order_release);  // another, not to be joined
  loop_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Run(int64_t count, Body body) {
  if (threads_.empty() || count <= 1) {
    for (int64_t index = 0; index < count; ++index) body(index, /*worker=*/0);
    return;
  }
  AvoidCaller();
  body_ = &body;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  loop_.fetch_add(1, std::memory_order_release);
  loop_.notify_all();
  RunIterations(/*worker=*/0);
  // In one order with Join's: a thread sees that the loop is over, or is seen.
  loop_.fetch_add(1, std::memory_order_seq_cst);
  // Bounded by the iterations that the other threads have begun, and by those
  // that came too late and leave at once.
  for (int inside; (inside = inside_.load(std::memory_order_seq_cst)) != 0;) {
    AwaitChange(inside_, inside);
  }
}

void WorkerTeam::AvoidCaller() {
  if (processors_.size() < 2) return;
  const int callers = sched_getcpu();
  if (callers == callers_processor_) return;
  callers_processor_ = callers;
  cpu_set_t others;
  CPU_ZERO(&others);
  for (const int processor : processors_) {
    if (processor != callers) CPU_SET(processor, &others);
  }
  for (std::thread& thread : threads_) Bind(thread, others);
}

void WorkerTeam::RunIterations(int worker) {
  for (int64_t index;
       (index = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
    (*body_)(index, worker);
  }
}

void WorkerTeam::RunWorker(int worker) {
  for (uint32_t seen = 0;;) {
    AwaitChange(loop_, seen);
    seen = loop_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (seen % 2 == 1) Join(seen, worker);
  }
}

// Takes part in the loop unless it is over.
void WorkerTeam::Join(uint32_t loop, int worker) {
  inside_.fetch_add(1, std::memory_order_seq_cst);
  if (loop_.load(std::memory_order_seq_cst) == loop) RunIterations(worker);
  if (inside_.fetch_sub(1, std::memory_order_release) == 1) {
    inside_.notify_one();  // whom the last one lets go on
  }
}

}  // namespace moevit::cpu
