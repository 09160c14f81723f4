// Whether the units of a card fit it, asserted when a card image is built.
// MODELLED: from the estimates of each kernel's model.

#ifndef MOEVIT_KERNELS_HLS_CARD_BUDGET_H_
#define MOEVIT_KERNELS_HLS_CARD_BUDGET_H_

#include <cstdint>

#include "kernels/hls/attention_model.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/linear_model.h"
#include "kernels/hls/resources.h"
#include "kernels/hls/vector_model.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// What a card's configuration says, for functions that compare several.
struct CardSizes {
  LinearTiles linear;
  int attention_queries;
  CardUnits units;
  int megahertz;
  int regions;
  Resources after_shell;
  CardMemory memory;
};

template <typename Card>
constexpr CardSizes SizesOf() {
  return CardSizes{Card::kLinear,    Card::kAttentionQueries, Card::kUnits,
                   Card::kMegahertz, Card::kRegions,          Card::kAfterShell,
                   Card::kMemory};
}

// Of all units of a card.
constexpr Resources CardResources(const CardSizes& card) {
  return card.units.linear * LinearResources(card.linear) +
         card.units.attention * AttentionResources(card.attention_queries) +
         card.units.vector * VectorResources();
}

// What all units may take: a routed design keeps some of everything free; half
// of the LUTs, which the estimates of logic are least sure about.
constexpr Resources CardLimits(const CardSizes& card) {
  return Resources{card.after_shell.dsp, card.after_shell.bram36 * 8 / 10,
                   card.after_shell.uram * 8 / 10, card.after_shell.lut / 2};
}

// DSPs of a linear and an attention unit, which share a region: a unit does not
// stretch over two.
constexpr int PipelineDsps(const CardSizes& card) {
  return LinearResources(card.linear).dsp +
         AttentionResources(card.attention_queries).dsp;
}

// Pointers of all units: a port each (kernels.h).
constexpr int CardPorts(const CardSizes& card) {
  return 6 * card.units.linear + 3 * card.units.attention +
         5 * card.units.vector;
}

// Bytes per microsecond, megabytes per second, that all linear units move in a
// layer of width 384 with a residual, 256 rows to a matrix: small models, a
// moderate batch. Wider matrices and more rows need less.
constexpr int64_t LinearTraffic(const CardSizes& card) {
  const LinearShape shape = {/*rows=*/256, /*in_words=*/CodeWords(384),
                             /*out=*/384, /*adds=*/true};
  const LinearIterations count = CountLinear(card.linear, &shape, 1);
  const int64_t bytes =
      LinearWeightBytes(count) + LinearRowBytes(count, /*writes_codes=*/false);
  return card.units.linear * bytes * card.megahertz / count.multiply;
}

constexpr int64_t MemoryRate(const CardMemory& memory) {
  return int64_t{memory.banks} * memory.megabytes_per_second;
}

// Instantiating it asserts that the card's units fit.
template <typename Card>
struct FitsCard {
  static constexpr CardSizes kSizes = SizesOf<Card>();
  static constexpr Resources kNeed = CardResources(kSizes);
  static constexpr Resources kLimits = CardLimits(kSizes);
  static_assert(kNeed.dsp <= kLimits.dsp, "too many DSPs");
  static_assert(kNeed.bram36 <= kLimits.bram36, "more than 80% of the BRAMs");
  static_assert(kNeed.uram <= kLimits.uram, "more than 80% of the URAMs");
  static_assert(kNeed.lut <= kLimits.lut, "more than half of the LUTs");
  static_assert(Card::kRegions * PipelineDsps(kSizes) <= Card::kAfterShell.dsp,
                "a linear and an attention unit do not fit one region");
  static_assert(Card::kUnits.linear <= Card::kRegions &&
                    Card::kUnits.attention <= Card::kRegions,
                "a region holds one linear and one attention unit");
  static_assert(CardPorts(kSizes) <= Card::kMemory.most_ports,
                "too many memory ports");
  static_assert(LinearTraffic(kSizes) <= MemoryRate(Card::kMemory),
                "the memory is too slow for the linear units");
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_CARD_BUDGET_H_
