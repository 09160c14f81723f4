// Integer layer normalization of one int16 row.
//
// With D the width and n = D x - sum(x), the normalized value is n / sqrt(V),
// V = D sum(x^2) - sum(x)^2 + epsilon: no division by D is needed. The root is
// taken once per row, exactly; each element then costs two 16-bit products.

#ifndef MOEVIT_KERNELS_ARITH_LAYER_NORM_H_
#define MOEVIT_KERNELS_ARITH_LAYER_NORM_H_

#include <cstdint>

#include "kernels/arith/bits.h"
#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace arith {

// A normalized element has this many fraction bits: int16 then holds +-64
// standard deviations, more than the sqrt(D) that a row of 4,096 can reach.
constexpr int kNormalizedBits = 9;
constexpr int kMaxLayerNormWidth = 8192;

struct RowStatistics {
  int32_t sum = 0;
  // From n to an int16 whose standard deviation is in [2^9, 2^10).
  int shift = 0;
  int16_t reciprocal = 0;  // 2^24 over that standard deviation
};

// REQUIRES: 1 <= epsilon <= 2^56. V < 2^57 for every admitted width.
constexpr RowStatistics StatisticsFromSums(int32_t sum, int64_t sum_of_squares,
                                           int width, uint64_t epsilon) {
  const int64_t sum64 = sum;
  const uint64_t variance =
      static_cast<uint64_t>(width * sum_of_squares - sum64 * sum64) + epsilon;
  // root in [2^30, 2^31) so that sqrt(variance) = root * 2^-half_shift.
  const int half_shift = (61 - FloorLog2(variance)) / 2;
  const uint32_t root = IntegerSqrt(variance << (2 * half_shift));
  const uint64_t reciprocal = ((uint64_t{1} << 45) + root / 2) / root;
  RowStatistics row;
  row.sum = sum;
  row.shift = 21 - half_shift;
  row.reciprocal = SaturateToInt16(static_cast<int32_t>(reciprocal));
  return row;
}

// row: [width].
inline RowStatistics ComputeRowStatistics(const int16_t* row, int width,
                                          uint64_t epsilon) {
  int32_t sum = 0;
  int64_t sum_of_squares = 0;
  for (int i = 0; i < width; ++i) {
    sum += row[i];
    sum_of_squares += int32_t{row[i]} * row[i];
  }
  return StatisticsFromSums(sum, sum_of_squares, width, epsilon);
}

// (value - mean) / standard deviation, kNormalizedBits fraction bits.
constexpr int16_t Normalize(const RowStatistics& row, int16_t value,
                            int width) {
  const int32_t centred = value * width - row.sum;
  return MultiplyHigh(SaturateToInt16(RoundingShift(centred, row.shift)),
                      row.reciprocal);
}

// The code of a normalized value after the channel's affine step.
constexpr int8_t NormalizedToCode(int16_t normalized, int16_t gamma,
                                  int32_t beta, int shift) {
  return SaturateToCode(
      RoundingShift(int32_t{normalized} * gamma + beta, shift));
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_LAYER_NORM_H_
