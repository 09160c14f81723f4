// Whether a configuration fits its card: the rules of kernels/hls/card_budget.h
// with figures, and limits that a user sets. MODELLED.

#ifndef MOEVIT_PLANNER_BUDGET_H_
#define MOEVIT_PLANNER_BUDGET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "planner/card_description.h"

namespace moevit::planner {

struct BudgetLine {
  std::string resource;
  int64_t need = 0;
  int64_t limit = 0;
  // Of the card, before what is kept free of it; 0: not a resource of it.
  int64_t after_shell = 0;
};

// dsp_limit: DSPs that the units may take, if fewer than the card has; 0: what
// the card has.
std::vector<BudgetLine> BudgetOf(const CardDescription& card, int dsp_limit);

// kResourceExhausted, naming resource, need and limit of the first line whose
// limit is exceeded.
absl::Status CheckBudget(const CardDescription& card, int dsp_limit);

// Flip-flops are not in the kernels' models. Estimated from the LUTs in the
// ratio of CoQMoE's published design on a U280: 454.1 to 311.6.
constexpr int64_t FlipFlops(int64_t luts) { return luts * 4541 / 3116; }

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_BUDGET_H_
