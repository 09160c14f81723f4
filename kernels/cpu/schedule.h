// Which steps a worker may run one after the other without waiting for the
// others. Pure.
//
// A segment is a run of steps whose images do not meet: workers take images and
// carry each through the whole segment while its values are in the cache. Where
// there are fewer images than workers, the workers share every image: a
// segment's stages are runs of steps whose rows do not meet either.

#ifndef MOEVIT_KERNELS_CPU_SCHEDULE_H_
#define MOEVIT_KERNELS_CPU_SCHEDULE_H_

#include <vector>

#include "kernels/cpu/step_use.h"

namespace moevit::cpu {

// Steps [first, end).
struct Stage {
  int first = 0;
  int end = 0;
  // Per image, of all of its steps; 0 unless they are of Scope::kRows.
  int rows = 0;
};

struct Segment {
  bool whole_batch = false;  // one step of Scope::kBatch
  std::vector<Stage> stages;

  int first() const { return stages.front().first; }
  int end() const { return stages.back().end; }
};

// All steps, in order.
std::vector<Segment> MakeSchedule(const std::vector<StepUse>& steps);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SCHEDULE_H_
