#include "quantize/fixed_point_constants.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/arith/activation.h"

namespace moevit {
namespace {

constexpr int kMaxFine = arith::kInt16Max;

double ActivationOf(ActivationKind kind, double x) {
  if (kind == ActivationKind::kGeluTanh) {
    const double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + std::tanh(inner));
  }
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

// relu(x) - activation(x), in fine units, for a fine value of -magnitude: for
// large arguments relu and activation cancel less badly on that side.
double FineDelta(ActivationKind kind, double magnitude, double scale) {
  const double unit = scale / (1 << arith::kFineBits);
  return -ActivationOf(kind, -magnitude * unit) / unit;
}

// The table for one index resolution, and its largest error in fine units.
struct Candidate {
  Activation activation;
  double error = 0;
};

Candidate MakeCandidate(ActivationKind kind, double scale, int index_shift) {
  Candidate candidate;
  Activation& activation = candidate.activation;
  activation.present = true;
  activation.index_shift = index_shift;
  const int width = 1 << index_shift;
  std::vector<double> ideal(arith::kActivationEntries);
  for (int i = 0; i < arith::kActivationEntries; ++i) {
    ideal[i] = FineDelta(kind, (i + 0.5) * width, scale);
  }
  const double largest = *std::max_element(ideal.begin(), ideal.end());
  while (largest >= 255.5 * (1 << activation.delta_shift) &&
         activation.delta_shift < 7) {
    ++activation.delta_shift;
  }
  for (double delta : ideal) {
    activation.delta.push_back(
        RoundTo<uint8_t>(std::ldexp(delta, -activation.delta_shift)));
  }
  for (int magnitude = 0; magnitude <= kMaxFine;
       magnitude += std::max(1, width / 4)) {
    const int index =
        std::min(magnitude >> index_shift, arith::kActivationEntries - 1);
    const int delta = activation.delta[index] << activation.delta_shift;
    candidate.error = std::max(
        candidate.error, std::abs(delta - FineDelta(kind, magnitude, scale)));
  }
  return candidate;
}

}  // namespace

template <typename T>
T RoundTo(double value) {
  return static_cast<T>(std::clamp(
      std::round(value), static_cast<double>(std::numeric_limits<T>::min()),
      static_cast<double>(std::numeric_limits<T>::max())));
}
template int8_t RoundTo<int8_t>(double);
template uint8_t RoundTo<uint8_t>(double);
template int16_t RoundTo<int16_t>(double);
template int32_t RoundTo<int32_t>(double);

arith::Rescale MakeRescale(double factor, int64_t largest) {
  constexpr int kMaxShift = 30;
  int min_shift = 0;
  while (min_shift > -15 &&
         largest << (1 - min_shift) <= std::numeric_limits<int32_t>::max()) {
    --min_shift;
  }
  int exponent = 0;
  const double mantissa = std::frexp(factor, &exponent);  // [1/2, 1)
  int multiplier = static_cast<int>(std::lround(std::ldexp(mantissa, 15)));
  if (multiplier == 1 << 15) {
    multiplier /= 2;
    ++exponent;
  }
  if (multiplier == 0 || -exponent > kMaxShift) return {0, 0};
  if (-exponent < min_shift) {
    return {arith::kInt16Max, static_cast<int8_t>(min_shift)};
  }
  return {static_cast<int16_t>(multiplier), static_cast<int8_t>(-exponent)};
}

WideRescale MakeWideRescale(double factor) {
  factor = std::clamp(factor, std::ldexp(1.0, -31), std::ldexp(1.0, 29));
  int exponent = 0;
  const double mantissa = std::frexp(factor, &exponent);
  const int32_t multiplier = RoundTo<int32_t>(std::ldexp(mantissa, 31));
  return {multiplier, 31 - exponent};
}

Activation MakeActivation(ActivationKind kind, double scale) {
  Candidate best = MakeCandidate(kind, scale, 0);
  for (int index_shift = 1; index_shift <= 7; ++index_shift) {
    Candidate candidate = MakeCandidate(kind, scale, index_shift);
    if (candidate.error < best.error) best = candidate;
  }
  return best.activation;
}

}  // namespace moevit
