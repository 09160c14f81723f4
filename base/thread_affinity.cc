#include "base/thread_affinity.h"

namespace moevit {

std::vector<int> AllowedProcessors() {
  std::vector<int> processors;
  cpu_set_t allowed;
  if (sched_getaffinity(/*pid=*/0, sizeof(allowed), &allowed) != 0) {
    return processors;
  }
  for (int p = 0; p < CPU_SETSIZE; ++p) {
    if (CPU_ISSET(p, &allowed)) processors.push_back(p);
  }
  return processors;
}

ScopedAffinity::ScopedAffinity(absl::Span<const int> processors) {
  cpu_set_t before;
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (const int p : processors) {
    if (p >= 0 && p < CPU_SETSIZE) CPU_SET(p, &wanted);
  }
  if (CPU_COUNT(&wanted) > 0 &&
      sched_getaffinity(/*pid=*/0, sizeof(before), &before) == 0 &&
      sched_setaffinity(/*pid=*/0, sizeof(wanted), &wanted) == 0) {
    before_ = before;
  }
}

ScopedAffinity::~ScopedAffinity() {
  if (before_) sched_setaffinity(/*pid=*/0, sizeof(*before_), &*before_);
}

}  // namespace moevit
