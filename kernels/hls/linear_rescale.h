// The processes of the linear operator between the products and the rows: from
// sums to fine values or codes, and from blocks of channels to rows.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_

#include <cstdint>

#include "kernels/arith/activation.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Bytes of the activation table that are copied per cycle, and read at once: a
// table's memory is 16 rows of 16 bytes.
constexpr int kTableRowBytes = 16;

// From sum to fine value, or to code.
inline int16_t Finish(const LinearItem& item, int32_t sum,
                      const ChannelConstants& constants, const uint8_t* delta) {
#pragma HLS INLINE
  const arith::Rescale rescale = {constants.multiplier, constants.shift};
  const int16_t fine = arith::Apply(rescale, sum + constants.bias);
  if (item.output_kind != kCodes) return fine;
  const int16_t active =
      item.activation != 0
          ? arith::Activate(fine, delta, item.index_shift, item.delta_shift)
          : fine;
  return arith::FineToCode(active, item.output_zero);
}

// Copies a table to the memory of every lane.
template <int kLanes>
void LoadTable(Stream<WeightLine>& tables,
               uint8_t delta[kLanes][arith::kActivationEntries]) {
  MOEVIT_COUNTER(linear_rescale);
  // Port 0 carries the first half, port 1 the second.
  Word table[2][kTableWords];
#pragma HLS ARRAY_PARTITION variable = table dim = 0 complete
  for (int i = 0; i < kTableWords; ++i) {
    const WeightLine line = tables.read();
    table[0][i] = line.even;
    table[1][i] = line.odd;
  }
  for (int at = 0; at < arith::kActivationEntries; at += kTableRowBytes) {
#pragma HLS PIPELINE II = 1
    MOEVIT_COUNT(linear_rescale, 1);
    const Word& word =
        table[at / (kTableWords * kWordBytes)][at / kWordBytes % kTableWords];
    for (int i = 0; i < kTableRowBytes; ++i) {
#pragma HLS UNROLL
      for (int lane = 0; lane < kLanes; ++lane) {
#pragma HLS UNROLL
        delta[lane][at + i] =
            static_cast<uint8_t>(ByteAt(word, at % kWordBytes + i));
      }
    }
  }
}

// One tile, two rows per cycle.
template <int kRows, int kOut>
void RescaleTile(const LinearItem& item,
                 const uint8_t delta[2 * kOut][arith::kActivationEntries],
                 Stream<Accumulators<kRows, kOut>>& accumulators,
                 Stream<ResultPair<kOut>>& results) {
  MOEVIT_COUNTER(linear_rescale);
  constexpr int kPairs = kRows / 2;
  const int steps = CeilDivide(item.out, kOut) * kPairs;
  Accumulators<kRows, kOut> block = {};
  int pair = 0;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 48 max = 48
    MOEVIT_COUNT(linear_rescale, 1);
    if (pair == 0) block = accumulators.read();
    ResultPair<kOut> result;
    for (int row = 0; row < 2; ++row) {
#pragma HLS UNROLL
      for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
        result.row[row][n] = Finish(item, block.sum[2 * pair + row][n],
                                    block.constants[n], delta[row * kOut + n]);
      }
    }
    results.write(result);
    pair = pair == kPairs - 1 ? 0 : pair + 1;
  }
}

template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Rescale(Stream<LinearTile<kRows>>& tiles,
             Stream<LinearTile<kRows>>& tiles_ahead, Stream<WeightLine>& tables,
             Stream<Accumulators<kRows, kOut>>& accumulators,
             Stream<ResultPair<kOut>>& results) {
  // A copy per lane: every lane looks up its own entry in every cycle.
  uint8_t delta[2 * kOut][arith::kActivationEntries];
#pragma HLS ARRAY_PARTITION variable = delta dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = delta dim = 2 cyclic factor = 16
#pragma HLS BIND_STORAGE variable = delta type = ram_s2p impl = lutram
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  while (tile.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 394
    if (tile.first) LoadTable<2 * kOut>(tables, delta);
    RescaleTile<kRows, kOut>(tile.item, delta, accumulators, results);
    tile = tiles.read();
    tiles_ahead.write(tile);
  }
}

// Turns the blocks of tile `next` into rows in `bank` of `memory`, while the
// rows of tile `held` leave from the other one, 32 channels per cycle.
template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void TransposeTile(const LinearTile<kRows>& held, const LinearTile<kRows>& next,
                   int bank, int16_t memory[2][kRows][Card::kLinear.max_out],
                   Stream<ResultPair<kOut>>& blocks, Stream<Results>& results) {
  MOEVIT_COUNTER(linear_transpose);
  constexpr int kPairs = kRows / 2;
  const int fill_steps =
      next.rows > 0 ? CeilDivide(next.item.out, kOut) * kPairs : 0;
  const int row_results = CeilDivide(held.item.out, kWordInt16);
  const int send_steps = held.rows * row_results;
  const int steps = send_steps > fill_steps ? send_steps : fill_steps;
  int pair = 0;
  int channel = 0;
  int send_row = 0;
  int send_channel = 0;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 48 max = 48
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_transpose, 1);
    if (i < fill_steps) {
      const ResultPair<kOut> block = blocks.read();
      for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
        memory[bank][2 * pair][channel + n] = block.row[0][n];
        memory[bank][2 * pair + 1][channel + n] = block.row[1][n];
      }
      pair = pair == kPairs - 1 ? 0 : pair + 1;
      if (pair == 0) channel += kOut;
    }
    if (i < send_steps) {
      Results row;
      for (int n = 0; n < kWordInt16; ++n) {
#pragma HLS UNROLL
        row[n] = send_channel + n < held.item.out
                     ? memory[1 - bank][send_row][send_channel + n]
                     : int16_t{0};
      }
      results.write(row);
      send_channel += kWordInt16;
      if (send_channel >= held.item.out) {
        send_channel = 0;
        ++send_row;
      }
    }
  }
}

template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Transpose(Stream<LinearTile<kRows>>& tiles,
               Stream<LinearTile<kRows>>& tiles_ahead,
               Stream<ResultPair<kOut>>& blocks, Stream<Results>& results) {
  static_assert(Card::kLinear.max_out % kWordCodes == 0,
                "rows are whole words");
  int16_t memory[2][kRows][Card::kLinear.max_out];
#pragma HLS ARRAY_PARTITION variable = memory dim = 2 complete
#pragma HLS ARRAY_PARTITION variable = memory dim = 3 cyclic factor = 32
#pragma HLS BIND_STORAGE variable = memory type = ram_2p impl = bram
  LinearTile<kRows> held = {};
  LinearTile<kRows> next = tiles.read();
  int bank = 0;
  while (held.rows > 0 || next.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 2 max = 395
    if (next.rows > 0) tiles_ahead.write(next);
    TransposeTile<Card>(held, next, bank, memory, blocks, results);
    bank = 1 - bank;
    held = next;
    if (held.rows > 0) next = tiles.read();
  }
  tiles_ahead.write(next);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_
