// The size of one linear unit, what a matrix may measure for it, and how the
// host gets to know.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_TILES_H_
#define MOEVIT_KERNELS_HLS_LINEAR_TILES_H_

#include <cstdint>

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
constexpr int kTileSizes = 5;  // its members

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

// In place of the number of items: asks the unit what it was built with.
constexpr int kAskForTiles = -1;

// Its answer: each size and its complement, so that neither a word that nobody
// wrote nor a damaged one passes for sizes.
inline Word WordOfTiles(const LinearTiles& tiles) {
  Word word = {};
  const int32_t sizes[] = {tiles.token_lanes, tiles.out_lanes,
                           tiles.weight_words, tiles.max_in_words,
                           tiles.max_out};
  for (int i = 0; i < kTileSizes; ++i) {
    SetInt32(word, 2 * i, sizes[i]);
    SetInt32(word, 2 * i + 1, ~sizes[i]);
  }
  return word;
}

// False when the word is no such answer.
inline bool ReadTiles(const Word& word, LinearTiles& tiles) {
  for (int i = 0; i < kTileSizes; ++i) {
    if (Int32At(word, 2 * i) != ~Int32At(word, 2 * i + 1)) return false;
  }
  tiles = {Int32At(word, 0), Int32At(word, 2), Int32At(word, 4),
           Int32At(word, 6), Int32At(word, 8)};
  return true;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_TILES_H_
