// Divisions and square roots of kernels/arith as hardware computes them: one
// result digit per step, each a subtraction, no multiplier and no divider.
//
// Every function gives the bits of its namesake in kernels/arith (the tests
// compare them). Called from a loop with II=1, its steps unroll into a pipeline
// that starts one result per cycle.

#ifndef MOEVIT_KERNELS_HLS_DIGIT_RECURRENCE_H_
#define MOEVIT_KERNELS_HLS_DIGIT_RECURRENCE_H_

#include <cstdint>

#include "kernels/arith/attention.h"
#include "kernels/arith/bits.h"
#include "kernels/arith/fixed_point.h"
#include "kernels/arith/gate.h"
#include "kernels/arith/layer_norm.h"

namespace moevit {
namespace hls {

// floor(numerator / denominator), known to be below 2^kQuotientBits.
// REQUIRES: 0 < denominator < 2^31.
template <int kQuotientBits>
inline uint32_t Divide(uint64_t numerator, uint32_t denominator) {
  uint32_t remainder = static_cast<uint32_t>(numerator >> (kQuotientBits - 1));
  uint32_t quotient = 0;
  for (int bit = kQuotientBits - 1; bit >= 0; --bit) {
#pragma HLS UNROLL
    const bool one = remainder >= denominator;
    quotient = (quotient << 1) | (one ? 1 : 0);
    if (one) remainder -= denominator;
    if (bit > 0) {
      remainder = (remainder << 1) |
                  static_cast<uint32_t>((numerator >> (bit - 1)) & 1);
    }
  }
  return quotient;
}

// floor(sqrt(value)). REQUIRES: value < 2^62.
inline uint32_t SquareRoot(uint64_t value) {
  uint64_t remainder = 0;
  uint32_t root = 0;
  for (int bit = 30; bit >= 0; --bit) {
#pragma HLS UNROLL
    remainder = (remainder << 2) | ((value >> (2 * bit)) & 3);
    const uint64_t trial = (uint64_t{root} << 2) | 1;
    const bool one = remainder >= trial;
    if (one) remainder -= trial;
    root = (root << 1) | (one ? 1 : 0);
  }
  return root;
}

// arith::MixtureRescale. With n = floor(log2(denominator)) its mantissa is
// 2^(15+n) / denominator, rounded half up: 17 quotient bits instead of 53.
// Where the mantissa reaches 2^15, as for powers of two, it is halved.
inline arith::Rescale MixtureRescale(int32_t denominator) {
  const int log2 = arith::FloorLog2(static_cast<uint64_t>(denominator));
  const uint32_t twice = Divide<17>(uint64_t{1} << (16 + log2),
                                    static_cast<uint32_t>(denominator));
  const uint32_t mantissa = (twice + 1) >> 1;
  const bool halve = (mantissa >> 15) != 0;
  arith::Rescale result = {};
  result.multiplier = static_cast<int16_t>(halve ? mantissa >> 1 : mantissa);
  result.shift =
      static_cast<int8_t>(log2 - arith::kMixtureBits - (halve ? 1 : 0));
  return result;
}

// arith::StatisticsFromSums.
inline arith::RowStatistics StatisticsFromSums(int32_t sum,
                                               int64_t sum_of_squares,
                                               int width, uint64_t epsilon) {
  const int64_t sum64 = sum;
  const uint64_t variance =
      static_cast<uint64_t>(width * sum_of_squares - sum64 * sum64) + epsilon;
  const int half_shift = (61 - arith::FloorLog2(variance)) / 2;
  const uint32_t root = SquareRoot(variance << (2 * half_shift));
  const uint32_t reciprocal = Divide<16>((uint64_t{1} << 45) + root / 2, root);
  arith::RowStatistics row;
  row.sum = sum;
  row.shift = 21 - half_shift;
  row.reciprocal = arith::SaturateToInt16(static_cast<int32_t>(reciprocal));
  return row;
}

// One weight of arith::GateWeights. REQUIRES: numerator <= denominator.
inline uint16_t GateWeight(uint32_t numerator, uint32_t denominator) {
  return static_cast<uint16_t>(Divide<arith::kGateWeightBits + 1>(
      uint64_t{numerator} << arith::kGateWeightBits, denominator));
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_DIGIT_RECURRENCE_H_
