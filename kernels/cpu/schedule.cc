#include "kernels/cpu/schedule.h"

namespace moevit::cpu {
namespace {

bool Continues(const Stage& stage, const StepUse& step) {
  return step.scope == Scope::kRows && step.rows == stage.rows;
}

}  // namespace

std::vector<Segment> MakeSchedule(const std::vector<StepUse>& steps) {
  std::vector<Segment> segments;
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
    const StepUse& step = steps[i];
    const bool whole_batch = step.scope == Scope::kBatch;
    if (segments.empty() || whole_batch || segments.back().whole_batch) {
      segments.push_back({whole_batch, {}});
    }
    std::vector<Stage>& stages = segments.back().stages;
    if (!stages.empty() && Continues(stages.back(), step)) {
      stages.back().end = i + 1;
    } else {
      stages.push_back({i, i + 1, step.scope == Scope::kRows ? step.rows : 0});
    }
  }
  return segments;
}

}  // namespace moevit::cpu
