// The processes of the linear operator after the products: rescaling, turning
// blocks of channels into rows, adding the residual, writing.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_STORE_H_

#include <cstdint>

#include "kernels/arith/activation.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

constexpr int kResultLanes = kWordInt16;

// Reads residual rows ahead of where they are needed.
template <int kRows>
void ReadResidual(const Word* residual, Stream<LinearTile<kRows>>& tiles,
                  Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words) {
  MOEVIT_COUNTER(linear_residual);
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  while (tile.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 394
    const int row_words = Int16Words(tile.item.out);
    const int steps = tile.item.output_kind == kAdd ? tile.rows * row_words : 0;
    int lane = 0;
    int word = 0;
    for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 48 max = 48
      MOEVIT_COUNT(linear_residual, 1);
      const int64_t row = tile.residual[lane];
      words.write(residual[row * tile.item.output_stride +
                           tile.item.output_word + word]);
      if (++word == row_words) {
        word = 0;
        ++lane;
      }
    }
    tile = tiles.read();
    tiles_ahead.write(tile);
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
void WriteTile(const LinearTile<kRows>& tile, Stream<Results>& results,
               Stream<Word>& residuals, Word* output) {
  MOEVIT_COUNTER(linear_write);
  const LinearItem& item = tile.item;
  const int row_results = CeilDivide(item.out, kResultLanes);
  const int steps = tile.rows * row_results;
  Word word = {};
  int lane = 0;
  int index = 0;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 48 max = 48
    MOEVIT_COUNT(linear_write, 1);
    const Results result = results.read();
    const bool last = index == row_results - 1;
    const int64_t row_at =
        int64_t{tile.output[lane]} * item.output_stride + item.output_word;
    if (item.output_kind == kCodes) {
      const bool upper = index % 2 != 0;
      PackCodes(result, upper, word);
      if (upper || last) output[row_at + index / 2] = word;
    } else {
      PackInt16(item.output_kind == kAdd
                    ? AddResidual(result, residuals.read(), item.residual_shift)
                    : result,
                word);
      output[row_at + index] = word;
    }
    index = last ? 0 : index + 1;
    if (last) ++lane;
  }
}

template <int kRows>
void WriteRows(Stream<LinearTile<kRows>>& tiles, Stream<Results>& results,
               Stream<Word>& residuals, Word* output) {
  LinearTile<kRows> tile = tiles.read();
  while (tile.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 394
    WriteTile<kRows>(tile, results, residuals, output);
    tile = tiles.read();
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
