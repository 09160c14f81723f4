#include "scheduler/experts/expert_residency.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {

absl::StatusOr<ExpertResidency> ExpertResidency::Create(
    const std::vector<ResidencyLevel>& levels,
    const std::vector<int64_t>& expert_bytes) {
  int64_t largest = 0;
  for (int64_t bytes : expert_bytes) largest = std::max(largest, bytes);
  ExpertResidency residency;
  for (const ResidencyLevel& level : levels) {
    if (largest > level.cache.budget_bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the largest expert takes ", largest, " bytes, more than the ",
          level.cache.budget_bytes, " bytes of level \"", level.name, "\""));
    }
    residency.names_.push_back(level.name);
    residency.caches_.emplace_back(level.cache, expert_bytes);
  }
  return residency;
}

void ExpertResidency::NextEpoch() {
  for (ExpertCache& cache : caches_) cache.NextEpoch();
}

absl::StatusOr<bool> ExpertResidency::Acquire(int expert,
                                              std::vector<WeightMove>* moves) {
  // A level is asked only when all nearer ones lack the expert, and fills
  // before they do.
  const int found = LevelOf(expert);
  const int farthest = std::min(found, levels() - 1);
  for (int level = farthest; level >= 0; --level) {
    evicted_.clear();
    absl::StatusOr<bool> hit = caches_[level].Acquire(expert, &evicted_);
    if (!hit.ok()) {
      // The levels behind this one keep their copy; nobody waits for it.
      return hit.status();
    }
    for (int victim : evicted_) moves->push_back({level, victim, true});
    if (!*hit) moves->push_back({level, expert, false});
    if (level > 0) caches_[level].Release(expert);
  }
  return found == 0;
}

int ExpertResidency::LevelOf(int expert) const {
  int level = 0;
  while (level < levels() && !caches_[level].resident(expert)) ++level;
  return level;
}

}  // namespace moevit
