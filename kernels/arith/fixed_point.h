// The fixed-point arithmetic in which every op of an integer program is
// written: saturation, rounding shifts and the one rescaling primitive.
//
// Plain C++14 integer code without containers, floating point or branches on
// the target, so that the reference executor, the CPU executor and the card's
// kernels share it and give the same bits. All functions are pure.
//
// Conventions used throughout:
//   code   an 8-bit activation, int8; its real value is scale * (code - zero)
//   fine   a code with kFineBits more fraction bits, int16: the state between
//          an accumulator and a code
//   rounding is half up (towards +infinity): floor(x + 1/2)

#ifndef MOEVIT_KERNELS_ARITH_FIXED_POINT_H_
#define MOEVIT_KERNELS_ARITH_FIXED_POINT_H_

#include <cstdint>

namespace moevit {
namespace arith {

// Six bits, so that a fine value of 255 codes, the distance between the ends of
// an asymmetric range, is reached before Apply saturates for any multiplier.
constexpr int kFineBits = 6;
constexpr int kCodeMin = -128;
constexpr int kCodeMax = 127;
constexpr int kInt16Min = -32768;
constexpr int kInt16Max = 32767;

constexpr int32_t Clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : (value > high ? high : value);
}

constexpr int16_t SaturateToInt16(int32_t value) {
  return static_cast<int16_t>(Clamp(value, kInt16Min, kInt16Max));
}

constexpr int8_t SaturateToCode(int32_t value) {
  return static_cast<int8_t>(Clamp(value, kCodeMin, kCodeMax));
}

// value / 2^shift, rounded half up; a negative shift multiplies.
// REQUIRES: -31 < shift < 31 and that neither value + 2^(shift-1) nor
// value * 2^-shift leaves 32 bits (the program verifier proves it).
constexpr int32_t RoundingShift(int32_t value, int shift) {
  return shift > 0    ? (value + (int32_t{1} << (shift - 1))) >> shift
         : shift == 0 ? value
                      : value * (int32_t{1} << -shift);
}

// a * b / 2^15, rounded half up: one 16-bit multiplier, one instruction on x86.
// Cannot overflow unless both are -32768.
constexpr int16_t MultiplyHigh(int16_t a, int16_t b) {
  return static_cast<int16_t>((int32_t{a} * b + (1 << 14)) >> 15);
}

// Multiplication of an accumulator by a positive constant,
// multiplier * 2^-(15 + shift), in two 16-bit steps. With the multiplier
// normalized to [2^14, 2^15) the result is within one unit of the exact
// product, and saturates instead of wrapping.
struct Rescale {
  int16_t multiplier;  // [2^14, 2^15), or 0 for a result that is always 0
  int8_t shift;        // [-15, 30]
};

constexpr int16_t Apply(Rescale rescale, int32_t accumulator) {
  return MultiplyHigh(
      SaturateToInt16(RoundingShift(accumulator, rescale.shift)),
      rescale.multiplier);
}

// Rounds a fine value to a code around `zero`.
constexpr int8_t FineToCode(int16_t fine, int zero) {
  return SaturateToCode(
      ((int32_t{fine} + (1 << (kFineBits - 1))) >> kFineBits) + zero);
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_FIXED_POINT_H_
