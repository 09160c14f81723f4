// Last stages of attention: the one division per row, codes, memory.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_OUTPUT_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_OUTPUT_H_

#include <cstdint>

#include "kernels/arith/attention.h"
#include "kernels/hls/attention_load.h"
#include "kernels/hls/attention_mix.h"
#include "kernels/hls/attention_shape.h"
#include "kernels/hls/digit_recurrence.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Codes of kMixtureLanes channels, whose constants are in one word; zero beyond
// the channels there are.
inline void MixtureCodes(const Mixture& mixture, arith::Rescale row,
                         const Word& constants, int channels, int part,
                         Word& codes) {
  for (int lane = 0; lane < kMixtureLanes; ++lane) {
#pragma HLS UNROLL
    arith::Rescale rescale = {};
    const int channel = part * kMixtureLanes + lane;
    const int at = channel % kConstantsPerOutputWord;
    rescale.multiplier = Int16At(constants, 2 * at);
    rescale.shift = constants[4 * at + 2];
    const int16_t fine =
        arith::Apply(rescale, arith::Apply(row, mixture[lane]));
    codes[channel] =
        channel < channels ? arith::FineToCode(fine, /*zero=*/0) : int8_t{0};
  }
}

// codes: one word for every pass, word of a head and query.
template <int kQueries>
void AttentionOutput(const AttentionShape& shape, Stream<Word>& constants,
                     Stream<Vec<int32_t, kQueries>>& denominators,
                     Stream<Mixture>& mixtures, Stream<Word>& codes) {
  static_assert(kConstantsPerOutputWord % kMixtureLanes == 0,
                "the constants of a step are in one word");
  MOEVIT_COUNTER(attention_output);
  Word kept[kMaxAttentionRowWords * kOutputConstantWords];
  const int constant_words = shape.row_words() * kOutputConstantWords;
  for (int i = 0; i < constant_words; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 24 max = 24
    MOEVIT_COUNT(attention_output, 1);
    kept[i] = constants.read();
  }
  LoopCounter part(kMixtureParts);
  LoopCounter query(kQueries);
  LoopCounter word(shape.head_words);
  LoopCounter head_pass(shape.images * shape.groups());
  int head = 0;
  Vec<int32_t, kQueries> denominator = {};
  Word code_word = {};
  const int64_t steps = shape.passes() * shape.query_words() * kMixtureParts;
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 9600 max = 9600
    MOEVIT_COUNT(attention_output, 1);
    if (part.first() && query.first() && word.first()) {
      denominator = denominators.read();
    }
    const int constant_word =
        (head * shape.head_words + word.value()) * kOutputConstantWords +
        part.value() * kMixtureLanes / kConstantsPerOutputWord;
    MixtureCodes(mixtures.read(), MixtureRescale(denominator[query.value()]),
                 kept[constant_word],
                 shape.head_width - word.value() * kWordCodes, part.value(),
                 code_word);
    if (part.last()) codes.write(code_word);
    if (part.Advance() && query.Advance() && word.Advance() &&
        head_pass.Advance()) {
      ++head;
    }
  }
}

inline void StoreAttention(const AttentionShape& shape, Stream<Word>& codes,
                           Word* output) {
  MOEVIT_COUNTER(attention_store);
  MOEVIT_COUNTER(attention_store_bytes);
  LoopCounter query(shape.queries);
  LoopCounter word(shape.head_words);
  AttentionPass pass(shape);
  const int64_t steps = shape.passes() * shape.query_words();
  for (int64_t i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 1200 max = 1200
    MOEVIT_COUNT(attention_store, 1);
    const Word code_word = codes.read();
    const int token = pass.group.value() * shape.queries + query.value();
    if (token < shape.tokens) {
      MOEVIT_COUNT(attention_store_bytes, kWordBytes);
      const int row = pass.image.value() * shape.tokens + token;
      output[row * shape.row_words() + pass.head.value() * shape.head_words +
             word.value()] = code_word;
    }
    if (query.Advance() && word.Advance()) pass.Advance();
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_OUTPUT_H_
