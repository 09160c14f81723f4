// The card that most tests of the planner plan for.

#ifndef MOEVIT_TESTS_PLANNER_U280_H_
#define MOEVIT_TESTS_PLANNER_U280_H_

#include "planner/card_description.h"

namespace moevit::planner {

inline CardDescription U280() { return *DescribeCard("u280"); }

}  // namespace moevit::planner

#endif  // MOEVIT_TESTS_PLANNER_U280_H_
