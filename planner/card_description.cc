#include "planner/card_description.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/hls/cards.h"

namespace moevit::planner {
namespace {

std::vector<CardDescription> Cards() {
  return {{"u250", "U250", hls::SizesOf<hls::U250>(), /*activation_banks=*/1},
          {"u280", "U280", hls::SizesOf<hls::U280>(), /*activation_banks=*/16},
          {"u55c", "U55C", hls::SizesOf<hls::U55C>(), /*activation_banks=*/16}};
}

}  // namespace

std::vector<absl::string_view> CardNames() { return {"u250", "u280", "u55c"}; }

absl::StatusOr<CardDescription> DescribeCard(absl::string_view name) {
  for (CardDescription& card : Cards()) {
    if (card.name == name) return card;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is none of ", absl::StrJoin(CardNames(), ", ")));
}

}  // namespace moevit::planner
