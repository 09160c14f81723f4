// First stage of attention: the products of queries and keys.
//
// `kQueries` queries are held while the keys of their image and head pass by,
// one word per cycle, broadcast to all of them: whatever kQueries is, one word
// of keys is read per cycle. The keys come from memory once per image and head,
// during its first pass, and are kept on chip for the other passes.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_SCORES_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_SCORES_H_

#include <cstdint>

#include "kernels/hls/attention_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/packed_product.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// product[q] = query[q] . key over one word, two queries per multiplier.
template <int kQueries>
inline void MultiplyKey(const Word* queries, const Word& key,
                        int32_t* product) {
  static_assert(kQueries % 2 == 0, "queries share multipliers in pairs");
  for (int q = 0; q < kQueries; q += 2) {
#pragma HLS UNROLL
    product[q] = 0;
    product[q + 1] = 0;
    for (int first = 0; first < kWordCodes; first += kPackedCodeSums) {
#pragma HLS UNROLL
      int64_t sum = 0;
      for (int lane = first; lane < first + kPackedCodeSums; ++lane) {
#pragma HLS UNROLL
        sum += PackedProduct(queries[q][lane], queries[q + 1][lane], key[lane]);
      }
      product[q] += LowSum(sum);
      product[q + 1] += HighSum(sum);
    }
  }
}

// queries: query_words of every pass. keys: head_token_words of every image and
// head. scores: one element for every token of a pass.
template <int kQueries>
void AttentionScores(const AttentionShape& shape, Stream<Word>& queries,
                     Stream<Word>& keys,
                     Stream<Vec<int32_t, kQueries>>& scores) {
  MOEVIT_COUNTER(attention_scores);
  // Of the pass that computes, and of the next one that comes in meanwhile.
  Word held[2][kMaxHeadWords][kQueries];
#pragma HLS ARRAY_PARTITION variable = held dim = 3 complete
#pragma HLS BIND_STORAGE variable = held type = ram_2p impl = lutram
  MOEVIT_MEMORY(HeadWords, kept);
#pragma HLS BIND_STORAGE variable = kept.words type = ram_2p impl = uram
  Vec<int32_t, kQueries> sum = {};
  LoopCounter group(shape.groups());  // that computes: one behind `pass`
  LoopCounter step(shape.pass_steps());
  LoopCounter word(shape.head_words);
  int query = 0;
  int64_t pass = 0;
  const int64_t steps = (shape.passes() + 1) * shape.pass_steps();
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 29747 max = 29747
#pragma HLS DEPENDENCE variable = kept.words inter false
#pragma HLS DEPENDENCE variable = held inter false
    MOEVIT_COUNT(attention_scores, 1);
    const int parity = static_cast<int>(pass & 1);
    if (pass < shape.passes() && query < kQueries) {
      held[parity][word.value()][query] = queries.read();
    }
    if (pass > 0 && step.value() < shape.head_token_words()) {
      const Word key = group.first() ? keys.read() : kept.words[step.value()];
      if (group.first()) kept.words[step.value()] = key;
      int32_t product[kQueries];
      MultiplyKey<kQueries>(held[1 - parity][word.value()], key, product);
      for (int q = 0; q < kQueries; ++q) {
#pragma HLS UNROLL
        sum[q] = (word.first() ? 0 : sum[q]) + product[q];
      }
      if (word.last()) scores.write(sum);
    }
    if (word.Advance()) ++query;
    if (step.Advance()) {
      word.Restart();
      query = 0;
      if (pass > 0) group.Advance();
      ++pass;
    }
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_SCORES_H_
