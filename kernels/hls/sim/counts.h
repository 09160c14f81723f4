// What a simulated kernel did: pipeline iterations and bytes, by name, for
// comparison with the model of the kernel.

#ifndef MOEVIT_KERNELS_HLS_SIM_COUNTS_H_
#define MOEVIT_KERNELS_HLS_SIM_COUNTS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace moevit {
namespace hls {
namespace sim {

// Thread-safe: the processes of a dataflow region share one.
class Counts {
 public:
  void Add(const char* name, int64_t amount);

  // 0 for a name that nobody counted.
  int64_t operator[](const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> by_name_;
};

// While it lives, kernels called from this thread count into `counts`, which
// must outlive it. Without one, nothing is counted.
class ScopedCounts {
 public:
  explicit ScopedCounts(Counts* counts);
  ~ScopedCounts();
  ScopedCounts(const ScopedCounts&) = delete;
  ScopedCounts& operator=(const ScopedCounts&) = delete;

  // The innermost one of this thread, or null.
  static Counts* Current();

 private:
  Counts* const outer_;
};

// One named count of one process; reported when the process ends.
class Counter {
 public:
  explicit Counter(const char* name) : name_(name) {}
  ~Counter();
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void Add(int64_t amount) { amount_ += amount; }

 private:
  const char* const name_;
  int64_t amount_ = 0;
};

}  // namespace sim
}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_SIM_COUNTS_H_
