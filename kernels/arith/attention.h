// The integer softmax inside attention.
//
// A score's distance from its row's maximum is quantized on a logarithmic
// scale into a level; the level indexes a table of 8-bit numerators (16 levels
// in half octaves: CoQMoE's log-sqrt2 quantizer; 256 levels: the 8-bit form).
// Products with v use the numerators as they are; one division per row gives
// the weighted mean of v, which is then rescaled per channel to the output's
// code.

#ifndef MOEVIT_KERNELS_ARITH_ATTENTION_H_
#define MOEVIT_KERNELS_ARITH_ATTENTION_H_

#include <cstdint>

#include "kernels/arith/bits.h"
#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace arith {

// So that sum(numerator * v) and the rounding added to it fit 32 bits.
constexpr int kMaxAttentionRows = 32768;
constexpr int kMaxHeadWidth = 1024;

// gap: maximum score of the row minus this score, >= 0. Result in [0, levels).
constexpr int AttentionLevel(int32_t gap, Rescale rescale, int levels) {
  return Clamp(
      (int32_t{Apply(rescale, gap)} + (1 << (kFineBits - 1))) >> kFineBits, 0,
      levels - 1);
}

// The mean of v codes, weighted by the numerators, has this many fraction bits.
constexpr int kMixtureBits = 7;

// Rescales sum(numerator * v) to the weighted mean of v:
// 2^kMixtureBits / denominator, normalized; within 2^-15 of it.
// REQUIRES: denominator in [1, 255 * kMaxAttentionRows].
constexpr Rescale MixtureRescale(int32_t denominator) {
  const uint64_t quotient =
      (uint64_t{1} << 52) / static_cast<uint64_t>(denominator);
  int drop = FloorLog2(quotient) - 14;
  uint64_t mantissa = (quotient + (uint64_t{1} << (drop - 1))) >> drop;
  if (mantissa >> 15 != 0) {
    mantissa >>= 1;
    ++drop;
  }
  Rescale result = {};
  result.multiplier = static_cast<int16_t>(mantissa);
  result.shift = static_cast<int8_t>(52 - kMixtureBits - 15 - drop);
  return result;
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_ATTENTION_H_
