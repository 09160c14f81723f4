// The processes of the linear operator that read memory and feed the products:
// matrices from the weight ports, rows from the input.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_
#define MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_

#include <cstdint>

#include "kernels/hls/descriptor.h"
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
  MOEVIT_COUNTER(linear_weight_bytes);
  MatrixLoad load = loads.read();
  loads_ahead.write(load);
  while (load.out > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 16
    const int words = MatrixImageWords(load.in_words, load.out);
    for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2354 max = 2354
      MOEVIT_COUNT(linear_weight_bytes, 2 * kWordBytes);
      const WeightLine line = {weights0[load.matrix + i],
                               weights1[load.matrix + i]};
      lines.write(line);
    }
    load = loads.read();
    loads_ahead.write(load);
  }
}

// Reads the rows of one tile, wherever they are. Rows are short and apart, so
// these are single reads with many outstanding rather than bursts; a word is
// then used for all blocks of output channels.
template <int kRows>
void GatherTile(const Word* input, const LinearTile<kRows>& tile,
                Stream<Word>& words) {
  MOEVIT_COUNTER(linear_gather);
  int lane = 0;
  int word = 0;
  const int steps = tile.rows * tile.item.in_words;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 24 max = 24
    MOEVIT_COUNT(linear_gather, 1);
    const int64_t row = tile.input[lane];
    words.write(input[row * tile.item.input_stride + word]);
    if (++word == tile.item.in_words) {
      word = 0;
      ++lane;
    }
  }
}

template <int kRows>
void GatherRows(const Word* input, Stream<LinearTile<kRows>>& tiles,
                Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words) {
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  while (tile.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 394
    GatherTile<kRows>(input, tile, words);
    tile = tiles.read();
    tiles_ahead.write(tile);
  }
}

// Sends every word of tile `held` once per block of output channels, while tile
// `next` comes in: `bank` of `memory` fills, the other one is read.
template <typename Card, int kRows = Card::kLinear.token_lanes>
void RepeatTile(const LinearTile<kRows>& held, const LinearTile<kRows>& next,
                int bank, Word memory[2][Card::kLinear.max_in_words][kRows],
                Stream<Word>& words, Stream<TileWords<kRows>>& repeated) {
  MOEVIT_COUNTER(linear_repeat);
  const int blocks = CeilDivide(held.item.out, Card::kLinear.out_lanes);
  const int send_steps = held.rows > 0 ? blocks * held.item.in_words : 0;
  const int fill_steps = next.rows * next.item.in_words;
  const int steps = send_steps > fill_steps ? send_steps : fill_steps;
  int send_word = 0;
  int fill_word = 0;
  int fill_lane = 0;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 288 max = 288
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_repeat, 1);
    if (i < fill_steps) {
      memory[bank][fill_word][fill_lane] = words.read();
      if (++fill_word == next.item.in_words) {
        fill_word = 0;
        ++fill_lane;
      }
    }
    if (i < send_steps) {
      TileWords<kRows> element;
      for (int lane = 0; lane < kRows; ++lane) {
#pragma HLS UNROLL
        const Word none = {};
        element.row[lane] =
            lane < held.rows ? memory[1 - bank][send_word][lane] : none;
      }
      repeated.write(element);
      if (++send_word == held.item.in_words) send_word = 0;
    }
  }
}

template <typename Card, int kRows = Card::kLinear.token_lanes>
void RepeatTiles(Stream<LinearTile<kRows>>& tiles,
                 Stream<LinearTile<kRows>>& tiles_ahead, Stream<Word>& words,
                 Stream<TileWords<kRows>>& repeated) {
  Word memory[2][Card::kLinear.max_in_words][kRows];
#pragma HLS ARRAY_PARTITION variable = memory dim = 3 complete
#pragma HLS BIND_STORAGE variable = memory type = ram_2p impl = bram
  LinearTile<kRows> held = {};
  LinearTile<kRows> next = tiles.read();
  int bank = 0;
  while (held.rows > 0 || next.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 2 max = 395
    // A process may begin with a tile before its rows are here.
    if (next.rows > 0) tiles_ahead.write(next);
    RepeatTile<Card>(held, next, bank, memory, words, repeated);
    bank = 1 - bank;
    held = next;
    if (held.rows > 0) next = tiles.read();
  }
  tiles_ahead.write(next);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_LOAD_H_
