// Which processors threads may run on.

#ifndef MOEVIT_BASE_THREAD_AFFINITY_H_
#define MOEVIT_BASE_THREAD_AFFINITY_H_

#include <sched.h>

#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace moevit {

// Those of the calling thread, ascending; empty where that cannot be told.
std::vector<int> AllowedProcessors();

// Keeps the calling thread on some processors for as long as it lives, and the
// threads started meanwhile for as long as they live. Memory that these threads
// touch first is that of their processors' node. Best effort: a thread that
// cannot be bound computes as well.
class ScopedAffinity {
 public:
  // None: changes nothing.
  explicit ScopedAffinity(absl::Span<const int> processors);

  // REQUIRES: the thread that constructed it.
  ~ScopedAffinity();
  ScopedAffinity(const ScopedAffinity&) = delete;
  ScopedAffinity& operator=(const ScopedAffinity&) = delete;

 private:
  std::optional<cpu_set_t> before_;
};

}  // namespace moevit

#endif  // MOEVIT_BASE_THREAD_AFFINITY_H_
