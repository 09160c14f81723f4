// The roofline of a plan: how many operations per second each kind of op gets
// out of the card, by how many operations it makes of a byte of card memory.

#ifndef MOEVIT_PLANNER_ROOFLINE_H_
#define MOEVIT_PLANNER_ROOFLINE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "planner/card_description.h"
#include "planner/plan.h"

namespace moevit::planner {

// A self-contained SVG. An operation is half of a multiply-accumulate. Roofs:
// the linear units' multipliers, the attention units', and the memory. Points:
// kinds of ops with products, while their kernel runs on all of its units.
std::string RooflineSvg(const Plan& plan, const CardDescription& card,
                        const Timing& timing, absl::string_view title);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_ROOFLINE_H_
