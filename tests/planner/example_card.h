// Written by `moevit plan --optimize`:
//   an example
// MODELLED: no such image has been built. To build it, in deploy/card:
//   make xclbin CARD=u280 CONFIGURATION=ExampleCard HEADER=... CONNECTIVITY=...
// with this file and a connectivity that lists as many units.

#ifndef MOEVIT_CARD_EXAMPLECARD_H_
#define MOEVIT_CARD_EXAMPLECARD_H_

#include "kernels/hls/cards.h"

namespace moevit {
namespace hls {

struct ExampleCard : U280 {
  static constexpr LinearTiles kLinear = {
      /*token_lanes=*/6, /*out_lanes=*/8, /*weight_words=*/1024,
      /*max_in_words=*/128, /*max_out=*/4096};
  static constexpr int kAttentionQueries = 6;
  static constexpr CardUnits kUnits = {/*linear=*/2, /*attention=*/1,
                                       /*vector=*/1};
  static constexpr int kMegahertz = 275;
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_CARD_EXAMPLECARD_H_
