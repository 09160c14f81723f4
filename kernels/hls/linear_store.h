// The last processes of the linear operator: rows to memory, the residual
// added.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_STORE_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "kernels/hls/block.h"
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
  LinearSteps steps(Int16Blocks(tile.item.out), tile.rows);
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
    steps = LinearSteps(Int16Blocks(tile.item.out), tile.rows);
  }
}

inline Block AddResidual(const Block& fine, const Block& residual, int shift) {
#pragma HLS INLINE
  Block sum;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    sum[lane] = arith::SaturateToInt16(
        arith::RoundingShift(residual[lane], shift) + fine[lane]);
  }
  return sum;
}

template <int kRows>
void WriteRows(Stream<LinearTile<kRows>>& tiles, Stream<Block>& results,
               Stream<Word>& residuals, Word* output) {
  MOEVIT_COUNTER(linear_write);
  Word codes = {};
  LinearTile<kRows> tile = tiles.read();
  LinearSteps steps(Int16Blocks(tile.item.out), tile.rows);
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 18912 max = 18912
    MOEVIT_COUNT(linear_write, 1);
    const LinearItem& item = tile.item;
    const Block result = results.read();
    const int64_t row = tile.output[steps.outer()];
    const int64_t at = row * item.output_stride + item.output_word;
    if (item.output_kind == kCodes) {
      const bool upper = steps.inner() % 2 != 0;
      SetCodeBlock(result, upper, codes);
      if (upper || steps.last_inner()) output[at + steps.inner() / 2] = codes;
    } else {
      const bool adds = item.output_kind == kAdd;
      output[at + steps.inner()] =
          Int16Word(adds ? AddResidual(result, Int16Block(residuals.read()),
                                       item.residual_shift)
                         : result);
    }
    if (!steps.Advance()) continue;
    tile = tiles.read();
    steps = LinearSteps(Int16Blocks(tile.item.out), tile.rows);
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_STORE_H_
