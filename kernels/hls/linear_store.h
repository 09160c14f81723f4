// The last processes of the linear operator: rows to memory, the residual
// added.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_STORE_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_steps.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Reads residual rows ahead of where they are needed.
template <int kRows>
void ReadResidual(const Word* residual, Stream<LinearTile<kRows>>& tiles,
                  Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words) {
  MOEVIT_COUNTER(linear_residual);
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  LinearSteps steps(ResultsPerRow(tile.item), tile.rows);
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 18912 max = 18912
    if (tile.item.output_kind == kAdd) {
      MOEVIT_COUNT(linear_residual, 1);
      const int64_t row = tile.residual[steps.outer()];
      words.write(residual[row * tile.item.output_stride +
                           tile.item.output_word + steps.inner()]);
      if (!steps.Advance()) continue;
    }
    tile = tiles.read();
    tiles_ahead.write(tile);
    steps = LinearSteps(ResultsPerRow(tile.item), tile.rows);
  }
}

inline Results AddResidual(const Results& fine, const Word& residual,
                           int shift) {
#pragma HLS INLINE
  Results sum;
  for (int i = 0; i < kResultLanes; ++i) {
#pragma HLS UNROLL
    sum[i] = arith::SaturateToInt16(
        arith::RoundingShift(Int16At(residual, i), shift) + fine[i]);
  }
  return sum;
}

// Puts results that are codes into the lower or the upper half of a word.
inline void PackCodes(const Results& codes, bool upper, Word& word) {
#pragma HLS INLINE
  for (int i = 0; i < kResultLanes; ++i) {
#pragma HLS UNROLL
    const int8_t code = static_cast<int8_t>(codes[i]);
    if (!upper) word[i] = code;
    word[kResultLanes + i] = upper ? code : int8_t{0};
  }
}

inline void PackInt16(const Results& values, Word& word) {
#pragma HLS INLINE
  for (int i = 0; i < kResultLanes; ++i) {
#pragma HLS UNROLL
    SetInt16(word, i, values[i]);
  }
}

template <int kRows>
void WriteRows(Stream<LinearTile<kRows>>& tiles, Stream<Results>& results,
               Stream<Word>& residuals, Word* output) {
  MOEVIT_COUNTER(linear_write);
  Word word = {};
  LinearTile<kRows> tile = tiles.read();
  LinearSteps steps(ResultsPerRow(tile.item), tile.rows);
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 18912 max = 18912
    MOEVIT_COUNT(linear_write, 1);
    const LinearItem& item = tile.item;
    const Results result = results.read();
    const int64_t row = tile.output[steps.outer()];
    const int64_t at = row * item.output_stride + item.output_word;
    if (item.output_kind == kCodes) {
      const bool upper = steps.inner() % 2 != 0;
      PackCodes(result, upper, word);
      if (upper || steps.last_inner()) output[at + steps.inner() / 2] = word;
    } else {
      const bool adds = item.output_kind == kAdd;
      PackInt16(adds
                    ? AddResidual(result, residuals.read(), item.residual_shift)
                    : result,
                word);
      output[at + steps.inner()] = word;
    }
    if (!steps.Advance()) continue;
    tile = tiles.read();
    steps = LinearSteps(ResultsPerRow(tile.item), tile.rows);
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
