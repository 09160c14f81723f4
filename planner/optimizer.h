// Searches the configuration of a card that runs a program fastest, in two
// stages: what each kernel by itself may sensibly look like, then how many
// units of which look balance each other within the card's budget. MODELLED.

#ifndef MOEVIT_PLANNER_OPTIMIZER_H_
#define MOEVIT_PLANNER_OPTIMIZER_H_

#include "absl/status/statusor.h"
#include "planner/card_description.h"
#include "planner/plan.h"
#include "program/program.h"

namespace moevit::planner {

struct OptimizerOptions {
  PlanOptions plan;
  int dsp_limit = 0;  // see BudgetOf
};

struct OptimizedCard {
  CardDescription card;  // named as the one that the search began with
  Plan plan;
  int considered = 0;  // configurations that fit
};

// Most images per second; among equals, fewest DSPs. Clock, regions and memory
// stay `card`'s. Returns kResourceExhausted if nothing fits; errors of MakePlan
// for a program that no configuration can run.
absl::StatusOr<OptimizedCard> OptimizeCard(const Program& program,
                                           const CardDescription& card,
                                           const OptimizerOptions& options);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_OPTIMIZER_H_
