#include "kernels/card/card_types.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/hls/cards.h"

namespace moevit {

absl::StatusOr<hls::LinearTiles> LinearTilesOf(absl::string_view type) {
  if (type == "u280") return hls::U280::kLinear;
  if (type == "u55c") return hls::U55C::kLinear;
  if (type == "u250") return hls::U250::kLinear;
  return absl::InvalidArgumentError(
      absl::StrCat("card type '", type, "' is not one of u280, u55c and u250"));
}

}  // namespace moevit
