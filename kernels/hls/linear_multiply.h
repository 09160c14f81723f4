// The products of the linear operator: token_lanes rows times out_lanes output
// channels, one word of inputs per cycle, two products per DSP.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_
#define MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_

#include <cstdint>

#include "kernels/hls/linear_matrix.h"
#include "kernels/hls/linear_steps.h"
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

// Adds the products of step (`word`, block of output channels) of a tile.
template <typename Card, int kRows, int kOut>
void AddStep(const TileWords<kRows>& rows, const MatrixMemory<Card>& memory,
             int weights_at, bool first, int32_t sum[kRows][kOut]) {
#pragma HLS INLINE
  for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
    const Word weights = memory.weights[n][weights_at];
    for (int row = 0; row < kRows; row += 2) {
#pragma HLS UNROLL
      int32_t low = first ? 0 : sum[row][n];
      int32_t high = first ? 0 : sum[row + 1][n];
      AddProducts(rows.row[row], rows.row[row + 1], weights, &low, &high);
      sum[row][n] = low;
      sum[row + 1][n] = high;
    }
  }
}

template <int kRows, int kOut>
void SetConstants(const WeightLine& line, int channel,
                  Accumulators<kRows, kOut>& block) {
#pragma HLS INLINE
  for (int n = 0; n < kOut; ++n) {
#pragma HLS UNROLL
    block.constants[n] = ConstantsAt(line, channel + n);
  }
}

// Multiplies with the matrix in `bank` while the next one loads into the other
// bank; waits, at the first tile of an item, for what has not loaded yet.
template <typename Card, int kRows = Card::kLinear.token_lanes,
          int kOut = Card::kLinear.out_lanes>
void Multiply(Stream<LinearTile<kRows>>& tiles,
              Stream<LinearTile<kRows>>& tiles_ahead, Stream<MatrixLoad>& loads,
              Stream<WeightLine>& lines, Stream<TileWords<kRows>>& words,
              Stream<TableLines>& tables,
              Stream<Accumulators<kRows, kOut>>& accumulators) {
  static_assert(kRows % 2 == 0, "rows share multipliers in pairs");
  static_assert(kConstantsPerLine % kOut == 0,
                "a line holds the constants of whole blocks");
  MOEVIT_COUNTER(linear_multiply);
  MOEVIT_MEMORY(MatrixMemory<Card>, memory);
#pragma HLS ARRAY_PARTITION variable = memory.weights dim = 1 complete
#pragma HLS BIND_STORAGE variable = memory.weights type = ram_2p impl = uram
#pragma HLS BIND_STORAGE variable = memory.constants type = ram_2p impl = bram
#pragma HLS ARRAY_PARTITION variable = memory.table dim = 0 complete
  Accumulators<kRows, kOut> block = {};
#pragma HLS ARRAY_PARTITION variable = block.sum dim = 0 complete
  int bank = 1;
  LoadPosition loading(loads.read(), 1 - bank);
  LinearTile<kRows> tile = tiles.read();
  tiles_ahead.write(tile);
  LinearSteps steps(tile.item.in_words, OutBlocks<Card>(tile.item));
  int step = 0;  // of the tile: the word of the matrix
  bool ready = false;
  while (tile.rows > 0) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS LOOP_TRIPCOUNT min = 113472 max = 113472
#pragma HLS DEPENDENCE variable = memory inter false
    MOEVIT_COUNT(linear_multiply, 1);
    if (!ready && loading.done()) {
      ready = true;
      bank = 1 - bank;
      loading = LoadPosition(loads.read(), 1 - bank);
      tables.write(memory.table[bank]);
    }
    if (!loading.done()) loading.template Store<Card>(lines.read(), memory);
    if (!ready) continue;
    AddStep<Card, kRows, kOut>(words.read(), memory,
                               bank * MatrixMemory<Card>::kBankWords + step,
                               steps.first_inner(), block.sum);
    ++step;
    if (steps.last_inner()) {
      const int channel = steps.outer() * kOut;
      SetConstants(memory.constants[bank * MatrixMemory<Card>::kBankLines +
                                    channel / kConstantsPerLine],
                   channel, block);
      accumulators.write(block);
    }
    if (!steps.Advance()) continue;
    tile = tiles.read();
    tiles_ahead.write(tile);
    steps = LinearSteps(tile.item.in_words, OutBlocks<Card>(tile.item));
    step = 0;
    if (tile.first) ready = false;
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_MULTIPLY_H_
