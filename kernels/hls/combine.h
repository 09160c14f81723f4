// The outputs of a token's experts, weighted and added to the residual stream.
//
// One block of 32 channels of one expert's output per cycle, in the order of
// memory; the sums of a row wait on chip from slot to slot.

#ifndef MOEVIT_KERNELS_HLS_COMBINE_H_
#define MOEVIT_KERNELS_HLS_COMBINE_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "kernels/arith/gate.h"
#include "kernels/hls/block.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

struct CombineShape {
  int rows;  // of all images
  int width;
  int top_k;
  int residual_shift;

  constexpr int blocks() const { return Int16Blocks(width); }
  constexpr int slot_steps() const {
    return blocks() > kSumDistance ? blocks() : kSumDistance;
  }
  constexpr int64_t steps() const {
    return int64_t{rows} * top_k * slot_steps();
  }
};

inline CombineShape ReadCombineShape(const Word& header, int images) {
  CombineShape shape = {};
  shape.rows = Int32At(header, 1) * images;
  shape.width = Int32At(header, 2);
  shape.top_k = Int32At(header, 3);
  shape.residual_shift = Int32At(header, 4);
  return shape;
}

inline Block AddToResidual(const CombineShape& shape, const BlockSums& sums,
                           const Block& residual) {
  Block result;
  for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
    result[lane] = arith::SaturateToInt16(
        arith::RoundingShift(residual[lane], shape.residual_shift) +
        arith::RoundingShift(sums[lane], arith::kGateWeightBits));
  }
  return result;
}

inline void CombineRows(const CombineShape& shape, Stream<Word>& routing,
                        Stream<Word>& fine, Stream<Word>& residual,
                        Stream<Word>& output) {
  MOEVIT_COUNTER(combine);
  BlockSums kept[kMaxVectorBlocks];
  LoopCounter block(shape.slot_steps());
  LoopCounter slot(shape.top_k);
  Word choices = {};
  for (int64_t step = 0; step < shape.steps(); ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 4728 max = 4728
#pragma HLS DEPENDENCE variable = kept inter distance = 4 true
    MOEVIT_COUNT(combine, 1);
    if (slot.first() && block.first()) choices = routing.read();
    if (block.value() < shape.blocks()) {
      const int32_t weight =
          static_cast<uint16_t>(Int16At(choices, 2 * slot.value() + 1));
      const Block terms = Int16Block(fine.read());
      BlockSums sums;
      for (int lane = 0; lane < kBlockLanes; ++lane) {
#pragma HLS UNROLL
        const int32_t before = slot.first() ? 0 : kept[block.value()][lane];
        const int32_t term = weight * terms[lane];
// In logic: DSPs are what limits the linear units.
#pragma HLS BIND_OP variable = term op = mul impl = fabric
        sums[lane] = before + term;
      }
      kept[block.value()] = sums;
      if (slot.last()) {
        output.write(
            Int16Word(AddToResidual(shape, sums, Int16Block(residual.read()))));
      }
    }
    if (block.Advance()) slot.Advance();
  }
}

inline void RunCombine(const CombineShape& shape, const Word* input,
                       const Word* residual, const Word* routing,
                       Word* output) {
  Stream<Word, 64> choices("choices");
  Stream<Word, 64> fine("fine");
  Stream<Word, 64> residuals("residuals");
  Stream<Word, 64> sums("sums");
  const int words = shape.rows * shape.blocks();
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(LoadWords, routing, Consecutive(/*first=*/0, shape.rows),
                 choices);
  MOEVIT_PROCESS(LoadWords, input,
                 Consecutive(/*first=*/0, words * shape.top_k), fine);
  MOEVIT_PROCESS(LoadWords, residual, Consecutive(/*first=*/0, words),
                 residuals);
  MOEVIT_PROCESS(CombineRows, shape, choices, fine, residuals, sums);
  MOEVIT_PROCESS(StoreWords, words, sums, output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_COMBINE_H_
