// Where experts' weights are: a stack of memories, each smaller and nearer to
// the arithmetic than the next, over a host memory that has them all. For
// example what a card holds on its chip, its HBM, and the host.
//
// Every level is an ExpertCache of its own: a copy may leave a level while the
// ones above and below keep theirs, since weights are only read.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_RESIDENCY_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_RESIDENCY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scheduler/experts/expert_cache.h"

namespace moevit {

struct ResidencyLevel {
  std::string name;  // for metrics, for example "hbm"
  ExpertCacheOptions cache;
};

// One expert leaves a level, or comes into it from the next one.
struct WeightMove {
  int level = 0;
  int expert = 0;
  bool evict = false;
};

// Thread-compatible.
class ExpertResidency {
 public:
  // levels: the nearest first, at least one. expert_bytes: by expert, over all
  // layers. Returns kInvalidArgument if an expert is larger than a level.
  static absl::StatusOr<ExpertResidency> Create(
      const std::vector<ResidencyLevel>& levels,
      const std::vector<int64_t>& expert_bytes);

  // As the functions of ExpertCache, on all levels. Acquire holds the expert
  // in the nearest level and appends what must move, in the order in which it
  // must be done; returns whether nothing had to come in.
  void NextEpoch();
  absl::StatusOr<bool> Acquire(int expert, std::vector<WeightMove>* moves);
  void Release(int expert) { caches_[0].Release(expert); }

  // The nearest level that has it; the number of levels if only the host does.
  int LevelOf(int expert) const;

  int levels() const { return static_cast<int>(caches_.size()); }
  const std::string& name(int level) const { return names_[level]; }
  const ExpertCache& cache(int level) const { return caches_[level]; }
  ExpertCache& cache(int level) { return caches_[level]; }  // for pinning

 private:
  ExpertResidency() = default;

  std::vector<std::string> names_;
  std::vector<ExpertCache> caches_;
  std::vector<int> evicted_;  // scratch
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_RESIDENCY_H_
