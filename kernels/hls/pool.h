// Pooling: selected rows, or means of groups of rows.
//
// One block of 32 channels per cycle, in the order of memory; the sums of a
// group wait on chip from row to row.

#ifndef MOEVIT_KERNELS_HLS_POOL_H_
#define MOEVIT_KERNELS_HLS_POOL_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "kernels/hls/block.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

struct PoolShape {
  int images;
  int rows;  // of an image
  int width;
  bool is_int16;
  int first_row;
  int groups;
  int rows_per_group;
  arith::Rescale rescale;

  constexpr int row_words() const {
    return is_int16 ? Int16Words(width) : CodeWords(width);
  }
  constexpr int blocks() const {
    return is_int16 ? Int16Blocks(width) : CodeBlocks(width);
  }
  constexpr int row_steps() const {
    return blocks() > kSumDistance ? blocks() : kSumDistance;
  }
  constexpr int64_t steps() const {
    return int64_t{images} * groups * rows_per_group * row_steps();
  }
};

inline PoolShape ReadPoolShape(const Word& header, int images) {
  PoolShape shape = {};
  shape.images = images;
  shape.rows = Int32At(header, 1);
  shape.width = Int32At(header, 2);
  shape.is_int16 = Int32At(header, 3) != 0;
  shape.first_row = Int32At(header, 4);
  shape.groups = Int32At(header, 5);
  shape.rows_per_group = Int32At(header, 6);
  shape.rescale.multiplier = static_cast<int16_t>(Int32At(header, 7));
  shape.rescale.shift = static_cast<int8_t>(Int32At(header, 8));
  return shape;
}

inline Block PooledBlock(const PoolShape& shape, const BlockSums& sums) {
  Block result;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    const int16_t fine = arith::Apply(shape.rescale, sums[lane]);
    const int16_t mean =
        shape.is_int16 ? fine : arith::FineToCode(fine, /*zero=*/0);
    result[lane] =
        shape.rows_per_group == 1 ? static_cast<int16_t>(sums[lane]) : mean;
  }
  return result;
}

inline void PoolRows(const PoolShape& shape, Stream<Word>& input,
                     Stream<Word>& output) {
  MOEVIT_COUNTER(pool);
  BlockSums kept[kMaxVectorBlocks];
  LoopCounter block(shape.row_steps());
  LoopCounter row(shape.rows_per_group);
  Word word = {};
  Word result = {};
  for (int64_t step = 0; step < shape.steps(); ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 12 max = 2364
#pragma HLS DEPENDENCE variable = kept inter distance = 4 true
    MOEVIT_COUNT(pool, 1);
    const bool upper = !shape.is_int16 && block.value() % 2 != 0;
    if (block.value() < shape.blocks()) {
      if (!upper) word = input.read();
      const Block terms =
          shape.is_int16 ? Int16Block(word) : CodeBlock(word, upper);
      BlockSums sums;
      for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
        const int32_t before = row.first() ? 0 : kept[block.value()][lane];
        sums[lane] = before + terms[lane];
      }
      kept[block.value()] = sums;
      if (row.last()) {
        const Block pooled = PooledBlock(shape, sums);
        if (shape.is_int16) {
          result = Int16Word(pooled);
        } else {
          SetCodeBlock(pooled, upper, result);
        }
        if (shape.is_int16 || upper) output.write(result);
      }
    }
    if (block.Advance()) row.Advance();
  }
}

inline void RunPool(const PoolShape& shape, const Word* input, Word* output) {
  Stream<Word, 64> rows("rows");
  Stream<Word, 64> pooled("pooled");
  const int words = shape.row_words();
  const WordRanges place = {shape.first_row * words,
                            shape.groups * shape.rows_per_group * words,
                            shape.rows * words, shape.images};
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(LoadWords, input, place, rows);
  MOEVIT_PROCESS(PoolRows, shape, rows, pooled);
  MOEVIT_PROCESS(StoreWords, int64_t{shape.images} * shape.groups * words,
                 pooled, output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_POOL_H_
