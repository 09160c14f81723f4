// One configuration per card: how large its units are, how many, where.
//
// A card image is built for one of them (MOEVIT_CARD, deploy/card). That they
// fit their cards is asserted in card_budget.h.

#ifndef MOEVIT_KERNELS_HLS_CARDS_H_
#define MOEVIT_KERNELS_HLS_CARDS_H_

#include "kernels/hls/linear_tiles.h"

namespace moevit {
namespace hls {

// 9,024 DSPs in three regions (SLR), 460 GB/s of HBM2.
struct U280 {
  static constexpr LinearTiles kLinear = {
      /*token_lanes=*/4, /*out_lanes=*/16, /*weight_words=*/2048,
      /*max_in_words=*/128, /*max_out=*/4096};
};

// Small and odd, so that tests on small matrices meet every border.
struct TestCard {
  static constexpr LinearTiles kLinear = {
      /*token_lanes=*/2, /*out_lanes=*/4, /*weight_words=*/128,
      /*max_in_words=*/8, /*max_out=*/256};
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_CARDS_H_
