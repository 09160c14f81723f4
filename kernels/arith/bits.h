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

// floor(sqrt(value)) by Heron's method: a root that is wrong by a part e is
// wrong by about e * e / 2 after a step. From 1.5 times the power of two below
// it, four steps leave less than 2^-36, so at most one too much.
constexpr uint32_t IntegerSqrt(uint64_t value) {
  if (value == 0) return 0;
  uint64_t root = (uint64_t{3} << (FloorLog2(value) / 2)) / 2;
  for (int step = 0; step < 4; ++step) root = (root + value / root) / 2;
  return static_cast<uint32_t>(value / root < root ? root - 1 : root);
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_BITS_H_
