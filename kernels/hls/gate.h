// The gate: which experts every row goes to, and with which weights.
//
//   load -> multiply -> select -> sum -> route -> store

#ifndef MOEVIT_KERNELS_HLS_GATE_H_
#define MOEVIT_KERNELS_HLS_GATE_H_

#include <cstdint>

#include "kernels/hls/gate_multiply.h"
#include "kernels/hls/gate_select.h"
#include "kernels/hls/gate_shape.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

inline void RunGate(const GateShape& shape, const Word* parameters,
                    const Word* input, Word* output) {
  Stream<Word, 64> constants("constants");
  Stream<Word, 64> codes("codes");
  Stream<GateLogits, 16> logits("logits");
  Stream<Selection, 2> selections("selections");
  // Those of a row pass before its selection does; of another one meanwhile.
  Stream<int32_t, 2 * kMaxGateLogits> all_logits("all_logits");
  Stream<Denominator, 2> denominators("denominators");
  Stream<Word, 64> routing("routing");
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(
      LoadWords, parameters,
      Consecutive(/*first=*/1, shape.bias_words() + shape.weight_words()),
      constants);
  MOEVIT_PROCESS(LoadWords, input,
                 Consecutive(/*first=*/0, shape.rows * shape.words()), codes);
  MOEVIT_PROCESS(MultiplyGateRows, shape, constants, codes, logits);
  MOEVIT_PROCESS(SelectExperts, shape, logits, selections, all_logits);
  MOEVIT_PROCESS(SumNumerators, shape, selections, all_logits, denominators);
  MOEVIT_PROCESS(WriteRouting, shape, denominators, routing);
  MOEVIT_PROCESS(StoreWords, shape.rows, routing, output);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_GATE_H_
