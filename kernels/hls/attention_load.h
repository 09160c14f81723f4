// What attention reads from memory, and in which order.
//
// One port serves queries, keys and values. The plan puts them in the order in
// which the stages need them, so that no stream has to hold more than the
// queries of one pass: the queries of a pass, the keys of the pass before it,
// the values of the pass before that, the latter two alternating where both are
// due. It is a process of its own: its uneven loops would drain the pipeline of
// the reads, which is as deep as memory is far.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_LOAD_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_LOAD_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "kernels/hls/attention_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

constexpr int kHeadsPerLevelWord =
    kWordBytes / static_cast<int>(sizeof(LevelConstants));

enum AttentionOperand : int8_t { kQuery = 0, kKey = 1, kValue = 2 };

// One word on its way to a stage.
struct AttentionRead {
  int32_t address;
  AttentionOperand operand;
  bool absent;   // a query beyond the last: zero, nothing is read
  int8_t codes;  // of the word; what follows them is not looked at
};

// A pass, as a position among all of them.
struct AttentionPass {
  explicit AttentionPass(const AttentionShape& shape)
      : group(shape.groups()), image(shape.images), head(shape.heads) {}

  void Advance() {
    if (group.Advance() && image.Advance()) head.Advance();
  }

  LoopCounter group;
  LoopCounter image;
  LoopCounter head;
};

inline AttentionRead PlanRead(const AttentionShape& shape,
                              const AttentionPass& pass,
                              AttentionOperand operand, int token, int word) {
  const int row = pass.image.value() * shape.tokens + token;
  const int left = shape.head_width - word * kWordCodes;
  AttentionRead read;
  read.address = (row * 3 + operand) * shape.row_words() +
                 pass.head.value() * shape.head_words + word;
  read.operand = operand;
  read.absent = token >= shape.tokens;
  read.codes = static_cast<int8_t>(left < kWordCodes ? left : kWordCodes);
  return read;
}

inline void PlanQueries(const AttentionShape& shape, const AttentionPass& pass,
                        Stream<AttentionRead>& reads) {
  LoopCounter word(shape.head_words);
  int token = pass.group.value() * shape.queries;
  for (int i = 0; i < shape.query_words(); ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 8 max = 8
    reads.write(PlanRead(shape, pass, kQuery, token, word.value()));
    if (word.Advance()) ++token;
  }
}

// Keys by token and word, values by word and token: as the stages use them.
inline void PlanKeysAndValues(const AttentionShape& shape, bool keys,
                              const AttentionPass& key_pass, bool values,
                              const AttentionPass& value_pass,
                              Stream<AttentionRead>& reads) {
  LoopCounter key_token(shape.tokens);
  LoopCounter key_word(shape.head_words);
  LoopCounter value_token(shape.tokens);
  LoopCounter value_word(shape.head_words);
  bool value_next = !keys;
  const int steps =
      shape.head_token_words() * ((keys ? 1 : 0) + (values ? 1 : 0));
  for (int i = 0; i < steps; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 394
    if (value_next) {
      reads.write(PlanRead(shape, value_pass, kValue, value_token.value(),
                           value_word.value()));
      if (value_token.Advance()) value_word.Advance();
    } else {
      reads.write(
          PlanRead(shape, key_pass, kKey, key_token.value(), key_word.value()));
      if (key_word.Advance()) key_token.Advance();
    }
    if (keys && values) value_next = !value_next;
  }
}

inline void PlanAttentionReads(const AttentionShape& shape,
                               Stream<AttentionRead>& reads) {
  AttentionPass query_pass(shape);
  AttentionPass key_pass(shape);
  AttentionPass value_pass(shape);
  for (int64_t pass = 0; pass < shape.passes() + 2; ++pass) {
#pragma HLS LOOP_TRIPCOUNT min = 150 max = 150
    if (pass < shape.passes()) {
      PlanQueries(shape, query_pass, reads);
      query_pass.Advance();
    }
    const bool keys =
        pass >= 1 && pass <= shape.passes() && key_pass.group.first();
    const bool values = pass >= 2 && value_pass.group.first();
    PlanKeysAndValues(shape, keys, key_pass, values, value_pass, reads);
    if (pass >= 1) key_pass.Advance();
    if (pass >= 2) value_pass.Advance();
  }
}

// Every pass takes all its queries; keys and values come once per image and
// head.
inline void LoadAttention(const Word* qkv, const AttentionShape& shape,
                          Stream<AttentionRead>& reads, Stream<Word>& queries,
                          Stream<Word>& keys, Stream<Word>& values) {
  MOEVIT_COUNTER(attention_load);
  MOEVIT_COUNTER(attention_load_bytes);
  const int64_t steps =
      shape.passes() * shape.query_words() +
      int64_t{2} * shape.heads * shape.images * shape.head_token_words();
  for (int64_t step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 3600 max = 3600
    MOEVIT_COUNT(attention_load, 1);
    const AttentionRead read = reads.read();
    Word word = {};
    if (!read.absent) {
      MOEVIT_COUNT(attention_load_bytes, kWordBytes);
      word = qkv[read.address];
    }
    for (int lane = 0; lane < kWordCodes; ++lane) {
#pragma HLS UNROLL
      if (lane >= read.codes) word[lane] = 0;
    }
    if (read.operand == kQuery) queries.write(word);
    if (read.operand == kKey) keys.write(word);
    if (read.operand == kValue) values.write(word);
  }
}

// Reads what follows the header: the output's constants first, as their stage
// keeps them, then head by head what it weighs with.
inline void LoadAttentionParameters(const Word* parameters,
                                    const AttentionShape& shape,
                                    Stream<Word>& output_constants,
                                    Stream<arith::Rescale>& level_rescales,
                                    Stream<Word>& tables) {
  MOEVIT_COUNTER(attention_parameter_bytes);
  constexpr int kLevels = 1;  // first word, after the header
  const int tables_at = kLevels + CeilDivide(shape.heads, kHeadsPerLevelWord);
  const int constants_at = tables_at + shape.heads * shape.numerator_words();
  for (int i = 0; i < shape.row_words() * kOutputConstantWords; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 24 max = 24
    MOEVIT_COUNT(attention_parameter_bytes, kWordBytes);
    output_constants.write(parameters[constants_at + i]);
  }
  for (int head = 0; head < shape.heads; ++head) {
#pragma HLS LOOP_TRIPCOUNT min = 6 max = 6
    MOEVIT_COUNT(attention_parameter_bytes, kWordBytes);
    const Word levels = parameters[kLevels + head / kHeadsPerLevelWord];
    const int lane = head % kHeadsPerLevelWord * 2;
    arith::Rescale rescale = {};
    rescale.multiplier = static_cast<int16_t>(Int32At(levels, lane));
    rescale.shift = static_cast<int8_t>(Int32At(levels, lane + 1));
    level_rescales.write(rescale);
    for (int i = 0; i < shape.numerator_words(); ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 4
      MOEVIT_COUNT(attention_parameter_bytes, kWordBytes);
      tables.write(parameters[tables_at + head * shape.numerator_words() + i]);
    }
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_LOAD_H_
