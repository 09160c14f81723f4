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

// Of all units of a card.
template <typename Card>
constexpr Resources CardResources() {
  return Card::kUnits.linear * LinearResources(Card::kLinear) +
         Card::kUnits.attention * AttentionResources(Card::kAttentionQueries) +
         Card::kUnits.vector * VectorResources();
}

// Pointers of all units: a port each (kernels.h).
template <typename Card>
constexpr int CardPorts() {
  return 6 * Card::kUnits.linear + 3 * Card::kUnits.attention +
         5 * Card::kUnits.vector;
}

// Bytes per microsecond, megabytes per second, that all linear units move in a
// layer of width 384 with a residual, 256 rows to a matrix: small models, a
// moderate batch. Wider matrices and more rows need less.
template <typename Card>
constexpr int64_t LinearTraffic() {
  const LinearShape shape = {/*rows=*/256, /*in_words=*/CodeWords(384),
                             /*out=*/384, /*adds=*/true};
  const LinearIterations count = CountLinear(Card::kLinear, &shape, 1);
  const int64_t bytes =
      LinearWeightBytes(count) + LinearRowBytes(count, /*writes_codes=*/false);
  return Card::kUnits.linear * bytes * Card::kMegahertz / count.multiply;
}

// Instantiating it asserts that the card's units fit.
template <typename Card>
struct FitsCard {
  // A routed design keeps some of everything free; half of the LUTs, which the
  // estimates of logic are least sure about.
  static constexpr Resources kNeed = CardResources<Card>();
  static_assert(kNeed.dsp <= Card::kAfterShell.dsp, "too many DSPs");
  static_assert(10 * kNeed.bram36 <= 8 * Card::kAfterShell.bram36,
                "more than 80% of the BRAMs");
  static_assert(10 * kNeed.uram <= 8 * Card::kAfterShell.uram,
                "more than 80% of the URAMs");
  static_assert(2 * kNeed.lut <= Card::kAfterShell.lut,
                "more than half of the LUTs");
  // A unit does not stretch over two regions.
  static_assert(Card::kRegions *
                        (LinearResources(Card::kLinear).dsp +
                         AttentionResources(Card::kAttentionQueries).dsp) <=
                    Card::kAfterShell.dsp,
                "a linear and an attention unit do not fit one region");
  static_assert(Card::kUnits.linear <= Card::kRegions &&
                    Card::kUnits.attention <= Card::kRegions,
                "a region holds one linear and one attention unit");
  static_assert(CardPorts<Card>() <= Card::kMemory.most_ports,
                "too many memory ports");
  static_assert(LinearTraffic<Card>() <= int64_t{Card::kMemory.banks} *
                                             Card::kMemory.megabytes_per_second,
                "the memory is too slow for the linear units");
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_CARD_BUDGET_H_
