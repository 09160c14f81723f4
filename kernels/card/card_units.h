// The units of a card's image: how many there are of each kernel, and how much
// work keeps them busy. A pipeline is a unit of each kernel, which run a batch
// together; a kernel with fewer units than another is part of several.

#ifndef MOEVIT_KERNELS_CARD_CARD_UNITS_H_
#define MOEVIT_KERNELS_CARD_CARD_UNITS_H_

#include <algorithm>
#include <vector>

#include "kernels/card/card.h"
#include "kernels/hls/cards.h"

namespace moevit {

inline constexpr char kLinearKernel[] = "moevit_linear";
inline constexpr char kAttentionKernel[] = "moevit_attention";
inline constexpr char kVectorKernel[] = "moevit_vector";

hls::CardUnits CountUnits(const std::vector<ComputeUnit>& units);

// So many that every unit is part of one.
constexpr int Pipelines(const hls::CardUnits& units) {
  return std::max({units.linear, units.attention, units.vector});
}

// Batches to have in flight for each linear or attention unit: with fewer,
// units wait while batches are copied or queue for what they share.
constexpr int kBatchesPerPipeline = 3;

constexpr int BatchesInFlight(const hls::CardUnits& units) {
  return kBatchesPerPipeline * std::max(units.linear, units.attention);
}

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_UNITS_H_
