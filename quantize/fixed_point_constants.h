// From real numbers to the constants of an integer program.
//
// Pure functions. Floating point ends here: what they return is integer.

#ifndef MOEVIT_QUANTIZE_FIXED_POINT_CONSTANTS_H_
#define MOEVIT_QUANTIZE_FIXED_POINT_CONSTANTS_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"
#include "model/config.h"
#include "program/program.h"

namespace moevit {

// The constants by which arith::Apply multiplies accumulators of up to
// `largest` in magnitude by `factor`, to within 2^-15 of it. Factors outside of
// what a Rescale can express become the nearest that it can: 0 below 2^-31. So
// do factors by which `largest` would leave 32 bits before it saturates; such a
// factor multiplies noise, as the product leaves 16 bits long before.
// REQUIRES: factor >= 0 and finite, 0 <= largest <= 2^30.
arith::Rescale MakeRescale(double factor, int64_t largest);

// multiplier * 2^-shift, multiplier in [2^30, 2^31): within 2^-31 of a factor
// in [2^-31, 2^29]; clamped beyond.
struct WideRescale {
  int32_t multiplier = 0;
  int shift = 0;
};
WideRescale MakeWideRescale(double factor);

// The table for an activation whose output codes have the real value `scale`.
// Its index resolution and range are those with the smallest largest error.
Activation MakeActivation(ActivationKind kind, double scale);

// round(value) clamped to T, halves away from zero.
template <typename T>
T RoundTo(double value);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_FIXED_POINT_CONSTANTS_H_
