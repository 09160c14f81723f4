// From the linear operator's blocks of channels to rows.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_TRANSPOSE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_TRANSPOSE_H_

#include <cstdint>

#include "kernels/hls/block.h"
#include "kernels/hls/linear_steps.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// The block of a row that begins at `channel`; zeros beyond the last channel.
inline Block BlockOfRow(const int16_t* row, int channel, int channels) {
#pragma HLS INLINE
  Block block;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    block[lane] = channel + lane < channels ? row[channel + lane] : int16_t{0};
  }
  return block;
}

// A tile comes in by blocks of channels, two rows per cycle, while the tile
// before leaves row by row, 32 channels per cycle: one bank fills while the
// other one is read.
template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Transpose(Stream<LinearTile<kRows>>& tiles,
               Stream<LinearTile<kRows>>& tiles_ahead,
               Stream<ResultPair<kOut>>& blocks, Stream<Block>& results) {
  static_assert(Card::kLinear.max_out % kWordCodes == 0,
                "rows are whole words");
  MOEVIT_COUNTER(linear_transpose);
  int16_t memory[2][kRows][Card::kLinear.max_out];
#pragma HLS ARRAY_PARTITION variable = memory dim = 2 complete
#pragma HLS ARRAY_PARTITION variable = memory dim = 3 cyclic factor = 32
#pragma HLS BIND_STORAGE variable = memory type = ram_2p impl = bram
  int held_out = 0;
  LinearTile<kRows> next = tiles.read();
  tiles_ahead.write(next);
  LinearSteps send;
  LinearSteps fill(kRows / 2, OutBlocks<Card>(next.item));
  int bank = 0;
  while (!send.done() || next.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 18912 max = 18912
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_transpose, 1);
    if (!fill.done()) {
      const ResultPair<kOut> block = blocks.read();
      for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
        const int channel = fill.outer() * kOut + n;
        memory[bank][2 * fill.inner()][channel] = block.row[0][n];
        memory[bank][2 * fill.inner() + 1][channel] = block.row[1][n];
      }
      fill.Advance();
    }
    if (!send.done()) {
      results.write(BlockOfRow(memory[1 - bank][send.outer()],
                               send.inner() * kBlockLanes, held_out));
      send.Advance();
    }
    if (!fill.done() || !send.done()) continue;
    send = LinearSteps(Int16Blocks(next.item.out), next.rows);
    held_out = next.item.out;
    bank = 1 - bank;
    if (next.rows == 0) continue;
    next = tiles.read();
    tiles_ahead.write(next);
    fill = LinearSteps(kRows / 2, OutBlocks<Card>(next.item));
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_TRANSPOSE_H_
