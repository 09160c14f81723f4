// The cards that plans are made for, as data: what kernels/hls/cards.h says of
// them, and what it need not say to the kernels.

#ifndef MOEVIT_PLANNER_CARD_DESCRIPTION_H_
#define MOEVIT_PLANNER_CARD_DESCRIPTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/hls/card_budget.h"

namespace moevit::planner {

struct CardDescription {
  std::string name;       // "u280"
  std::string structure;  // in kernels/hls/cards.h: "U280"
  hls::CardSizes sizes;
  // Of the memory's banks, those that activations lie in (deploy/card/*.cfg).
  int activation_banks = 0;
};

// In alphabetical order.
std::vector<absl::string_view> CardNames();

// kInvalidArgument, listing the names, for any other name.
absl::StatusOr<CardDescription> DescribeCard(absl::string_view name);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_CARD_DESCRIPTION_H_
