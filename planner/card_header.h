// A configuration as C++ that the kernels can be built for.

#ifndef MOEVIT_PLANNER_CARD_HEADER_H_
#define MOEVIT_PLANNER_CARD_HEADER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "planner/card_description.h"

namespace moevit::planner {

// A header that declares `structure` in the form of kernels/hls/cards.h, with
// the card's own regions and memory, for deploy/card/Makefile.
// REQUIRES: `structure` is an identifier. why: one line for its comment.
std::string CardHeader(const CardDescription& card, absl::string_view structure,
                       absl::string_view why);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_CARD_HEADER_H_
