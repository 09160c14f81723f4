// From the sums of the linear operator to fine values or codes.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_
#define MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_

#include <cstdint>

#include "kernels/arith/activation.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_steps.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

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

// Row `at` of a table, to the memory of every lane.
template <int kLanes>
void CopyTableRow(const TableLines& table, int at,
                  uint8_t delta[kLanes][arith::kActivationEntries]) {
#pragma HLS INLINE
  constexpr int kRowsPerWord = kWordBytes / kTableRowBytes;
  constexpr int kRowsPerPort = kTableWords * kRowsPerWord;
  const WeightLine& line = table.line[at / kRowsPerWord % kTableWords];
  const Word& word = at < kRowsPerPort ? line.even : line.odd;
  for (int i = 0; i < kTableRowBytes; ++i) {
#pragma HLS UNROLL
    const uint32_t byte = ByteAt(word, at % kRowsPerWord * kTableRowBytes + i);
    for (int lane = 0; lane < kLanes; ++lane) {
#pragma HLS UNROLL
      delta[lane][at * kTableRowBytes + i] = static_cast<uint8_t>(byte);
    }
  }
}

template <int kRows, int kOut>
ResultPair<kOut> FinishPair(
    const LinearItem& item, const Accumulators<kRows, kOut>& block, int pair,
    const uint8_t delta[2 * kOut][arith::kActivationEntries]) {
#pragma HLS INLINE
  ResultPair<kOut> result;
  for (int row = 0; row < 2; ++row) {
#pragma HLS UNROLL
    for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
      result.row[row][n] = Finish(item, block.sum[2 * pair + row][n],
                                  block.constants[n], delta[row * kOut + n]);
    }
  }
  return result;
}

// Two rows per cycle; before an item's first tile, its table.
template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Rescale(Stream<LinearTile<kRows>>& tiles,
             Stream<LinearTile<kRows>>& tiles_ahead, Stream<TableLines>& tables,
             Stream<Accumulators<kRows, kOut>>& accumulators,
             Stream<ResultPair<kOut>>& results) {
  MOEVIT_COUNTER(linear_rescale);
  // A copy per lane: every lane looks up its own entry in every cycle.
  uint8_t delta[2 * kOut][arith::kActivationEntries];
#pragma HLS ARRAY_PARTITION variable = delta dim = 1 complete
#pragma HLS ARRAY_RESHAPE variable = delta dim = 2 cyclic factor = 16
#pragma HLS BIND_STORAGE variable = delta type = ram_s2p impl = lutram
  TableLines table = {};
  int table_row = 0;
  Accumulators<kRows, kOut> block = {};
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  LinearSteps steps(kRows / 2, OutBlocks<Card>(tile.item));
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 18912 max = 18912
    MOEVIT_COUNT(linear_rescale, 1);
    if (tile.first && table_row < kTableCopySteps) {
      if (table_row == 0) table = tables.read();
      CopyTableRow<2 * kOut>(table, table_row++, delta);
      continue;
    }
    if (steps.first_inner()) block = accumulators.read();
    results.write(
        FinishPair<kRows, kOut>(tile.item, block, steps.inner(), delta));
    if (!steps.Advance()) continue;
    tile = tiles.read();
    tiles_ahead.write(tile);
    steps = LinearSteps(kRows / 2, OutBlocks<Card>(tile.item));
    table_row = 0;
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_RESCALE_H_
