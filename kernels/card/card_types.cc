#include "kernels/card/card_types.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/hls/cards.h"

namespace moevit {
namespace {

struct CardType {
  hls::LinearTiles linear;
  hls::CardUnits units;
};

template <typename Card>
CardType TypeOf() {
  return {Card::kLinear, Card::kUnits};
}

absl::StatusOr<CardType> FindType(absl::string_view type) {
  if (type == "u280") return TypeOf<hls::U280>();
  if (type == "u55c") return TypeOf<hls::U55C>();
  if (type == "u250") return TypeOf<hls::U250>();
  return absl::InvalidArgumentError(
      absl::StrCat("card type '", type, "' is not one of u280, u55c and u250"));
}

}  // namespace

absl::StatusOr<int> BatchesInFlight(absl::string_view type) {
  MOEVIT_ASSIGN_OR_RETURN(const CardType found, FindType(type));
  return kBatchesPerPipeline *
         std::max(found.units.linear, found.units.attention);
}

absl::StatusOr<hls::LinearTiles> LinearTilesOf(absl::string_view type) {
  MOEVIT_ASSIGN_OR_RETURN(const CardType found, FindType(type));
  return found.linear;
}

}  // namespace moevit
