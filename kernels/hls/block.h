// A block: 32 channels of a row, which is what a process that goes along rows
// takes or gives per cycle. A word of int16, or half a word of codes.
//
// Not the blocks of output channels in which the linear operator multiplies
// (linear_tile.h).

#ifndef MOEVIT_KERNELS_HLS_BLOCK_H_
#define MOEVIT_KERNELS_HLS_BLOCK_H_

#include <cstdint>

#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

constexpr int kBlockLanes = kWordInt16;
using Block = Vec<int16_t, kBlockLanes>;
using BlockSums = Vec<int32_t, kBlockLanes>;

// Blocks of a row that lies in memory as int16 or as codes. The latter end on a
// whole word.
constexpr int Int16Blocks(int width) { return Int16Words(width); }
constexpr int CodeBlocks(int width) { return 2 * CodeWords(width); }

inline Block Int16Block(const Word& word) {
#pragma HLS INLINE
  Block block;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    block[lane] = Int16At(word, lane);
  }
  return block;
}

inline Word Int16Word(const Block& block) {
#pragma HLS INLINE
  Word word;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    SetInt16(word, lane, block[lane]);
  }
  return word;
}

// Half of a word of codes.
inline Block CodeBlock(const Word& word, bool upper) {
#pragma HLS INLINE
  Block block;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    block[lane] = word[(upper ? kBlockLanes : 0) + lane];
  }
  return block;
}

// Puts codes into half of a word; the lower half clears the upper one.
inline void SetCodeBlock(const Block& codes, bool upper, Word& word) {
#pragma HLS INLINE
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    const int8_t code = static_cast<int8_t>(codes[lane]);
    if (!upper) word[lane] = code;
    word[kBlockLanes + lane] = upper ? code : int8_t{0};
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_BLOCK_H_
