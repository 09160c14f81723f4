// First stage of the gate: the logits of every row.
//
// A word of codes stays while it meets the weights of all experts, kGateExperts
// per cycle; their sums wait on chip from word to word. All weights are on chip
// for the launch.

#ifndef MOEVIT_KERNELS_HLS_GATE_MULTIPLY_H_
#define MOEVIT_KERNELS_HLS_GATE_MULTIPLY_H_

#include <cstdint>

#include "kernels/hls/gate_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// The weights of one expert for the channels of one word of codes.
struct GateWeights {
  Word lower;
  Word upper;
};

struct GateMemory {
  int32_t bias[kGateExperts][arith::kMaxExperts / kGateExperts];
  GateWeights weights[kGateExperts][kMaxGateLines];
};

inline void LoadGate(const GateShape& shape, Stream<Word>& parameters,
                     GateMemory& memory) {
  MOEVIT_COUNTER(gate_load);
  for (int i = 0; i < shape.bias_words(); ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 1
    const Word word = parameters.read();
    for (int lane = 0; lane < kGateBiasesPerWord; ++lane) {
#pragma HLS PIPELINE II = 1
      MOEVIT_COUNT(gate_load, 1);
      const int expert = i * kGateBiasesPerWord + lane;
      if (expert < shape.experts) {
        memory.bias[expert % kGateExperts][expert / kGateExperts] =
            Int32At(word, lane);
      }
    }
  }
  LoopCounter part(2);
  LoopCounter word(shape.words());
  int expert = 0;
  for (int i = 0; i < shape.weight_words(); ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 192 max = 192
    MOEVIT_COUNT(gate_load, 1);
    GateWeights& weights =
        memory.weights[expert % kGateExperts]
                      [word.value() * shape.groups() + expert / kGateExperts];
    (part.first() ? weights.lower : weights.upper) = parameters.read();
    if (part.Advance() && word.Advance()) ++expert;
  }
}

// Codes beyond the width count as zero.
inline int32_t MultiplyGate(const Word& codes, int count,
                            const GateWeights& weights) {
  int32_t sum = 0;
  for (int lane = 0; lane < kWordCodes; ++lane) {
#pragma HLS UNROLL
    const Word& part = lane < kWordInt16 ? weights.lower : weights.upper;
    const int32_t product =
        int32_t{codes[lane]} * Int16At(part, lane % kWordInt16);
    sum += lane < count ? product : 0;
  }
  return sum;
}

using GateLogits = Vec<int32_t, kGateExperts>;

// logits: one element for every row and group of experts.
inline void MultiplyGateRows(const GateShape& shape, Stream<Word>& parameters,
                             Stream<Word>& input, Stream<GateLogits>& logits) {
  MOEVIT_COUNTER(gate_multiply);
  MOEVIT_MEMORY(GateMemory, memory);
#pragma HLS ARRAY_PARTITION variable = memory.bias dim = 1 complete
#pragma HLS ARRAY_PARTITION variable = memory.weights dim = 1 complete
#pragma HLS BIND_STORAGE variable = memory.weights type = ram_2p impl = uram
  LoadGate(shape, parameters, memory);
  int32_t sums[kGateExperts][arith::kMaxExperts / kGateExperts];
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 complete
  LoopCounter group(shape.word_steps());
  LoopCounter word(shape.words());
  Word codes = {};
  const int64_t steps =
      int64_t{shape.rows} * shape.words() * shape.word_steps();
  for (int64_t step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 9456 max = 9456
#pragma HLS DEPENDENCE variable = sums inter distance = 4 true
    MOEVIT_COUNT(gate_multiply, 1);
    if (group.first()) codes = input.read();
    const int g = group.value();
    if (g < shape.groups()) {
      GateLogits result;
      for (int e = 0; e < kGateExperts; ++e) {
#pragma HLS UNROLL
        const int32_t before = word.first() ? memory.bias[e][g] : sums[e][g];
        const int32_t product =
            MultiplyGate(codes, shape.width - word.value() * kWordCodes,
                         memory.weights[e][word.value() * shape.groups() + g]);
        const bool padding = g * kGateExperts + e >= shape.experts;
        result[e] = padding ? 0 : before + product;
        sums[e][g] = result[e];
      }
      if (word.last()) logits.write(result);
    }
    if (group.Advance()) word.Advance();
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_GATE_MULTIPLY_H_
