// Layer normalization of int16 rows, arith/layer_norm.h in vectors.

#ifndef MOEVIT_KERNELS_CPU_SIMD_LAYER_NORM_H_
#define MOEVIT_KERNELS_CPU_SIMD_LAYER_NORM_H_

#include <cstdint>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/row_constants.h"
#include "kernels/cpu/simd/tile.h"

namespace moevit::cpu {

// The padding of a row is zero, so the sums may run over it.
template <typename S>
inline NormRow SumRow(const int16_t* row, int64_t stride) {
  using Vector = typename S::Vector;
  const Vector ones = S::Fill16(1);
  Vector sum = S::Zero();
  Vector squares = S::Zero();
  for (int64_t c = 0; c < stride; c += 2 * S::kLanes) {
    const Vector x = S::Load(row + c);
    sum = S::Add32(sum, S::MultiplyAdd16(x, ones));
    // Two squares can reach 2^31: unsigned.
    squares = S::AddWide(squares, S::MultiplyAdd16(x, x));
  }
  NormRow result;
  result.sum = S::ReduceAdd32(sum);
  result.sum_of_squares = S::ReduceAdd64(squares);
  return result;
}

template <typename S>
class NormalizedRow {
 public:
  using Vector = typename S::Vector;

  NormalizedRow(const LayerNormCall& call, const NormRow& row)
      : gamma_(call.gamma),
        beta_(call.beta),
        width_(S::Fill32(call.width)),
        sum_(S::Fill32(row.sum)),
        shift_(S::Fill32(call.shift)),
        rescale_(row.rescale) {}

  // Codes before saturation, 16 bits, in packed order, of the elements of two
  // vectors of 32-bit lanes from channel `c` on.
  Vector Pair(const int16_t* x, int64_t c) const {
    const Vector normalized =
        rescale_.Apply(Centred(x + c), Centred(x + c + S::kLanes));
    return S::Pack16(Affine(S::ExtendLow16(normalized), c),
                     Affine(S::ExtendHigh16(normalized), c + S::kLanes));
  }

 private:
  // The upper half of each lane of x is its sign; that of width_ is zero.
  Vector Centred(const int16_t* x) const {
    return S::Sub32(S::MultiplyAdd16(S::Load16As32(x), width_), sum_);
  }
  Vector Affine(Vector normalized, int64_t c) const {
    const Vector product = S::Multiply32(normalized, S::Load(gamma_ + c));
    return S::ShiftRight32(S::Add32(product, S::Load(beta_ + c)), shift_);
  }

  const int32_t* const gamma_;
  const int32_t* const beta_;
  const Vector width_;
  const Vector sum_;
  const Vector shift_;
  const UniformRescale<S> rescale_;
};

template <typename S>
void LayerNorm(const LayerNormCall& call) {
  using Vector = typename S::Vector;
  // Rows whose scalar steps run side by side.
  constexpr int kGroup = 8;
  const Vector offset = S::Fill16(kCodeOffset);
  for (int first = 0; first < call.rows; first += kGroup) {
    const int count = call.rows - first < kGroup ? call.rows - first : kGroup;
    NormRow rows[kGroup];
    for (int i = 0; i < count; ++i) {
      rows[i] = SumRow<S>(call.input + (first + i) * call.stride, call.stride);
    }
    FinishNormRows(rows, count, call.width, call.epsilon);
    for (int i = 0; i < count; ++i) {
      const NormalizedRow<S> normalized(call, rows[i]);
      const int16_t* const x = call.input + (first + i) * call.stride;
      uint8_t* const y = call.output + (first + i) * call.stride;
      for (int64_t c = 0; c < call.stride; c += 4 * S::kLanes) {
        const Vector a = normalized.Pair(x, c);
        const Vector b = normalized.Pair(x, c + 2 * S::kLanes);
        S::Store(y + c,
                 S::InOrder8(S::PackBytes(S::AddSaturating16(a, offset),
                                          S::AddSaturating16(b, offset))));
      }
    }
  }
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_LAYER_NORM_H_
