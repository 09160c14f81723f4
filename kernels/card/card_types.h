// The kinds of cards that images are built for (kernels/hls/cards.h), by name.

#ifndef MOEVIT_KERNELS_CARD_CARD_TYPES_H_
#define MOEVIT_KERNELS_CARD_CARD_TYPES_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/hls/linear_tiles.h"

namespace moevit {

// What an emulated card has the units of.
constexpr char kEmulatedCardType[] = "u280";

// The sizes of the linear kernel in an image for such a card. Returns
// kInvalidArgument, naming the types there are, for another one.
absl::StatusOr<hls::LinearTiles> LinearTilesOf(absl::string_view type);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_TYPES_H_
