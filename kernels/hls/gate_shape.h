// What one launch of the gate computes, and what its memories hold.

#ifndef MOEVIT_KERNELS_HLS_GATE_SHAPE_H_
#define MOEVIT_KERNELS_HLS_GATE_SHAPE_H_

#include <cstdint>

#include "kernels/arith/gate.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/vector_stream.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

// Experts that a cycle multiplies a word of codes with: one, as products with
// 16-bit weights take a DSP each and a gate is a small part of a model.
constexpr int kGateExperts = 1;
constexpr int kMaxGateLines = 4096;  // of weights, for kGateExperts each
// The logits of a row wait until its largest is known.
constexpr int kMaxGateLogits = arith::kMaxExperts;
constexpr int kGateBiasesPerWord = kWordInt32;

struct GateShape {
  int rows;  // of all images
  int width;
  int experts;
  int top_k;
  bool softmax_before_top_k;
  int32_t octave_multiplier;
  int octave_shift;

  constexpr int words() const { return CodeWords(width); }
  // Groups of kGateExperts.
  constexpr int groups() const { return CeilDivide(experts, kGateExperts); }
  // Steps per word of a row: not fewer than a sum takes to arrive.
  constexpr int word_steps() const {
    return groups() > kSumDistance ? groups() : kSumDistance;
  }
  constexpr int bias_words() const {
    return CeilDivide(experts, kGateBiasesPerWord);
  }
  constexpr int weight_words() const { return 2 * experts * words(); }
  // Numerators that make a row's denominator.
  constexpr int terms() const { return softmax_before_top_k ? experts : top_k; }
};

inline GateShape ReadGateShape(const Word& header, int images) {
  GateShape shape = {};
  shape.rows = Int32At(header, 1) * images;
  shape.width = Int32At(header, 2);
  shape.experts = Int32At(header, 3);
  shape.top_k = Int32At(header, 4);
  shape.softmax_before_top_k = Int32At(header, 5) != 0;
  shape.octave_multiplier = Int32At(header, 6);
  shape.octave_shift = Int32At(header, 7);
  return shape;
}

// Whether the kernel's memories hold the shape.
constexpr bool GateFits(const GateShape& shape) {
  return shape.rows > 0 && shape.width > 0 && shape.experts > 0 &&
         shape.experts <= arith::kMaxExperts && shape.top_k > 0 &&
         shape.top_k <= kMaxTopK && shape.top_k <= shape.experts &&
         shape.groups() * shape.words() <= kMaxGateLines;
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_GATE_SHAPE_H_
