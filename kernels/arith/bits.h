// Integer logarithm and square root, exact.

#ifndef MOEVIT_KERNELS_ARITH_BITS_H_
#define MOEVIT_KERNELS_ARITH_BITS_H_

#include <cstdint>

namespace moevit {
namespace arith {

// floor(log2(value)). REQUIRES: value > 0.
constexpr int FloorLog2(uint64_t value) {
  int result = 0;
  for (int step = 32; step > 0; step /= 2) {
    if (value >> step != 0) {
      value >>= step;
      result += step;
    }
  }
  return result;
}

// floor(sqrt(value)), one result bit per iteration.
constexpr uint32_t IntegerSqrt(uint64_t value) {
  uint64_t root = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const uint64_t candidate = root | (uint64_t{1} << bit);
    if (candidate * candidate <= value) root = candidate;
  }
  return static_cast<uint32_t>(root);
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_BITS_H_
