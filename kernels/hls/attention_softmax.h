// Second stage of attention: from scores to numerators.
//
// A level is the distance from the row's final maximum. Weighing by a running
// maximum and rescaling the sums whenever it moves would round differently from
// kernels/arith, so nothing is weighed before a row is complete: the scores of
// a pass are kept on chip, an element of kQueries per token, while their maxima
// are found, and become numerators while the scores of the next pass come in.
// That costs one pass of latency and no bandwidth: keys and values still pass
// by once each.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_SOFTMAX_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_SOFTMAX_H_

#include <cstdint>

#include "kernels/arith/attention.h"
#include "kernels/hls/attention_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Of the pass that comes in and of the one before it.
template <int kQueries>
struct TwoPasses {
  Vec<int32_t, kQueries> scores[2][kMaxAttentionTokens];
};

// What a head weighs with.
struct HeadLevels {
  arith::Rescale rescale;
  Word numerators[kMaxNumeratorWords];

  uint8_t Numerator(int32_t gap, int levels) const {
    const int level = arith::AttentionLevel(gap, rescale, levels);
    return static_cast<uint8_t>(
        numerators[level / kWordBytes][level % kWordBytes]);
  }
};

// The steps of a pass: where the scores that come in and the numerators that go
// out, those of the pass before, are.
struct SoftmaxStep {
  explicit SoftmaxStep(const AttentionShape& shape)
      : step(shape.pass_steps()),
        in_word(shape.head_words),
        out_token(shape.tokens) {}

  // Whether that began a new pass.
  bool Advance() {
    if (in_word.Advance()) ++in_token;
    if (out_token.Advance()) ++out_word;
    if (!step.Advance()) return false;
    in_word.Restart();
    in_token = 0;
    out_token.Restart();
    out_word = 0;
    return true;
  }

  LoopCounter step;
  LoopCounter in_word;  // a token's score comes with its last word
  int in_token = 0;
  LoopCounter out_token;  // all tokens, once for every word of values
  int out_word = 0;
};

// The largest scores of a pass so far.
template <int kQueries>
inline void TakeLarger(const Vec<int32_t, kQueries>& score, bool first,
                       Vec<int32_t, kQueries>& largest) {
  for (int q = 0; q < kQueries; ++q) {
#pragma HLS UNROLL
    if (first || score[q] > largest[q]) largest[q] = score[q];
  }
}

template <int kQueries>
inline Vec<uint8_t, kQueries> Weigh(const HeadLevels& head, int levels,
                                    const Vec<int32_t, kQueries>& score,
                                    const Vec<int32_t, kQueries>& largest) {
  Vec<uint8_t, kQueries> numerator;
  for (int q = 0; q < kQueries; ++q) {
#pragma HLS UNROLL
    numerator[q] = head.Numerator(largest[q] - score[q], levels);
  }
  return numerator;
}

template <int kQueries>
inline void AddTo(const Vec<uint8_t, kQueries>& numerator, bool first,
                  Vec<int32_t, kQueries>& sum) {
  for (int q = 0; q < kQueries; ++q) {
#pragma HLS UNROLL
    sum[q] = (first ? 0 : sum[q]) + numerator[q];
  }
}

// level_rescales, tables: what every head weighs with, numerator_words each.
// scores: one element for every token of a pass.
// numerators: the same, head_words times. denominators: their sums, by pass.
template <int kQueries>
void AttentionSoftmax(const AttentionShape& shape,
                      Stream<arith::Rescale>& level_rescales,
                      Stream<Word>& tables,
                      Stream<Vec<int32_t, kQueries>>& scores,
                      Stream<Vec<uint8_t, kQueries>>& numerators,
                      Stream<Vec<int32_t, kQueries>>& denominators) {
  MOEVIT_COUNTER(attention_softmax);
  MOEVIT_MEMORY(TwoPasses<kQueries>, kept);
#pragma HLS BIND_STORAGE variable = kept.scores type = ram_2p impl = uram
  HeadLevels heads[2];  // by parity: numerators may still go out of another
#pragma HLS ARRAY_PARTITION variable = heads complete dim = 1
  Vec<int32_t, kQueries> running = {};
  Vec<int32_t, kQueries> largest = {};
  Vec<int32_t, kQueries> denominator = {};
  SoftmaxStep at(shape);
  LoopCounter head_pass(shape.images * shape.groups());  // coming in
  int in_head = 0;                                       // parity
  int out_head = 0;                                      // parity
  int64_t pass = 0;                                      // coming in
  const int64_t steps = (shape.passes() + 1) * shape.pass_steps();
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 29747 max = 29747
#pragma HLS DEPENDENCE variable = kept.scores inter false
    MOEVIT_COUNT(attention_softmax, 1);
    const int parity = static_cast<int>(pass & 1);
    const bool coming = pass < shape.passes();
    if (coming && head_pass.first()) {
      const int step = at.step.value();
      if (step == 0) heads[in_head].rescale = level_rescales.read();
      if (step < shape.numerator_words()) {
        heads[in_head].numerators[step] = tables.read();
      }
    }
    if (coming && at.in_word.last() && at.in_token < shape.tokens) {
      const Vec<int32_t, kQueries> score = scores.read();
      kept.scores[parity][at.in_token] = score;
      TakeLarger<kQueries>(score, at.in_token == 0, running);
    }
    if (pass > 0 && at.out_word < shape.head_words) {
      const int token = at.out_token.value();
      const Vec<uint8_t, kQueries> numerator =
          Weigh<kQueries>(heads[out_head], shape.levels,
                          kept.scores[1 - parity][token], largest);
      AddTo<kQueries>(numerator, token == 0, denominator);
      numerators.write(numerator);
      if (at.out_word == 0 && at.out_token.last()) {
        denominators.write(denominator);
      }
    }
    if (at.Advance()) {
      largest = running;
      out_head = in_head;
      if (head_pass.Advance()) in_head = 1 - in_head;
      ++pass;
    }
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_SOFTMAX_H_
