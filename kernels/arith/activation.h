// GELU and its relatives without an intermediate 8-bit rounding.
//
// Any x S(x) with S(x) + S(-x) = 1 equals relu(x) - delta(|x|) with
// delta(x) = x S(-x): small, and vanishing for large x. The idea of splitting
// GELU so is Edge-MoE's (arXiv 2305.18691); here x is a fine value in units of
// the output code and delta is a table of 256 bytes.

#ifndef MOEVIT_KERNELS_ARITH_ACTIVATION_H_
#define MOEVIT_KERNELS_ARITH_ACTIVATION_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace arith {

constexpr int kActivationEntries = 256;

// delta: [256], in units of 2^delta_shift fine units, by |x| >> index_shift.
// REQUIRES: 0 <= index_shift <= 7 and 0 <= delta_shift <= 7.
inline int16_t Activate(int16_t fine, const uint8_t* delta, int index_shift,
                        int delta_shift) {
  const int32_t positive = fine > 0 ? fine : 0;
  const int32_t magnitude = fine < 0 ? -int32_t{fine} : fine;
  const int32_t index =
      Clamp(magnitude >> index_shift, 0, kActivationEntries - 1);
  return static_cast<int16_t>(positive -
                              (int32_t{delta[index]} << delta_shift));
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_ACTIVATION_H_
