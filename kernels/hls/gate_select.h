// The other stages of the gate: top-k, softmax, routing words.

#ifndef MOEVIT_KERNELS_HLS_GATE_SELECT_H_
#define MOEVIT_KERNELS_HLS_GATE_SELECT_H_

#include <cstdint>

#include "kernels/arith/gate.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/digit_recurrence.h"
#include "kernels/hls/gate_multiply.h"
#include "kernels/hls/gate_shape.h"
#include "kernels/hls/loop_counter.h"
#include "kernels/hls/sim/hls.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// The largest logits of a row, in descending order, the lower expert first
// among equals.
struct Selection {
  int32_t logit[kMaxTopK];
  uint16_t expert[kMaxTopK];
};

// One step of an insertion sort: every slot at once decides whether to keep its
// entry, take its neighbour's or take the new one. Experts come in ascending
// order, and one that only equals an entry stays behind it.
inline void Insert(int32_t logit, int expert, Selection& selection) {
  bool larger[kMaxTopK];
  for (int slot = 0; slot < kMaxTopK; ++slot) {
#pragma HLS UNROLL
    larger[slot] = slot >= expert || logit > selection.logit[slot];
  }
  for (int slot = kMaxTopK - 1; slot >= 0; --slot) {
#pragma HLS UNROLL
    if (!larger[slot]) continue;
    const bool shift = slot > 0 && larger[slot - 1];
    selection.logit[slot] = shift ? selection.logit[slot - 1] : logit;
    selection.expert[slot] =
        shift ? selection.expert[slot - 1] : static_cast<uint16_t>(expert);
  }
}

// selections: one for every row. all_logits: every logit, where the softmax is
// over all experts.
inline void SelectExperts(const GateShape& shape, Stream<GateLogits>& logits,
                          Stream<Selection>& selections,
                          Stream<int32_t>& all_logits) {
  MOEVIT_COUNTER(gate_select);
  LoopCounter expert(shape.experts);
  GateLogits group = {};
  Selection selection = {};
  const int64_t steps = int64_t{shape.rows} * shape.experts;
  for (int64_t step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 3152 max = 3152
    MOEVIT_COUNT(gate_select, 1);
    const int lane = expert.value() % kGateExperts;
    if (lane == 0) group = logits.read();
    Insert(group[lane], expert.value(), selection);
    if (shape.softmax_before_top_k) all_logits.write(group[lane]);
    if (expert.last()) selections.write(selection);
    expert.Advance();
  }
}

struct Denominator {
  Selection selection;
  uint32_t value;
};

inline uint32_t NumeratorOf(const GateShape& shape, const Selection& selection,
                            int32_t logit) {
  return arith::GateNumerator(int64_t{selection.logit[0]} - logit,
                              shape.octave_multiplier, shape.octave_shift);
}

inline void SumNumerators(const GateShape& shape, Stream<Selection>& selections,
                          Stream<int32_t>& all_logits,
                          Stream<Denominator>& denominators) {
  MOEVIT_COUNTER(gate_sum);
  LoopCounter term(shape.terms());
  Denominator denominator = {};
  const int64_t steps = int64_t{shape.rows} * shape.terms();
  for (int64_t step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 394 max = 3152
    MOEVIT_COUNT(gate_sum, 1);
    if (term.first()) denominator.selection = selections.read();
    const int32_t logit = shape.softmax_before_top_k
                              ? all_logits.read()
                              : denominator.selection.logit[term.value()];
    denominator.value = (term.first() ? 0 : denominator.value) +
                        NumeratorOf(shape, denominator.selection, logit);
    if (term.last()) denominators.write(denominator);
    term.Advance();
  }
}

// routing: one word of RoutingEntry for every row.
inline void WriteRouting(const GateShape& shape,
                         Stream<Denominator>& denominators,
                         Stream<Word>& routing) {
  MOEVIT_COUNTER(gate_route);
  LoopCounter slot(shape.top_k);
  Denominator denominator = {};
  Word word = {};
  const int64_t steps = int64_t{shape.rows} * shape.top_k;
  for (int64_t step = 0; step < steps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS LOOP_TRIPCOUNT min = 394 max = 394
    MOEVIT_COUNT(gate_route, 1);
    if (slot.first()) denominator = denominators.read();
    const Selection& selection = denominator.selection;
    const uint16_t weight =
        GateWeight(NumeratorOf(shape, selection, selection.logit[slot.value()]),
                   denominator.value);
    SetInt16(word, 2 * slot.value(),
             static_cast<int16_t>(selection.expert[slot.value()]));
    SetInt16(word, 2 * slot.value() + 1, static_cast<int16_t>(weight));
    if (slot.last()) routing.write(word);
    slot.Advance();
  }
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_GATE_SELECT_H_
