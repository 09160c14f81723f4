// Third stage of attention: numerators times values.
//
// Like the keys, values come from memory once per image and head, pass by one
// word per cycle, broadcast to the kQueries sums, and are kept on chip for the
// other passes. The sums of one pass leave while those of the next are formed.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_MIX_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_MIX_H_

#include <cstdint>

#include "kernels/hls/attention_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/packed_product.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// sum(numerator * v) of some channels of one query.
using Mixture = Vec<int32_t, kMixtureLanes>;

// sums[q] += numerator[q] * value, two queries per multiplier.
template <int kQueries>
inline void MultiplyValue(const Vec<uint8_t, kQueries>& numerator,
                          const Word& value, bool first,
                          Mixture sums[kQueries][kMixtureParts]) {
  static_assert(kQueries % 2 == 0, "queries share multipliers in pairs");
  for (int q = 0; q < kQueries; q += 2) {
#pragma HLS UNROLL
    for (int part = 0; part < kMixtureParts; ++part) {
#pragma HLS UNROLL
      for (int lane = 0; lane < kMixtureLanes; ++lane) {
#pragma HLS UNROLL
        const int64_t product = PackedProduct(
            numerator[q], numerator[q + 1], value[part * kMixtureLanes + lane]);
        int32_t& low = sums[q][part][lane];
        int32_t& high = sums[q + 1][part][lane];
        low = (first ? 0 : low) + LowSum(product);
        high = (first ? 0 : high) + HighSum(product);
      }
    }
  }
}

// numerators: one element for every token of a pass, head_words times.
// values: head_token_words of every image and head, by word and token.
// mixtures: for every pass and word, kMixtureParts of every query.
template <int kQueries>
void AttentionMix(const AttentionShape& shape,
                  Stream<Vec<uint8_t, kQueries>>& numerators,
                  Stream<Word>& values, Stream<Mixture>& mixtures) {
  MOEVIT_COUNTER(attention_mix);
  MOEVIT_MEMORY(HeadWords, kept);
#pragma HLS BIND_STORAGE variable = kept.words type = ram_2p impl = uram
  Mixture sums[kQueries][kMixtureParts] = {};
#pragma HLS ARRAY_PARTITION variable = sums complete dim = 0
  Mixture done[kQueries * kMixtureParts] = {};
#pragma HLS ARRAY_PARTITION variable = done complete
  LoopCounter step(shape.mixture_steps());
  LoopCounter word(shape.head_words);
  LoopCounter group(shape.groups());
  int at = 0;          // in the values of the head
  int64_t formed = 0;  // words of mixtures, all queries each
  const int64_t words = shape.passes() * shape.head_words;
  const int64_t steps = (words + 1) * shape.mixture_steps();
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 29747 max = 29747
#pragma HLS DEPENDENCE variable = kept.words inter false
    MOEVIT_COUNT(attention_mix, 1);
    if (formed > 0 && step.value() < kQueries * kMixtureParts) {
      mixtures.write(done[step.value()]);
    }
    if (formed < words && step.value() < shape.tokens) {
      const Word value = group.first() ? values.read() : kept.words[at];
      if (group.first()) kept.words[at] = value;
      ++at;
      MultiplyValue<kQueries>(numerators.read(), value, step.first(), sums);
    }
    if (step.Advance()) {
      for (int m = 0; m < kQueries * kMixtureParts; ++m) {
#pragma HLS UNROLL
        done[m] = sums[m / kMixtureParts][m % kMixtureParts];
      }
      if (word.Advance()) {
        at = 0;
        group.Advance();
      }
      ++formed;
    }
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_MIX_H_
