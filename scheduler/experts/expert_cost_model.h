// What experts cost on one device, learned from its own runs: how long an
// expert's weights take to arrive, a part to start, a row to compute.
//
// Pure: times are measured elsewhere.

#ifndef MOEVIT_SCHEDULER_EXPERTS_EXPERT_COST_MODEL_H_
#define MOEVIT_SCHEDULER_EXPERTS_EXPERT_COST_MODEL_H_

#include <array>
#include <cstdint>

#include "scheduler/experts/expert_plan.h"

namespace moevit {

// What a device did of one layer.
struct ExpertWork {
  int64_t loads = 0;  // experts whose weights had to come
  int64_t parts = 0;
  int64_t rows = 0;
};

// Thread-compatible. Follows a device that changes: older runs count ever less.
// A run that was disturbed counts as a few times what was predicted, at most.
class ExpertCostModel {
 public:
  // `work` took `time`, in the unit of the costs; without parts or time it
  // tells nothing.
  void Observe(const ExpertWork& work, double time);

  // Whether there were enough runs to predict from.
  bool known() const { return observations_ >= kEnough; }

  // Those that fit the runs best, by the squares of errors per part; none is
  // negative. Where runs do not tell costs apart, they stay as they were, in
  // the beginning equal parts of the first run's time.
  const ExpertCosts& costs() const { return costs_; }

 private:
  static constexpr int64_t kEnough = 8;
  static constexpr int kCosts = 3;
  using Vector = std::array<double, kCosts>;

  void Improve();

  int64_t observations_ = 0;
  // The normal equations.
  std::array<Vector, kCosts> squares_ = {};
  Vector products_ = {};
  Vector solution_ = {};
  ExpertCosts costs_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERTS_EXPERT_COST_MODEL_H_
