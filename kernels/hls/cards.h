// One configuration per card: how large its units are, how many there are, at
// which clock, on which memory.
//
// A card image is built for one of them (MOEVIT_CARD; deploy/card). That they
// fit their cards is asserted in card_budget.h.

#ifndef MOEVIT_KERNELS_HLS_CARDS_H_
#define MOEVIT_KERNELS_HLS_CARDS_H_

#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/resources.h"

namespace moevit {
namespace hls {

// Compute units of each kernel.
struct CardUnits {
  int linear;
  int attention;
  int vector;
};

// Banks of the card's memory, each with a port of its own: pseudo channels of
// HBM, or channels of DDR.
struct CardMemory {
  int banks;
  int megabytes_per_second;  // of a bank
  int most_ports;            // of kernels
};

// Three regions (SLR): one linear and one attention unit in each. Resources
// after the shell as a routed design on this card reports them; memory
// bandwidth from the vendor's documentation.
struct U280 {
  static constexpr LinearTiles kLinear = {
      /*token_lanes=*/4, /*out_lanes=*/16, /*weight_words=*/2048,
      /*max_in_words=*/128, /*max_out=*/4096};
  static constexpr int kAttentionQueries = 4;
  static constexpr CardUnits kUnits = {/*linear=*/3, /*attention=*/3,
                                       /*vector=*/1};
  static constexpr int kMegahertz = 250;
  static constexpr int kRegions = 3;
  static constexpr Resources kAfterShell = {/*dsp=*/9020, /*bram36=*/1819,
                                            /*uram=*/960, /*lut=*/1170835};
  static constexpr CardMemory kMemory = {/*banks=*/32,
                                         /*megabytes_per_second=*/14375,
                                         /*most_ports=*/32};
};

// The fabric of a U280 with 16 GB of HBM2. What its shell leaves is taken to be
// what a U280's leaves.
struct U55C : U280 {};

// Four regions, 77 GB/s of DDR4: three linear units, which its memory can feed.
// DSP, BRAM and LUT after the shell derived from a published design's shares.
struct U250 {
  static constexpr LinearTiles kLinear = U280::kLinear;
  static constexpr int kAttentionQueries = 4;
  static constexpr CardUnits kUnits = {/*linear=*/3, /*attention=*/3,
                                       /*vector=*/1};
  static constexpr int kMegahertz = 250;
  static constexpr int kRegions = 4;
  static constexpr Resources kAfterShell = {/*dsp=*/12275, /*bram36=*/2336,
                                            /*uram=*/1280, /*lut=*/1527000};
  static constexpr CardMemory kMemory = {/*banks=*/4,
                                         /*megabytes_per_second=*/19250,
                                         /*most_ports=*/60};
};

// Small and odd, so that tests on small matrices meet every border.
struct TestCard {
  static constexpr LinearTiles kLinear = {
      /*token_lanes=*/2, /*out_lanes=*/4, /*weight_words=*/128,
      /*max_in_words=*/8, /*max_out=*/256};
  static constexpr int kAttentionQueries = 2;
};

}  // namespace hls
}  // namespace moevit

// A configuration beside these (`moevit plan --optimize` writes one).
#ifdef MOEVIT_CARD_HEADER
#include MOEVIT_CARD_HEADER
#endif

#endif  // MOEVIT_KERNELS_HLS_CARDS_H_
