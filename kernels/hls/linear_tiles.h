// The size of one linear unit, and what a matrix may measure for it.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_TILES_H_
#define MOEVIT_KERNELS_HLS_LINEAR_TILES_H_

#include "kernels/arith/activation.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// A cycle multiplies one word, 64 inputs, of token_lanes rows with as many
// weights of out_lanes output channels, two products per DSP.
struct LinearTiles {
  int token_lanes;   // even: rows share a DSP in pairs
  int out_lanes;     // 2, 4, 8 or 16
  int weight_words;  // of one bank of an output lane: half the double buffer
  int max_in_words;
  int max_out;  // of an item
};

// The copy of an item's activation table, 16 bytes per cycle.
constexpr int kTableRowBytes = 16;
constexpr int kTableCopySteps = arith::kActivationEntries / kTableRowBytes;

// Whether a matrix fits the weight buffer as one item.
constexpr bool FitsOneItem(const LinearTiles& tiles, int in_words, int out) {
  return in_words <= tiles.max_in_words && out <= tiles.max_out &&
         CeilDivide(out, tiles.out_lanes) * in_words <= tiles.weight_words;
}

// Most output channels of an item, a multiple of 64; 0: the input is too wide
// for this unit.
constexpr int MaxItemOut(const LinearTiles& tiles, int in_words) {
  int out = tiles.max_out / kWordCodes * kWordCodes;
  while (out > 0 && !FitsOneItem(tiles, in_words, out)) out -= kWordCodes;
  return out;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_TILES_H_
