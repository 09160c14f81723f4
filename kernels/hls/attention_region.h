// The stages of attention, put together.
//
//   plan -> load -> scores -> softmax -> mix -> output -> store
//
// All take one step per word of keys, so each pass costs as many cycles as an
// image has words of keys, whatever kQueries is. The multipliers grow with
// kQueries; what is read per cycle does not.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_REGION_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_REGION_H_

#include <cstdint>

#include "kernels/hls/attention_load.h"
#include "kernels/hls/attention_mix.h"
#include "kernels/hls/attention_output.h"
#include "kernels/hls/attention_scores.h"
#include "kernels/hls/attention_shape.h"
#include "kernels/hls/attention_softmax.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

inline AttentionShape ReadAttentionShape(const Word& header, int images,
                                         int queries) {
  AttentionShape shape = {};
  shape.images = images;
  shape.tokens = Int32At(header, 0);
  shape.heads = Int32At(header, 1);
  shape.head_width = Int32At(header, 2);
  shape.head_words = Int32At(header, 3);
  shape.levels = Int32At(header, 4);
  shape.queries = queries;
  return shape;
}

// Depths: `queries` must hold those of one pass. It, keys and values hold more,
// so that memory is read ahead while passes compute. The others only balance
// stages that start at different times.
template <int kQueries>
void RunAttention(const AttentionShape& shape, const Word* qkv,
                  const Word* parameters, Word* output) {
  static_assert(kQueries * kMaxHeadWords <= 512, "queries of one pass");
  Stream<AttentionRead, 4> reads("reads");
  Stream<Word, 512> queries("queries");
  Stream<Word, 512> keys("keys");
  Stream<Word, 512> values("values");
  Stream<Word, 4> output_constants("output_constants");
  Stream<arith::Rescale, 2> level_rescales("level_rescales");
  Stream<Word, 2> tables("tables");
  Stream<Vec<int32_t, kQueries>, 4> scores("scores");
  Stream<Vec<uint8_t, kQueries>, 4> numerators("numerators");
  Stream<Vec<int32_t, kQueries>, 4> denominators("denominators");
  Stream<Mixture, 4> mixtures("mixtures");
  Stream<Word, 4> codes("codes");
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(PlanAttentionReads, shape, reads);
  MOEVIT_PROCESS(LoadAttention, qkv, shape, reads, queries, keys, values);
  MOEVIT_PROCESS(LoadAttentionParameters, parameters, shape, output_constants,
                 level_rescales, tables);
  MOEVIT_PROCESS(AttentionScores<kQueries>, shape, queries, keys, scores);
  MOEVIT_PROCESS(AttentionSoftmax<kQueries>, shape, level_rescales, tables,
                 scores, numerators, denominators);
  MOEVIT_PROCESS(AttentionMix<kQueries>, shape, numerators, values, mixtures);
  MOEVIT_PROCESS(AttentionOutput<kQueries>, shape, output_constants,
                 denominators, mixtures, codes);
  MOEVIT_PROCESS(StoreAttention, shape, codes, output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_REGION_H_
