// Has allocations of this process fail, so that tests see what becomes of the
// exception.

#ifndef MOEVIT_TESTS_BASE_ALLOCATION_FAULTS_H_
#define MOEVIT_TESTS_BASE_ALLOCATION_FAULTS_H_

#include <cstddef>
#include <functional>
#include <thread>

namespace moevit {

// While it lives, `new` throws std::bad_alloc where `fails` says so of the size
// in bytes. `fails` is called on every thread that allocates, several at once,
// and must not allocate. One at a time.
class AllocationFaults {
 public:
  explicit AllocationFaults(std::function<bool(size_t)> fails);
  AllocationFaults(const AllocationFaults&) = delete;
  AllocationFaults& operator=(const AllocationFaults&) = delete;

  // Returns when no thread is in `fails`.
  ~AllocationFaults();

 private:
  const std::function<bool(size_t)> fails_;
};

// For `fails`: every allocation of the thread that calls this.
inline std::function<bool(size_t)> EveryAllocationHere() {
  return [thread = std::this_thread::get_id()](size_t) {
    return std::this_thread::get_id() == thread;
  };
}

// For `fails`: sizes from `min` to `max`, on any thread.
inline std::function<bool(size_t)> AllocationsOf(size_t min, size_t max) {
  return [min, max](size_t bytes) { return bytes >= min && bytes <= max; };
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_BASE_ALLOCATION_FAULTS_H_
