// The kinds of cards that images are built for (kernels/hls/cards.h), by name.

#ifndef MOEVIT_KERNELS_CARD_CARD_TYPES_H_
#define MOEVIT_KERNELS_CARD_CARD_TYPES_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/hls/linear_tiles.h"

namespace moevit {

// What an emulated card has the units of.
constexpr char kEmulatedCardType[] = "u280";

// Batches to have in flight for each pipeline of a linear and an attention
// unit: with fewer, units wait while batches are copied or queue for what they
// share.
constexpr int kBatchesPerPipeline = 3;

// Those of a whole card. Errors as below.
absl::StatusOr<int> BatchesInFlight(absl::string_view type);

// The sizes of the linear kernel in an image for such a card. Returns
// kInvalidArgument, naming the types there are, for another one.
absl::StatusOr<hls::LinearTiles> LinearTilesOf(absl::string_view type);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_TYPES_H_
