// The products of the linear operator: token_lanes rows times out_lanes output
// channels, one word of inputs per cycle, two products per DSP.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_
#define MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_

#include <cstdint>

#include "kernels/hls/linear_matrix.h"
#include "kernels/hls/linear_tile.h"
#include "kernels/hls/packed_product.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Adds the products of one word of two rows with one word of weights.
inline void AddProducts(const Word& low, const Word& high, const Word& weights,
                        int32_t* low_sum, int32_t* high_sum) {
#pragma HLS INLINE
  for (int first = 0; first < kWordCodes; first += kPackedSums) {
#pragma HLS UNROLL
    int64_t sum = 0;
    for (int k = first; k < first + kPackedSums; ++k) {
#pragma HLS UNROLL
      sum += PackedProduct(low[k], high[k], weights[k]);
    }
    *low_sum += LowSum(sum);
    *high_sum += HighSum(sum);
  }
}

// One tile with the matrix in `bank`, while the next matrix loads: both take
// one step per cycle.
template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void MultiplyTile(const LinearItem& item, int bank, MatrixMemory<Card>& memory,
                  LoadPosition* loading, Stream<WeightLine>& lines,
                  Stream<TileWords<kRows>>& words,
                  Stream<Accumulators<kRows, kOut>>& accumulators) {
  MOEVIT_COUNTER(linear_multiply);
  Accumulators<kRows, kOut> block;
#pragma HLS ARRAY_PARTITION variable = block.sum dim = 0 complete
  const int steps = CeilDivide(item.out, kOut) * item.in_words;
  const int weights_at = bank * MatrixMemory<Card>::kBankWords;
  const int constants_at = bank * MatrixMemory<Card>::kBankLines;
  int channel = 0;
  int word = 0;
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 288 max = 288
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_multiply, 1);
    if (!loading->done()) loading->Store<Card>(lines.read(), memory);
    const TileWords<kRows> rows = words.read();
    for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
      const Word weights = memory.weights[n][weights_at + i];
      for (int row = 0; row < kRows; row += 2) {
#pragma HLS UNROLL
        int32_t low = word == 0 ? 0 : block.sum[row][n];
        int32_t high = word == 0 ? 0 : block.sum[row + 1][n];
        AddProducts(rows.row[row], rows.row[row + 1], weights, &low, &high);
        block.sum[row][n] = low;
        block.sum[row + 1][n] = high;
      }
    }
    if (++word < item.in_words) continue;
    const WeightLine line =
        memory.constants[constants_at + channel / kConstantsPerLine];
    for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
      block.constants[n] = ConstantsAt(line, channel + n);
    }
    accumulators.write(block);
    word = 0;
    channel += kOut;
  }
}

// What of the next matrix has not loaded during the tiles before it.
template <typename Card>
void FinishLoading(MatrixMemory<Card>& memory, LoadPosition* loading,
                   Stream<WeightLine>& lines) {
  MOEVIT_COUNTER(linear_multiply);
  while (!loading->done()) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 2354
    MOEVIT_COUNT(linear_multiply, 1);
    loading->Store<Card>(lines.read(), memory);
  }
}

template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Multiply(Stream<LinearTile<kRows>>& tiles,
              Stream<LinearTile<kRows>>& tiles_ahead, Stream<MatrixLoad>& loads,
              Stream<WeightLine>& lines, Stream<TileWords<kRows>>& words,
              Stream<WeightLine>& tables,
              Stream<Accumulators<kRows, kOut>>& accumulators) {
  static_assert(kRows % 2 == 0, "rows share multipliers in pairs");
  static_assert(kConstantsPerLine % kOut == 0,
                "a line holds the constants of whole blocks");
  MOEVIT_MEMORY(MatrixMemory<Card>, memory);
#pragma HLS ARRAY_PARTITION variable = memory.weights dim = 1 complete
#pragma HLS BIND_STORAGE variable = memory.weights type = ram_2p impl = uram
#pragma HLS BIND_STORAGE variable = memory.constants type = ram_2p impl = bram
#pragma HLS ARRAY_PARTITION variable = memory.table dim = 0 complete
  int bank = 1;
  LoadPosition loading(loads.read(), 1 - bank);
  LinearTile<kRows> tile = tiles.read();
  while (tile.rows > 0) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 394
    tiles_ahead.write(tile);
    if (tile.first) {
      FinishLoading<Card>(memory, &loading, lines);
      bank = 1 - bank;
      loading = LoadPosition(loads.read(), 1 - bank);
      for (int i = 0; i < kTableWords; ++i) {
        tables.write(memory.table[bank][i]);
      }
    }
    MultiplyTile<Card>(tile.item, bank, memory, &loading, lines, words,
                       accumulators);
    tile = tiles.read();
  }
  tiles_ahead.write(tile);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_
