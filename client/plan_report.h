// What `moevit plan` says, as tables for people and as JSON for programs. Every
// figure of this project is MODELLED; those of others stand apart, PUBLISHED.

#ifndef MOEVIT_CLIENT_PLAN_REPORT_H_
#define MOEVIT_CLIENT_PLAN_REPORT_H_

#include <string>
#include <vector>

#include "planner/budget.h"
#include "planner/card_description.h"
#include "planner/plan.h"

namespace moevit {

struct PlanReport {
  std::string model;
  planner::CardDescription card;
  planner::Plan plan;
  std::vector<planner::BudgetLine> budget;
  int considered = 0;    // configurations; 0: none was searched
  bool each_op = false;  // otherwise a row for each kind of op
};

// Markdown tables.
std::string PlanReportToText(const PlanReport& report);

// One JSON object.
std::string PlanReportToJson(const PlanReport& report);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_PLAN_REPORT_H_
