// How long attention takes and what it occupies: MODELLED.
//
// The iterations and bytes are exact; the tests compare them with those of a
// simulation. Every process makes one iteration per cycle as long as memory
// keeps up, so that the slowest process gives the cycles of a launch. That is
// the scores' or the mixtures' wherever images have more than a few tokens:
// memory is then read for a small part of the time, whatever the parallelism.

#ifndef MOEVIT_KERNELS_HLS_ATTENTION_MODEL_H_
#define MOEVIT_KERNELS_HLS_ATTENTION_MODEL_H_

#include <cstdint>

#include "kernels/hls/attention_shape.h"
#include "kernels/hls/resources.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

struct AttentionCount {
  // Pipeline iterations of each process.
  int64_t load;
  int64_t scores;
  int64_t softmax;
  int64_t mix;
  int64_t output;
  int64_t store;
  // Without the header.
  int64_t parameter_bytes;
  int64_t read_bytes;
  int64_t written_bytes;
};

constexpr AttentionCount CountAttention(const AttentionShape& shape) {
  const int64_t words =  // of q, k, v or the output
      int64_t{shape.images} * shape.tokens * shape.row_words();
  const int64_t query_words = shape.passes() * shape.query_words();
  const int64_t constants = int64_t{shape.row_words()} * kOutputConstantWords;
  AttentionCount count = {};
  count.load = query_words + 2 * words;
  count.scores = (shape.passes() + 1) * shape.pass_steps();
  count.softmax = count.scores;
  count.mix = (shape.passes() * shape.head_words + 1) * shape.mixture_steps();
  count.output = constants + query_words * kMixtureParts;
  count.store = query_words;
  count.parameter_bytes =
      (constants + int64_t{shape.heads} * (1 + shape.numerator_words())) *
      kWordBytes;
  count.read_bytes = 3 * words * kWordBytes;
  count.written_bytes = words * kWordBytes;
  return count;
}

// Products of queries and keys, and of numerators and values.
constexpr int64_t AttentionProducts(const AttentionShape& shape) {
  return int64_t{2} * shape.images * shape.tokens * shape.tokens * shape.heads *
         shape.head_width;
}

// Header, first queries and keys are read one after the other, 100 cycles each,
// and the pipelines fill. Assumed.
constexpr int64_t kAttentionStartCycles = 400;

// A pass's numerators form while the scores of the next one do, and its
// mixtures leave while those of the next one form: two more passes at the end.
constexpr int64_t AttentionCycles(const AttentionShape& shape) {
  const AttentionCount count = CountAttention(shape);
  const int64_t multiply = count.scores > count.mix ? count.scores : count.mix;
  const int64_t move = count.load > count.output ? count.load : count.output;
  return kAttentionStartCycles + (multiply > move ? multiply : move) +
         2 * int64_t{shape.pass_steps()};
}

// Products per cycle.
constexpr int AttentionProductsPerCycle(int queries) {
  return 2 * kWordCodes * queries;
}

constexpr Resources AttentionResources(int queries) {
  // Scores and mixtures, two products per DSP; levels; two rescalings of every
  // mixture; addresses.
  const int multipliers = AttentionProductsPerCycle(queries) / 2;
  const int dsp = multipliers + queries + 2 * kMixtureLanes + 2 * kAddressDsps;
  // Three streams that read ahead, and the output's constants.
  const int bram =
      3 * BramFor(kWordBits, 512) +
      BramFor(kWordBits, kMaxAttentionRowWords * kOutputConstantWords);
  // Keys, values, and the scores of two passes.
  const int uram = 2 * UramFor(kWordBits, kMaxAttentionWords) +
                   UramFor(32 * queries, 2 * kMaxAttentionTokens);
  // Per cascade of four DSPs of the scores, splitting two sums and adding them;
  // per multiplier of the mixtures, two accumulators; per multiplier its
  // operands; the queries held and the selection of mixtures; per query a level
  // and a table; per rescaled lane two shifts; eight processes. Assumed.
  const int lut = multipliers / 2 / 4 * 90 + multipliers / 2 * 64 +
                  multipliers * 10 + queries * (1000 + 800) +
                  kMixtureLanes * 500 + 512 * 10 + 8 * 1500;
  return Resources{dsp, bram, uram, lut} + 3 * kMemoryPort;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_ATTENTION_MODEL_H_
