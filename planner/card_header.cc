#include "planner/card_header.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/substitute.h"

namespace moevit::planner {
namespace {

// $0 structure, $1 base, $2 guard, $3 why, $4 to $7 the values, $8 card.
constexpr char kHeader[] =
    R"(// Written by `moevit plan --optimize`:
//   $3
// MODELLED: no such image has been built. To build it, in deploy/card:
//   make xclbin CARD=$8 CONFIGURATION=$0 HEADER=... CONNECTIVITY=...
// with this file and a connectivity that lists as many units.

#ifndef $2
#define $2

#include "kernels/hls/cards.h"

namespace moevit {
namespace hls {

struct $0 : $1 {
  $4
  $5
  $6
  $7
};

}  // namespace hls
}  // namespace moevit

#endif  // $2
)";

}  // namespace

std::string CardHeader(const CardDescription& card, absl::string_view structure,
                       absl::string_view why) {
  const hls::CardSizes& sizes = card.sizes;
  const std::string linear = absl::StrFormat(
      "static constexpr LinearTiles kLinear = {\n"
      "      /*token_lanes=*/%d, /*out_lanes=*/%d, /*weight_words=*/%d,\n"
      "      /*max_in_words=*/%d, /*max_out=*/%d};",
      sizes.linear.token_lanes, sizes.linear.out_lanes,
      sizes.linear.weight_words, sizes.linear.max_in_words,
      sizes.linear.max_out);
  const std::string queries = absl::StrFormat(
      "static constexpr int kAttentionQueries = %d;", sizes.attention_queries);
  const std::string units = absl::StrFormat(
      "static constexpr CardUnits kUnits = {/*linear=*/%d, /*attention=*/%d,\n"
      "                                       /*vector=*/%d};",
      sizes.units.linear, sizes.units.attention, sizes.units.vector);
  const std::string clock =
      absl::StrFormat("static constexpr int kMegahertz = %d;", sizes.megahertz);
  const std::string guard =
      absl::StrCat("MOEVIT_CARD_", absl::AsciiStrToUpper(structure), "_H_");
  return absl::Substitute(kHeader, structure, card.structure, guard, why,
                          linear, queries, units, clock, card.name);
}

}  // namespace moevit::planner
