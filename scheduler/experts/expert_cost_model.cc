#include "scheduler/experts/expert_cost_model.h"

#include <algorithm>
#include <limits>

namespace moevit {
namespace {

// Of what older runs count, per run.
constexpr double kDecay = 0.98;

// A run counts as so many times its prediction at most.
constexpr double kMaxSurprise = 4;

// Each goes on from the last solution, so a few are enough.
constexpr int kSweeps = 4;

}  // namespace

void ExpertCostModel::Observe(const ExpertWork& work, double time) {
  if (work.parts <= 0 || time <= 0) return;
  const Vector counts = {static_cast<double>(work.loads),
                         static_cast<double>(work.parts),
                         static_cast<double>(work.rows)};
  if (observations_ == 0) {
    const auto kinds = static_cast<double>(std::count_if(
        counts.begin(), counts.end(), [](double count) { return count > 0; }));
    for (int i = 0; i < kCosts; ++i) {
      if (counts[i] > 0) solution_[i] = time / kinds / counts[i];
    }
  }
  double predicted = 0;
  for (int i = 0; i < kCosts; ++i) predicted += solution_[i] * counts[i];
  if (known() && predicted > 0) {
    time = std::min(time, kMaxSurprise * predicted);
  }
  ++observations_;
  // By the time of a part, so that large layers count no more than small ones.
  const double weight = 1 / (counts[1] * counts[1]);
  for (int i = 0; i < kCosts; ++i) {
    for (int j = 0; j < kCosts; ++j) {
      squares_[i][j] = kDecay * squares_[i][j] + weight * counts[i] * counts[j];
    }
    products_[i] = kDecay * products_[i] + weight * counts[i] * time;
  }
  Improve();
}

// Coordinate by coordinate.
void ExpertCostModel::Improve() {
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (int i = 0; i < kCosts; ++i) {
      if (squares_[i][i] < std::numeric_limits<double>::min()) continue;
      double rest = products_[i];
      for (int j = 0; j < kCosts; ++j) {
        if (j != i) rest -= squares_[i][j] * solution_[j];
      }
      solution_[i] = std::max(0.0, rest / squares_[i][i]);
    }
  }
  costs_ = {solution_[0], solution_[1], solution_[2]};
}

}  // namespace moevit
