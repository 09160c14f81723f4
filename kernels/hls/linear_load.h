// The processes of the linear operator that read memory and feed the products:
// matrices from the weight ports, rows from the input.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_
#define MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_steps.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Streams matrix images, one after the other, as fast as they are taken.
inline void LoadMatrices(const Word* weights0, const Word* weights1,
                         Stream<MatrixLoad>& loads,
                         Stream<MatrixLoad>& loads_ahead,
                         Stream<WeightLine>& lines) {
  MOEVIT_COUNTER(linear_weight_lines);
  MatrixLoad load = loads.read();
  loads_ahead.write(load);
  while (load.out > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 16
    const int words = MatrixImageWords(load.in_words, load.out);
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2354 max = 2354
      MOEVIT_COUNT(linear_weight_lines, 1);
      const WeightLine line = {weights0[load.matrix + i],
                               weights1[load.matrix + i]};
      lines.write(line);
    }
    load = loads.read();
    loads_ahead.write(load);
  }
}

// Reads the rows of each tile, wherever they are. Rows are short and apart:
// single reads with many outstanding rather than bursts. A word that was read
// is used for all blocks of output channels.
template <int kRows>
void GatherRows(const Word* input, Stream<LinearTile<kRows>>& tiles,
                Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words) {
  MOEVIT_COUNTER(linear_gather);
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  LinearSteps steps(tile.item.in_words, tile.rows);
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 9456 max = 9456
    MOEVIT_COUNT(linear_gather, 1);
    const int64_t row = tile.input[steps.outer()];
    words.write(input[row * tile.item.input_stride + steps.inner()]);
    if (!steps.Advance()) continue;
    tile = tiles.read();
    tiles_ahead.write(tile);
    steps = LinearSteps(tile.item.in_words, tile.rows);
  }
}

// Sends every word of a tile once per block of output channels, while the next
// tile comes in: one bank is read while the other one fills.
template <typename Card, int kRows = Card::kLinear.token_lanes>
void RepeatTiles(Stream<LinearTile<kRows>>& tiles,
                 Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words,
                 Stream<TileWords<kRows>>& repeated) {
  MOEVIT_COUNTER(linear_repeat);
  Word memory[2][Card::kLinear.max_in_words][kRows];
#pragma HLS ARRAY_PARTITION variable = memory dim = 3 complete
#pragma HLS BIND_STORAGE variable = memory type = ram_2p impl = bram
  const Word none = {};
  int held_rows = 0;
  LinearTile<kRows> next = tiles.read();
  tiles_ahead.write(next);
  LinearSteps send;
  LinearSteps fill(next.item.in_words, next.rows);
  int bank = 0;
  while (held_rows > 0 || next.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 113472 max = 113472
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_repeat, 1);
    if (!fill.done()) {
      memory[bank][fill.inner()][fill.outer()] = words.read();
      fill.Advance();
    }
    if (!send.done()) {
      TileWords<kRows> element;
      for (int lane = 0; lane < kRows; ++lane) {
#pragma HLS UNROLL
        element.row[lane] =
            lane < held_rows ? memory[1 - bank][send.inner()][lane] : none;
      }
      repeated.write(element);
      send.Advance();
    }
    if (!fill.done() || !send.done()) continue;
    send = LinearSteps(next.item.in_words,
                       next.rows > 0 ? OutBlocks<Card>(next.item) : 0);
    held_rows = next.rows;
    bank = 1 - bank;
    if (next.rows == 0) continue;
    next = tiles.read();
    tiles_ahead.write(next);
    fill = LinearSteps(next.item.in_words, next.rows);
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_
