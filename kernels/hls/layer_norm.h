// LayerNorm: a row is summed while it waits in a stream, then normalized.
//
//   load -> sum -> root -> normalize -> store
//
// One block of 32 channels per cycle. The root and the reciprocal of a row are
// one step of a long pipeline, so that narrow rows do not wait for it.

#ifndef MOEVIT_KERNELS_HLS_LAYER_NORM_H_
#define MOEVIT_KERNELS_HLS_LAYER_NORM_H_

#include <cstdint>

#include "kernels/arith/layer_norm.h"
#include "kernels/hls/block.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/digit_recurrence.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

constexpr int kNormConstantsPerWord =
    kWordBytes / static_cast<int>(sizeof(NormConstants));
constexpr int kNormWordsPerBlock = kBlockLanes / kNormConstantsPerWord;

struct LayerNormShape {
  int rows;  // of all images
  int width;
  int shift;
  uint64_t epsilon;

  constexpr int blocks() const { return Int16Blocks(width); }
  constexpr int constant_words() const {
    return CeilDivide(width, kNormConstantsPerWord);
  }
  constexpr int64_t steps() const { return int64_t{rows} * blocks(); }
};

inline LayerNormShape ReadLayerNormShape(const Word& header, int images) {
  LayerNormShape shape = {};
  shape.rows = Int32At(header, 1) * images;
  shape.width = Int32At(header, 2);
  shape.shift = Int32At(header, 3);
  shape.epsilon =
      static_cast<uint32_t>(Int32At(header, 4)) |
      static_cast<uint64_t>(static_cast<uint32_t>(Int32At(header, 5))) << 32;
  return shape;
}

struct RowSums {
  int32_t sum;
  int64_t sum_of_squares;
};

inline void SumRows(const LayerNormShape& shape, Stream<Word>& input,
                    Stream<Word>& rows, Stream<RowSums>& sums) {
  MOEVIT_COUNTER(layer_norm_sum);
  LoopCounter block(shape.blocks());
  RowSums sum = {};
  for (int64_t step = 0; step < shape.steps(); ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2364 max = 2364
    MOEVIT_COUNT(layer_norm_sum, 1);
    const Word word = input.read();
    rows.write(word);
    int32_t block_sum = 0;
    int64_t block_squares = 0;
    for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
      const bool inside = block.value() * kBlockLanes + lane < shape.width;
      const int32_t x = inside ? Int16At(word, lane) : 0;
      block_sum += x;
      block_squares += x * x;
    }
    sum.sum = (block.first() ? 0 : sum.sum) + block_sum;
    sum.sum_of_squares =
        (block.first() ? 0 : sum.sum_of_squares) + block_squares;
    if (block.last()) sums.write(sum);
    block.Advance();
  }
}

inline void TakeRoots(const LayerNormShape& shape, Stream<RowSums>& sums,
                      Stream<arith::RowStatistics>& statistics) {
  for (int row = 0; row < shape.rows; ++row) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 197 max = 197
    const RowSums sum = sums.read();
    statistics.write(StatisticsFromSums(sum.sum, sum.sum_of_squares,
                                        shape.width, shape.epsilon));
  }
}

// constants: those of the block's channels. Codes are zero beyond the width.
inline Block NormalizeBlock(const LayerNormShape& shape,
                            const arith::RowStatistics& row, const Word& word,
                            const Word constants[kNormWordsPerBlock],
                            int first_channel) {
  Block codes;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    const Word& of_lane = constants[lane / kNormConstantsPerWord];
    const int at = lane % kNormConstantsPerWord;
    // Beyond the width nothing has been loaded.
    const bool inside = first_channel + lane < shape.width;
    const int16_t gamma = inside ? Int16At(of_lane, 4 * at + 2) : int16_t{0};
    const int32_t beta = inside ? Int32At(of_lane, 2 * at) : 0;
    const int8_t code = arith::NormalizedToCode(
        arith::Normalize(row, Int16At(word, lane), shape.width), gamma, beta,
        shape.shift);
    codes[lane] = inside ? code : int8_t{0};
  }
  return codes;
}

inline void NormalizeRows(const LayerNormShape& shape, Stream<Word>& constants,
                          Stream<Word>& rows,
                          Stream<arith::RowStatistics>& statistics,
                          Stream<Word>& output) {
  MOEVIT_COUNTER(layer_norm_normalize);
  Word kept[kMaxVectorBlocks][kNormWordsPerBlock];
#pragma HLS ARRAY_PARTITION variable = kept dim = 2 complete
  for (int i = 0; i < shape.constant_words(); ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 48 max = 48
    MOEVIT_COUNT(layer_norm_normalize, 1);
    kept[i / kNormWordsPerBlock][i % kNormWordsPerBlock] = constants.read();
  }
  LoopCounter block(shape.blocks());
  arith::RowStatistics row = {};
  Word codes = {};
  for (int64_t step = 0; step < shape.steps(); ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 2364 max = 2364
    MOEVIT_COUNT(layer_norm_normalize, 1);
    if (block.first()) row = statistics.read();
    const bool upper = block.value() % 2 != 0;
    SetCodeBlock(NormalizeBlock(shape, row, rows.read(), kept[block.value()],
                                block.value() * kBlockLanes),
                 upper, codes);
    if (upper || block.last()) output.write(codes);
    block.Advance();
  }
}

static_assert(kMaxVectorWidth >= arith::kMaxLayerNormWidth,
              "all constants and a row fit on chip");

inline void RunLayerNorm(const LayerNormShape& shape, const Word* parameters,
                         const Word* input, Word* output) {
  Stream<Word, 64> constants("constants");
  Stream<Word, 64> loaded("loaded");
  // A row at least; more of narrow rows, to bridge the time to the root.
  Stream<Word, 2 * kMaxVectorBlocks> rows("rows");
  Stream<RowSums, 2> sums("sums");
  Stream<arith::RowStatistics, 2> statistics("statistics");
  Stream<Word, 64> codes("codes");
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(LoadWords, parameters,
                 Consecutive(/*first=*/1, shape.constant_words()), constants);
  MOEVIT_PROCESS(LoadWords, input,
                 Consecutive(/*first=*/0, shape.rows * Int16Words(shape.width)),
                 loaded);
  MOEVIT_PROCESS(SumRows, shape, loaded, rows, sums);
  MOEVIT_PROCESS(TakeRoots, shape, sums, statistics);
  MOEVIT_PROCESS(NormalizeRows, shape, constants, rows, statistics, codes);
  MOEVIT_PROCESS(StoreWords, int64_t{shape.rows} * CodeWords(shape.width),
                 codes, output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LAYER_NORM_H_
